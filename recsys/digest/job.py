"""Digests for everyone who is due, chunk by chunk, whole or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sized
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from recsys.core.arrays import NO_ROW
from recsys.core.clock import DAY, Moment, to_iso, to_utc
from recsys.core.errors import DataError, RecsysError, RecsysWarning
from recsys.core.progress import Progress, silent
from recsys.core.storage import locked
from recsys.data import DigestHistory, IdMap, check_same_sort
from recsys.digest.composer import Composer
from recsys.digest.config import DigestConfig
from recsys.digest.history import check_history, new_rows, remember
from recsys.digest.html import new_pages
from recsys.digest.journal import Journal
from recsys.digest.letter import Digest
from recsys.digest.received import Received
from recsys.digest.recommends import Recommends
from recsys.digest.tally import DigestCounts, DigestReport
from recsys.digest.writers import check_out, new_digests

PathLike: TypeAlias = "str | Path"


def run(  # noqa: PLR0913  (where things come from and go to; settings are in config)
    model: Recommends,
    *,
    out: PathLike | None = None,
    history: PathLike | None = None,
    as_of: Moment | None = None,
    config: DigestConfig | None = None,
    html: PathLike | None = None,
    resume: bool = False,
    users: Iterable[Any] | None = None,
    progress: Progress = silent,
) -> DigestReport:
    """Compose a digest for everyone who is due, and write all of them or nothing.

    Finished chunks are kept in ``<out>.part`` until the end, so that an interrupted run can be
    continued. At the end ``out`` and ``html`` appear whole, and only then the history grows: its
    new rows are "composed" until :func:`confirm` marks them sent.

    Parameters
    ----------
    model : Recommender
        Or anything else that is a :class:`Recommends`.
    out : path, optional
        ``.jsonl``, ``.jsonl.gz``, ``.json`` or ``.parquet``; replaced if it exists. None: no file.
    history : path, optional
        Who got what before; read, then appended to. It need not exist yet. None: nothing is
        known of earlier digests, and nothing remembered.
    as_of : time, optional
        The moment of the run. None: the moment the model speaks for; of a continued run, its own.
    config : DigestConfig, optional
        None: the defaults.
    html : path, optional
        A folder for one page per person and ``index.html``. None: no pages.
    resume : bool
        Continue an interrupted run of the same model, config and people, if there is one.
    users : iterable of ids, optional
        Whom to look at; read once, a chunk at a time; repeats are skipped. None: everyone the
        model knows.
    progress : callable
        Told ("digest", people done, people in all).

    Returns
    -------
    DigestReport
        Without ``out`` and ``html`` it is a rehearsal: counts only, nothing is written.

    Raises
    ------
    ConfigError
        If the ending of ``out`` names no format.
    DataError
        If there is no time to speak for, ``html`` holds other files, the history cannot be read,
        or an interrupted run cannot be continued as asked.

    Notes
    -----
    Memory is that of one chunk, whatever the number of people (beside the model and the history).
    """
    config = DigestConfig() if config is None else config
    places = _Places.of(out, html, history)
    with places.locked(), _full_disk():
        return _run(model, config, places, as_of, resume=resume, users=users, progress=progress)


def _run(
    model: Recommends,
    config: DigestConfig,
    places: _Places,
    as_of: Moment | None,
    *,
    resume: bool,
    users: Iterable[Any] | None,
    progress: Progress,
) -> DigestReport:
    moment = _moment(as_of, model, places, resume=resume)
    composer = Composer(model, config, moment, _received(places.history, model, config))
    _warn_of_moment(moment, model, composer.received)
    journal = _journal(places, composer, resume=resume)
    with _kept_on_failure(journal):
        counts, n_resumed = _compose_all(composer, journal, users, progress)
        n_pages = 0 if journal is None else _finish(journal, composer, places, counts)
    return DigestReport(
        issue=composer.issue,
        as_of=to_iso(moment),
        counts=counts,
        out=places.out,
        html=places.html,
        history=None if journal is None else places.history,
        n_pages=n_pages,
        n_resumed_chunks=n_resumed,
    )


def digests(
    model: Recommends,
    users: Iterable[Any] | None = None,
    *,
    history: PathLike | None = None,
    as_of: Moment | None = None,
    config: DigestConfig | None = None,
) -> Iterator[Digest]:
    """Yield the digests of those who are due, one by one, writing nothing.

    For previews, and for apps that hand digests to a queue and keep their own record.

    Parameters
    ----------
    model, users, history, as_of, config
        As in :func:`run`; the history is only read.
    """
    config = DigestConfig() if config is None else config
    path = None if history is None else Path(history)
    moment = _moment(as_of, model, _Places(None, None, path), resume=False)
    composer = Composer(model, config, moment, _received(path, model, config))
    for ids in _chunks(model.dataset.users, users, config.chunk_size):
        yield from composer.compose(ids)[0]


@dataclass(frozen=True, slots=True)
class _Places:
    out: Path | None
    html: Path | None
    history: Path | None

    @classmethod
    def of(cls, *paths: PathLike | None) -> _Places:
        places = cls(*(None if path is None else Path(path) for path in paths))
        if places.out is not None:
            check_out(places.out)
        if places.history is not None:
            check_history(places.history)
        return places

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let no other run write, or read the history, meanwhile."""
        written = () if self.target is None else (self.target, self.history)  # dry runs only read
        with ExitStack() as stack:
            for path in sorted({one.resolve() for one in written if one is not None}):
                stack.enter_context(locked(path))
            yield

    @property
    def target(self) -> Path | None:
        """The output file of the journal; None for a dry run."""
        return self.out if self.out is not None else self.html


def _moment(
    as_of: Moment | None, model: Recommends, places: _Places, *, resume: bool
) -> np.datetime64:
    if as_of is not None:
        return to_utc(as_of, name="as_of")
    begun = Journal.header(places.target) if resume and places.target is not None else None
    if begun is not None:
        return to_utc(begun["as_of"], name="as_of")
    if np.isnat(model.now):
        raise DataError(
            "as_of must be given when the model's events have no times; got None. "
            "Pass the moment of the run, such as '2026-03-01T08:00:00Z'."
        )
    return model.now


def _journal(places: _Places, composer: Composer, *, resume: bool) -> Journal | None:
    if places.target is None:
        return None
    header: dict[str, Any] = {
        "as_of": str(composer.as_of),
        "model": composer.model.version,
        "config": composer.config.to_dict(),
        "history": None if places.history is None else str(places.history),
    }
    return Journal.open(places.target, header, resume=resume)


def _warn_of_moment(moment: np.datetime64, model: Recommends, received: Received) -> None:
    """Say where the moment, or what was sent, lies in a future that is most likely a mistake."""
    last = model.now
    if moment - last > 365 * DAY:
        warnings.warn(
            f"as_of ({to_iso(moment)}) lies {int((moment - last) / DAY):,} days after the last "
            f"event ({to_iso(last)}). Who gets a digest now is not due before it.",
            RecsysWarning,
            stacklevel=3,
        )
    ahead = int((received.last_at > moment).sum())
    if ahead:
        warnings.warn(
            f"the history has digests after as_of ({to_iso(moment)}) for {ahead} people, who are "
            "not due before. If its times are wrong, correct or remove these rows.",
            RecsysWarning,
            stacklevel=3,
        )


def _received(path: Path | None, model: Recommends, config: DigestConfig) -> Received:
    history = DigestHistory.empty() if path is None else DigestHistory.read(path)
    both = ((model.dataset.users, history.users), (model.dataset.items, history.items))
    for (known, past), name in zip(both, ("user_id", "item_id"), strict=True):
        if (known.kind, past.kind) != ("uuid", "text"):  # a file holds UUIDs as text
            check_same_sort(known, past, f"{name} of the history and the model")
    return Received.of(history, model.dataset.items, unconfirmed=config.unconfirmed)


def _chunks(known: IdMap, users: Iterable[Any] | None, size: int) -> Iterator[list[Any]]:
    """Yield lists of different ids; memory is a bit for each known person."""
    if users is None:
        for start in range(0, len(known), size):
            yield known.ids(
                np.arange(start, min(start + size, len(known)), dtype=np.int32)
            ).tolist()
        return
    done = np.zeros(len(known) + 1, dtype=bool)
    strangers: set[Any] = set()
    source = iter(users)
    while part := list(islice(source, size)):
        part = list(dict.fromkeys(part))
        rows = known.rows(part)
        fresh = [
            one
            for one, row in zip(part, rows.tolist(), strict=True)
            if not done[row] and one not in strangers
        ]
        done[rows[rows != NO_ROW]] = True
        strangers.update(one for one, row in zip(part, rows.tolist(), strict=True) if row == NO_ROW)
        if fresh:
            yield fresh


def _compose_all(
    composer: Composer, journal: Journal | None, users: Iterable[Any] | None, progress: Progress
) -> tuple[DigestCounts, int]:
    known = composer.model.dataset.users
    everyone = known if users is None else users
    total = len(everyone) if isinstance(everyone, Sized) else 0
    counts, n_resumed = DigestCounts(), 0
    progress("digest", 0, total)
    for number, ids in enumerate(_chunks(known, users, composer.config.chunk_size)):
        part = None if journal is None else journal.counts(number, ids)
        if part is None:
            composed, part = composer.compose(ids)
            if journal is not None:
                journal.add(number, ids, digests=composed, counts=part)
        else:
            n_resumed += 1
        counts.add(part)
        progress("digest", counts.n_people, max(total, counts.n_people))
    return counts, n_resumed


def _finish(journal: Journal, composer: Composer, places: _Places, counts: DigestCounts) -> int:
    """Write what was asked for out of the journal: all of it appears, or nothing does.

    The history grows last. Should that fail, the journal stays: ``resume`` adds what is lacking.
    """
    if not counts.n_digests and places.target is not None and places.target.exists():
        journal.remove()
        warnings.warn(
            f"nobody is due; {places.target} is left as it was.", RecsysWarning, stacklevel=4
        )
        return 0
    n_pages = min(counts.n_digests, composer.config.html_limit) if places.html is not None else 0
    with ExitStack() as after:
        rows = None
        with ExitStack() as stack:
            if places.html is not None:
                letters, n_digests = journal.digests(), counts.n_digests
                pages = new_pages(places.html, letters, facts=composer.facts, n_digests=n_digests)
                stack.enter_context(pages)
            if places.out is not None:
                dataset = composer.model.dataset
                stack.enter_context(
                    new_digests(
                        places.out,
                        journal.parts(),
                        int_user_ids=dataset.users.kind == "int",
                        int_item_ids=dataset.items.kind == "int",
                    )
                )
            if places.history is not None:  # within: should it fail, no page and no file appears
                received, items = composer.received, composer.model.dataset.items
                rows = after.enter_context(
                    new_rows(places.history, journal.records(), received=received, items=items)
                )
        if rows is not None and places.history is not None:
            remember(places.history, rows)
    journal.remove()
    return n_pages


@contextmanager
def _full_disk() -> Iterator[None]:
    """Turn errors of the file system into those of the library."""
    try:
        yield
    except OSError as err:
        if isinstance(err, RecsysError):
            raise
        notes = " ".join(getattr(err, "__notes__", ()))
        raise DataError(f"the digest cannot be written: {err}. {notes}".strip()) from err


@contextmanager
def _kept_on_failure(journal: Journal | None) -> Iterator[None]:
    """Keep finished chunks when the run fails, and tell so; leave nothing when there are none."""
    try:
        yield
    except BaseException as err:
        if journal is not None and journal.parts():
            err.add_note(f"Finished chunks are kept in {journal.folder}: resume=True continues.")
        elif journal is not None:
            journal.remove()
        raise
