"""Mutes: a rule of a person on tags and authors, applied to items when it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, Csr, RowArray
from recsys.data import Catalog, IdMap, People
from recsys.profiles import CodedColumn, StatedTags, TagVocabulary
from recsys.serving.state.csr_rows import NO_ROWS


@dataclass(frozen=True, slots=True)
class Mutes:
    """The rule of one person.

    Attributes
    ----------
    tags, authors : sequence of str
        Names of tags; ids of authors as text.
    """

    tags: Sequence[str] = ()
    authors: Sequence[str] = ()

    @classmethod
    def of(cls, people: People, row: int) -> Mutes:
        """Read one row of a table of people, at the cost of it."""
        table = people.table
        lists = (
            table.column(name)[row].as_py() if name in table.column_names else None
            for name in ("muted_tags", "muted_authors")
        )
        return cls(*(one or () for one in lists))


NO_MUTES = Mutes()


def muting_people(people: People) -> BoolArray:
    """Return (n_users,) bool: which people mute anything."""
    import pyarrow.compute as pc

    out = np.zeros(people.n_users, dtype=np.bool_)
    for name in ("muted_tags", "muted_authors"):
        if name in people.table.column_names:
            counts = pc.fill_null(pc.list_value_length(people.table.column(name)), 0)
            out |= counts.to_numpy() > 0
    return out


class Postings(Protocol):
    """Rising rows of items by name."""

    def tagged(self, name: str) -> RowArray:
        """Return the items that have a tag in any family but the words of texts."""

    def with_word(self, name: str) -> RowArray:
        """Return the items whose text has a word of the vocabulary."""

    def by_author(self, name: str) -> RowArray:
        """Return the items of an author, given as text."""


def muted_items(mutes: Mutes, postings: Postings) -> RowArray:
    """Return the rising rows of the items that a rule mutes.

    A name mutes the tag of that name in every family; the word of texts only where no item has
    such a tag.
    """
    if not mutes.tags and not mutes.authors:
        return NO_ROWS
    lines = [NO_ROWS, *map(postings.by_author, mutes.authors)]
    for name in mutes.tags:
        tagged = postings.tagged(name)
        lines.append(tagged if len(tagged) else postings.with_word(name))
    return np.unique(np.concatenate(lines))


class ItemPostings:
    """Rising rows of the items of a catalog; a name is searched for once.

    Parameters
    ----------
    catalog : Catalog
    author_rows : (n_items,) int32
        Authors as far as they are known people; -1 where not.
    users : IdMap
        Their ids.
    features : (n_items, n_tags) csr
        Profiles of the items.
    tags : TagVocabulary
        The columns of ``features``.
    """

    def __init__(
        self,
        catalog: Catalog,
        author_rows: RowArray,
        users: IdMap,
        features: Csr,
        tags: TagVocabulary,
    ) -> None:
        self._catalog, self._author_rows, self._users = catalog, author_rows, users
        self._features, self._tags = features, tags
        self._stated = StatedTags(catalog)
        self._by_author: dict[str, RowArray] = {}

    def tagged(self, name: str) -> RowArray:
        """Return the items that have a tag in any family but the words of texts."""
        return self._stated.rows(name)

    def with_word(self, name: str) -> RowArray:
        """Return the items whose text has a word of the vocabulary."""
        columns = [one for one in self._tags.match_all(name) if self._tags.families[one] == "text"]
        entries = np.flatnonzero(np.isin(self._features.indices, columns)) if columns else NO_ROWS
        rows = np.searchsorted(self._features.indptr, entries, side="right") - 1
        return np.unique(rows).astype(np.int32)

    def by_author(self, name: str) -> RowArray:
        """Return the items of an author, given as text; blanks around it do not count."""
        column, codes = self._authors
        key = name.strip()
        if key not in self._by_author:
            self._by_author[key] = column.rows_where(codes[key]) if key in codes else NO_ROWS
        return self._by_author[key]

    @cached_property
    def _authors(self) -> tuple[CodedColumn, dict[str, list[int]]]:
        """Author of each item, as given, else as events tell; and the codes by id as text."""
        given = CodedColumn.of(self._catalog, "author_id")
        n_given = len(given.values)
        known = self._author_rows != NO_ROW
        codes = np.where(known, self._author_rows + n_given, NO_ROW)
        codes = np.where(given.codes != NO_ROW, given.codes, codes).astype(np.int32)
        used = np.unique(codes[codes != NO_ROW])
        names = [given.values[code] for code in used[used < n_given].tolist()]
        names += self._users.ids(used[used >= n_given] - n_given).tolist()
        by_name: dict[str, list[int]] = {}
        for code, one in zip(used.tolist(), names, strict=True):
            by_name.setdefault(str(one).strip(), []).append(code)
        return CodedColumn([], codes), by_name


class DeltaPostings:
    """Postings of a snapshot with those of changed items put over them.

    Parameters
    ----------
    base : ItemPostings
        Of all items as they were.
    changed : ItemPostings
        Of the changed and new items alone.
    item_rows : (n_changed,) int32
        Rows of these, in any order.
    n_base : int
        Items of ``base``.
    """

    def __init__(
        self, base: ItemPostings, changed: ItemPostings, item_rows: RowArray, *, n_base: int
    ) -> None:
        self._base, self._changed, self._rows = base, changed, item_rows
        self._stays: BoolArray = np.ones(n_base, dtype=np.bool_)
        self._stays[item_rows[item_rows < n_base]] = False

    def tagged(self, name: str) -> RowArray:
        """Return the items that have a tag in any family but the words of texts."""
        return self._both(lambda one: one.tagged(name))

    def with_word(self, name: str) -> RowArray:
        """Return the items whose text has a word of the vocabulary."""
        return self._both(lambda one: one.with_word(name))

    def by_author(self, name: str) -> RowArray:
        """Return the items of an author, given as text."""
        return self._both(lambda one: one.by_author(name))

    def _both(self, found: Callable[[ItemPostings], RowArray]) -> RowArray:
        old = found(self._base)
        new = self._rows[found(self._changed)]
        return np.union1d(old[self._stays[old]], new).astype(np.int32)
