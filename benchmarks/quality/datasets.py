"""The data sets of the comparison: where they lie, how they are cut, and what is measured on them.

A :class:`Task` is one data set with or without its tags. Nothing here is chosen by looking at a
test file: splits are the published ones, or the last days of the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recsys.core.rng import named_rng
from recsys.data import Catalog, EventLog, People, random_per_user
from recsys.datasets import load_community, load_movies, read_split

VALID_SHARE = 0.2
"""Of each person's training events: held out for a peer's search where nothing better exists."""

SMOKE_USERS = 150


@dataclass(frozen=True, slots=True)
class Task:
    """One data set of the comparison, with or without tags.

    Attributes
    ----------
    name : str
        As in the results; ends in "+tags" where the same split is also measured without.
    folder : str
        Below the data folder; empty for the sets that come with the package.
    metrics : tuple of str
        Shown, the first decides.
    use_tags : bool
        Whether the catalog (items and tags) is given to the models.
    days : int
        Length of the test, for the sets that are cut by time; 0 means a published split.
    searchable : bool
        Whether a validation part can be cut from train.
    twin : str
        The task on the same split without tags; its models that know no tags count here too.
    cold : bool
        Whether no item of the test has a training event.
    search_s : float
        Seconds of the processor that the search of each peer gets; the candidate begun is finished.
    """

    name: str
    folder: str
    metrics: tuple[str, ...]
    use_tags: bool = False
    days: int = 0
    searchable: bool = True
    twin: str = ""
    cold: bool = False
    search_s: float = 30.0

    @property
    def ks(self) -> tuple[int, ...]:
        """List lengths measured."""
        return tuple(sorted({int(name.partition("@")[2]) for name in self.metrics}))

    def for_tagless(self, model: str) -> bool:
        """Say whether a model that knows no tags is measured here.

        Not where its twin has the same numbers, and of those that can only miss, one is enough.
        """
        return not self.twin and (not self.cold or model == "popularity")


AT_20 = ("recall@20", "ndcg@20")
CITEULIKE = ("recall@50", "recall@300")

TASKS = {
    task.name: task
    for task in (
        Task("gowalla", "gowalla", AT_20, search_s=90.0),
        Task(
            "ml-1m-temporal",
            "ml-1m-temporal",
            ("recall@20", "ndcg@20", "recall@10", "ndcg@10"),
        ),
        Task("ml-100k", "ml-100k", ("ndcg@10", "map@10", "precision@10", "recall@10"), True),
        Task("citeulike-p10", "citeulike-a/p10", CITEULIKE),
        Task("citeulike-p10+tags", "citeulike-a/p10", CITEULIKE, True, twin="citeulike-p10"),
        Task("citeulike-p1+tags", "citeulike-a/p1", CITEULIKE, True, searchable=False),
        Task("citeulike-cold+tags", "citeulike-a/cold-items", CITEULIKE, True, cold=True),
        Task("lastfm", "lastfm", AT_20),
        Task("lastfm+tags", "lastfm", AT_20, True, twin="lastfm"),
        Task("movies", "", AT_20, True, days=14),
        Task("community", "", AT_20, True, days=28),
    )
}


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What a model may learn from, and what it is measured on.

    Attributes
    ----------
    train, test : EventLog
    mask : EventLog or None
        Pairs neither fitted nor recommended.
    catalog : Catalog or None
    people : People or None
    """

    train: EventLog
    test: EventLog
    mask: EventLog | None = None
    catalog: Catalog | None = None
    people: People | None = None


def load(task: Task, folder: Path | None, *, smoke: bool = False) -> Split:
    """Return the split of a task; with ``smoke`` the events of a few people only."""
    if task.days:
        split = _embedded(task)
    else:
        assert folder is not None
        public = read_split(folder / task.folder)
        split = Split(public.train, public.test, public.valid, public.catalog)
    if not task.use_tags:
        split = replace(split, catalog=None, people=None)
    return _smaller(split) if smoke else split


def validation(task: Task, split: Split) -> Split | None:
    """Return what a peer's search is judged on, cut from train; None where nothing can be cut."""
    if not task.searchable:
        return None
    if task.days:
        before, after = cut(split.train, task.days)
        return replace(split, train=before, test=after)
    if split.mask is not None:  # published beside train and test, to choose on
        return replace(split, test=split.mask, mask=None)
    rng = named_rng(0, "quality", task.folder)
    before, after = random_per_user(split.train, VALID_SHARE, rng=rng)
    return replace(split, train=before, test=after)


def cut(events: EventLog, days: int) -> tuple[EventLog, EventLog]:
    """Return train and test: the last ``days`` days of people already known, new pairs only."""
    when = events.last_time - np.timedelta64(days, "D")
    train = events.select(events.occurred_at <= when)
    later = events.select(events.occurred_at > when)
    known = np.isin(later.user_rows, np.unique(train.user_rows))
    pair = later.user_rows.astype(np.int64) * later.n_items + later.item_rows
    old = train.user_rows.astype(np.int64) * train.n_items + train.item_rows
    authored = later.kinds.has_role("authoring")[later.kind_codes]
    return train, later.select(known & ~np.isin(pair, old) & ~authored)


def checksums(task: Task, folder: Path | None) -> dict[str, str]:
    """Return the first 16 digits of the SHA-256 of each file of a task."""
    return {path.name: _digest(path) for path in files(task, folder)}


def files(task: Task, folder: Path | None) -> Sequence[Path]:
    """Return the files of a task, tags of a folder above included."""
    if task.days:
        from recsys.datasets import packaged

        here = Path(packaged.__file__).parent / "files" / task.name
        return sorted(here.glob("*.csv.gz"))
    assert folder is not None
    here = folder / task.folder
    above = [here.parent / "item_tags.csv.gz"] if here.parent != folder else []
    return sorted([*here.glob("*.csv.gz"), *[one for one in above if one.is_file()]])


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _embedded(task: Task) -> Split:
    if task.name == "movies":
        events, catalog = load_movies()
        people = None
    else:
        events, catalog, people = load_community()
    train, test = cut(events, task.days)
    return Split(train, test, None, catalog, people)


def _smaller(split: Split) -> Split:
    """Keep the people with the lowest rows that have both train and test events."""
    both = np.intersect1d(split.train.users.ids(), split.test.users.ids()[split.test.user_rows])
    some = both[:SMOKE_USERS]
    mask = None if split.mask is None else _of(split.mask, some)
    return replace(split, train=_of(split.train, some), test=_of(split.test, some), mask=mask)


def _of(events: EventLog, user_ids: np.ndarray) -> EventLog:
    return events.select(np.isin(events.users.ids()[events.user_rows], user_ids))
