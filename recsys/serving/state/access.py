"""Which items each person may be shown: seen, own, muted and eligible pairs."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import (
    NO_ROW,
    BoolArray,
    Csr,
    DoubleArray,
    ObjectArray,
    TimeArray,
    freeze_csr,
    objects,
)
from recsys.core.clock import DAY
from recsys.data import (
    Catalog,
    Dataset,
    People,
    seen,
)
from recsys.profiles import (
    ItemProfiles,
    muted_matrix,
)
from recsys.serving.config import RecommenderConfig

PairName = Literal["seen", "disliked", "muted", "own"]
"""The sparse matrices of people and items in a snapshot."""

PAIRS: tuple[PairName, ...] = ("seen", "disliked", "muted", "own")


def seen_pairs(dataset: Dataset, config: RecommenderConfig, *, now: np.datetime64) -> Csr:
    """Return every pair a person touched, less what is repeatable and long enough ago."""
    if not config.repeatable:
        return seen(dataset)
    events = dataset.events
    days = repeat_days(dataset.catalog, config)[events.item_rows]
    fresh = fresh_events(events.occurred_at, days, now=now)
    return seen(replace(dataset, events=events.select(fresh)))


def repeat_days(catalog: Catalog, config: RecommenderConfig) -> DoubleArray:
    """Return (n_items,) float64 days after which a seen item may come back; inf is never."""
    out = np.full(catalog.n_items, np.inf)
    formats = catalog.column("format")
    for name, days in config.repeatable.items():
        out[formats == name] = days
    return out


def fresh_events(times: TimeArray, days: DoubleArray, *, now: np.datetime64) -> BoolArray:
    """Return (n_events,) bool: no more than ``days`` old; true where a time is unknown."""
    return np.asarray(~((now - times) / DAY > days), dtype=np.bool_)


def own_pairs(dataset: Dataset) -> Csr:
    """Return the (n_users, n_items) csr of authors and their items."""
    authors = dataset.author_rows
    items = np.flatnonzero(authors != NO_ROW)
    shape = (len(dataset.users), len(dataset.items))
    ones = np.ones(len(items), np.float32)
    return freeze_csr(sp.csr_matrix((ones, (authors[items], items)), shape=shape))


def muted_pairs(dataset: Dataset, profiles: ItemProfiles) -> Csr:
    """Return pairs of people and the items whose author or tag they muted."""
    people = dataset.people
    pairs = sp.csr_matrix((len(dataset.users), len(dataset.items)), dtype=np.float32)
    if any(people.muted_tags):
        carries = (profiles.matrix > 0).astype(np.float32)
        pairs = pairs + muted_matrix(people.muted_tags, profiles.tags) @ carries.T
    if any(people.muted_authors):
        pairs = pairs + by_muted_author(people, _authors(dataset))
    return freeze_csr(sp.csr_matrix(pairs))


def _authors(dataset: Dataset) -> ObjectArray:
    return author_texts(dataset.catalog, dataset.users.ids(dataset.author_rows))


def author_texts(catalog: Catalog, by_event: ObjectArray) -> ObjectArray:
    """Return (n_items,) author ids as text, as given, else as events tell; None if unknown."""
    given = catalog.column("author_id")
    both = [one if one is not None else other for one, other in zip(given, by_event, strict=True)]
    return objects([None if one is None else str(one) for one in both])


def by_muted_author(people: People, authors: ObjectArray) -> Csr:
    """Return (n_users, n_items) csr: 1 where a person muted the author of an item."""
    items_of: dict[str, list[int]] = {}
    for row, author in enumerate(authors):
        if author is not None:
            items_of.setdefault(author, []).append(row)
    muted = [
        (user, item)
        for user, names in enumerate(people.muted_authors)
        for name in names
        for item in items_of.get(str(name), ())
    ]
    users, items = np.array(muted, dtype=np.int64).reshape(-1, 2).T
    shape = (len(people.users), len(authors))
    return sp.csr_matrix((np.ones(len(users), np.float32), (users, items)), shape=shape)


def personal_people(people: People) -> BoolArray:
    """Return (n_users,) bool: who consented to be served personally, and is not gone."""
    return np.asarray(people.consent.personalise & ~people.is_gone, dtype=bool)


def eligible_items(catalog: Catalog, *, now: np.datetime64) -> BoolArray:
    """Return (n_items,) bool: what is neither blocked nor expired."""
    expires = catalog.column("expires_at")
    return np.asarray(~catalog.is_blocked & ~(expires <= now), dtype=bool)
