"""The digests as pages: one for each person, and an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recsys.core.arrays import NO_ROW
from recsys.core.contribution import Source
from recsys.core.storage import atomic_folder
from recsys.digest.config import DigestConfig
from recsys.digest.facts import ItemFacts, date_text
from recsys.digest.letter import Digest, Entry
from recsys.pages import excerpt, page_name, render, score_bars

MARKER = ".recsys-digest"
"""Marks a folder as ours, so that only such a folder is ever replaced."""
PEOPLE_FOLDER = "people"
ROWS_PER_INDEX = 1000
MAX_CHIPS = 6
MAX_TOLD = 2


@contextmanager
def new_pages(
    folder: Path, digests: Iterable[Digest], *, facts: ItemFacts, n_digests: int
) -> Iterator[None]:
    """Write ``index.html`` and a page for each of the first ``html_limit`` people.

    The folder takes its place, and that of an older one of ours, when the ``with`` block ends well.

    Parameters
    ----------
    folder : Path
        New, empty, or written by an earlier run.
    digests : iterable of Digest
        Read only as far as the limit; never held together.
    facts : ItemFacts
        Authors, tags and texts of the items.
    n_digests : int
        How many there are, for the note when there are more than pages.

    Raises
    ------
    DataError
        If the folder holds other files.
    """
    with atomic_folder(folder, marker=MARKER) as new:
        (new / MARKER).touch()
        (new / PEOPLE_FOLDER).mkdir()
        index = _Index(new, facts.config, n_digests)
        for digest in _first(digests, facts.config.html_limit):
            name = page_name(digest.user_id)
            page = person_page(digest, facts=facts)
            (new / PEOPLE_FOLDER / name).write_text(page, encoding="utf-8")
            index.add(digest, name)
        index.close()
        yield


def person_page(digest: Digest, *, facts: ItemFacts) -> str:
    """Return one person's digest as a self-contained page."""
    config = facts.config
    can_be = digest.known and facts.is_personal(digest.user_id)
    rows = facts.dataset.items.rows([one.item_id for one in digest.items])
    cards = [_card(entry, int(row), facts) for entry, row in zip(digest.items, rows, strict=True)]
    return render(
        "digest.html",
        lang=config.lang,
        title=digest.subject,
        name=config.name,
        digest=digest,
        cards=cards,
        is_personal=can_be and any(map(_is_own, digest.items)),
        is_everyones=not can_be,
    )


def _is_own(entry: Entry) -> bool:
    """Say whether something of the person's own speaks for an item."""
    return any(why.value > 0 and why.source in (Source.ITEM, Source.TAG) for why in entry.reasons)


@dataclass(frozen=True, slots=True)
class _Row:
    user_id: str
    href: str
    n_items: int
    first: str
    known: bool


@dataclass(slots=True)
class _Index:
    """Index pages, each written when it is full; the first one last, since it tells the totals."""

    folder: Path
    config: DigestConfig
    n_digests: int
    n_people: int = 0
    head: list[_Row] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)
    n_pages: int = 1
    issue: str = ""

    def add(self, digest: Digest, name: str) -> None:
        if self.n_people and self.n_people % ROWS_PER_INDEX == 0:
            self._turn()
        first = digest.items[0] if digest.items else None
        title = "" if first is None else first.title or str(first.item_id)
        row = _Row(
            str(digest.user_id), f"{PEOPLE_FOLDER}/{name}", len(digest.items), title, digest.known
        )
        self.rows.append(row)
        self.n_people += 1
        self.issue = digest.issue

    def close(self) -> None:
        if self.n_pages == 1:
            self.head = self.rows
        else:
            self._write(self.n_pages, self.rows, has_next=False)
        self._write(1, self.head, has_next=self.n_pages > 1)

    def _turn(self) -> None:
        if self.n_pages == 1:
            self.head = self.rows
        else:
            self._write(self.n_pages, self.rows, has_next=True)
        self.rows = []
        self.n_pages += 1

    def _write(self, page: int, rows: list[_Row], *, has_next: bool) -> None:
        text = render(
            "digest_index.html",
            lang=self.config.lang,
            title=self.config.name,
            issue=self.issue,
            rows=rows,
            first=(page - 1) * ROWS_PER_INDEX + 1,
            n_digests=self.n_digests,
            n_cut=self.n_digests - self.n_people if page == 1 else 0,
            limit=self.config.html_limit,
            previous=None if page == 1 else index_name(page - 1),
            next=index_name(page + 1) if has_next else None,
        )
        (self.folder / index_name(page)).write_text(text, encoding="utf-8")


def index_name(page: int) -> str:
    """Return the file name of an index page, the first being 1.

    Examples
    --------
    >>> index_name(1), index_name(2)
    ('index.html', 'index-2.html')
    """
    return "index.html" if page == 1 else f"index-{page}.html"


def _card(entry: Entry, row: int, facts: ItemFacts) -> dict[str, Any]:
    is_known = row != NO_ROW
    return {
        "rank": entry.rank,
        "title": entry.title or str(entry.item_id),
        "url": entry.url,
        "author": facts.author_name(row) if is_known else None,
        "format": facts.formats[row] if is_known else None,
        "date": date_text(facts.published[row]) if is_known else "",
        "excerpt": excerpt(facts.bodies[row]) if is_known else "",
        "tags": facts.tag_names(row)[:MAX_CHIPS] if is_known else [],
        "why": _why(entry),
        "bars": score_bars((why.text, why.value) for why in entry.reasons),
        "score": entry.score,
    }


def _why(entry: Entry) -> str:
    """Return the strongest reasons as one line; what pulls a score down is no reason to show it."""
    told = [why.text for why in entry.reasons if why.value > 0 and why.source != Source.PERSON]
    line = " · ".join(told[:MAX_TOLD])
    return line[:1].upper() + line[1:]


def _first(digests: Iterable[Digest], limit: int) -> Iterator[Digest]:
    for at, digest in enumerate(digests):
        if at == limit:
            return
        yield digest
