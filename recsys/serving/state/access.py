"""Which items each person may be shown: seen, own, muted and eligible pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import (
    NO_ROW,
    BoolArray,
    Csr,
    DoubleArray,
    TimeArray,
    freeze_csr,
)
from recsys.core.clock import DAY
from recsys.data import (
    Catalog,
    Dataset,
    People,
    seen,
)
from recsys.serving.config import RecommenderConfig

PAIRS: Mapping[str, str] = {"seen": "seen", "disliked": "refused", "own": "own"}
"""Sparse matrices of people and items in a snapshot, and the names under which they are saved."""


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


def personal_people(people: People) -> BoolArray:
    """Return (n_users,) bool: who consented to be served personally, and is not gone."""
    return np.asarray(people.consent.personalise & ~people.is_gone, dtype=bool)


def eligible_items(catalog: Catalog, *, now: np.datetime64) -> BoolArray:
    """Return (n_items,) bool: what is neither blocked nor expired."""
    expires = catalog.column("expires_at")
    return np.asarray(~catalog.is_blocked & ~(expires <= now), dtype=bool)
