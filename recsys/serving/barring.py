"""Which items a person made, and which they muted, as people and items are now."""

from __future__ import annotations

import numpy as np

from recsys.core.arrays import Csr, RowArray
from recsys.data import People
from recsys.profiles import muted_matrix
from recsys.serving.building import author_texts
from recsys.serving.overlay import Facts
from recsys.serving.spread import line_of

NOTHING = np.zeros(0, dtype=np.int32)


def own_items(facts: Facts, user_rows: RowArray) -> list[RowArray]:
    """Return the rising rows of the items that each person made."""
    changed = facts.overlay.item_rows
    old = _unchanged(facts, facts.base.own, user_rows)
    if not len(changed):
        return old
    authors = facts.authors_of(changed)
    return [
        np.union1d(line, changed[authors == row]).astype(np.int32)
        for row, line in zip(user_rows.tolist(), old, strict=True)
    ]


def muted_items(facts: Facts, user_rows: RowArray) -> list[RowArray]:
    """Return the rising rows of the items whose author or tag each person muted."""
    out = _unchanged(facts, facts.base.muted, user_rows)
    for at in np.flatnonzero(facts.described(user_rows)).tolist():
        out[at] = out[at][:0]  # what they said before holds no more
    muting = np.flatnonzero(facts.muting(user_rows))
    if not len(muting):
        return out
    people = facts.people_at(user_rows[muting])
    changed = facts.overlay.item_rows
    if len(changed):
        found = _matches(facts, people, facts.overlay.features, changed)
        for at, rows in zip(muting.tolist(), found, strict=True):
            out[at] = np.union1d(out[at], rows).astype(np.int32)
    for place, at in enumerate(muting.tolist()):
        if facts.described(user_rows[at : at + 1])[0]:
            mine = people.at_rows(np.array([place], np.int32))
            rest = np.setdiff1d(_matches_of_base(facts, mine), changed)
            out[at] = np.union1d(rest, out[at]).astype(np.int32)
    return out


def _unchanged(facts: Facts, matrix: Csr, user_rows: RowArray) -> list[RowArray]:
    """Return the pairs of the whole snapshot, but those of changed items."""
    n_base, changed = facts.base.n_users, facts.overlay.item_rows
    lines = [line_of(matrix, row)[0] if row < n_base else NOTHING for row in user_rows.tolist()]
    return [line[~np.isin(line, changed)] for line in lines] if len(changed) else lines


def _matches(facts: Facts, people: People, features: Csr, item_rows: RowArray) -> list[RowArray]:
    """Return which of some items each person muted."""
    carries = (features > 0).astype(np.float32)
    muted = muted_matrix(people.muted_tags, facts.base.tags) @ carries.T
    authors = author_texts(
        facts.catalog_at(item_rows), facts.overlay.users.ids(facts.authors_of(item_rows))
    )
    return [
        np.union1d(
            item_rows[line_of(muted, at)[0]],
            item_rows[np.isin(authors, list(map(str, names)))] if names else item_rows[:0],
        ).astype(np.int32)
        for at, names in enumerate(people.muted_authors.tolist())
    ]


def _matches_of_base(facts: Facts, one: People) -> RowArray:
    """Return which items of the whole snapshot one person muted."""
    lookups = facts.overlay.lookups
    tags = muted_matrix(one.muted_tags, facts.base.tags) @ lookups.items_by_tag
    by_author: list[RowArray] = [
        lookups.items_by_author.get(str(name), NOTHING) for name in one.muted_authors[0]
    ]
    return np.unique(np.concatenate([tags.indices, *by_author])).astype(np.int32)
