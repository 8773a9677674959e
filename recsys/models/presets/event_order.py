"""Test of whether events without times are in chronological order."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import Csr, DoubleArray, RowArray
from recsys.core.rng import named_rng
from recsys.data import PositiveEvents

MIN_HISTORY = 10
"""Events of a person from which on the order of them can be told from none."""

MIN_PEOPLE = 50

SAMPLE = 2_000
"""People that neighbours are compared of."""

SORTED = 0.95
"""Agreement about which of two items comes first, from which on lists are taken for sorted."""

STANDARD_ERRORS = 5.0
"""How clearly neighbours must be more alike than other items of the same person."""


def is_in_order(events: PositiveEvents, shape: tuple[int, int]) -> bool:
    r"""Return whether events without times come in the order in which they happened.

    Two signs are needed. What stands next to each other in a person's list must be more alike than
    what stands anywhere in it,

    .. math:: \bar d > z \, s_d / \sqrt n, \qquad d_u = \cos(i_t, i_{t+1}) - \cos(i_t, i_r)

    with *t* drawn once per person, *r* anywhere else and the cosine that of who took the items. And
    people must differ in which of two items came first: lists sorted by a number or a title, whose
    neighbours are alike as well, agree.

    Parameters
    ----------
    events : PositiveEvents
        In the order of the file, for each person.
    shape : tuple of int
        Number of people, number of items.

    Returns
    -------
    bool
        False where any event has a time, and for fewer than ``MIN_PEOPLE`` people with
        ``MIN_HISTORY`` events. Deterministic.
    """
    if not events.n_events or not np.isnat(events.occurred_at).all():
        return False
    order = np.argsort(events.user_rows, kind="stable")
    users, items = events.user_rows[order], events.item_rows[order]
    counts = np.bincount(users, minlength=shape[0])
    people = np.flatnonzero(counts >= MIN_HISTORY)
    if len(people) < MIN_PEOPLE:
        return False
    if _agreement(users, items, n_items=shape[1]) >= SORTED:
        return False
    rng = named_rng(0, "order of events")
    if len(people) > SAMPLE:
        people = np.sort(rng.choice(people, SAMPLE, replace=False))
    starts, lengths = (np.cumsum(counts) - counts)[people], counts[people]
    here = (rng.random(len(people)) * (lengths - 1)).astype(np.int64)
    other = (rng.random(len(people)) * (lengths - 1)).astype(np.int64)
    other += other >= here  # anywhere but here
    pairs = sp.csr_matrix((np.ones(len(users), np.float32), (users, items)), shape=shape)
    pairs.data[:] = 1.0
    first = items[starts + here]
    alike = _cosines(pairs, first, items[starts + here + 1])
    gap = alike - _cosines(pairs, first, items[starts + other])
    return bool(gap.mean() > STANDARD_ERRORS * gap.std() / np.sqrt(len(gap)))


def _agreement(users: RowArray, items: RowArray, *, n_items: int) -> float:
    """Return how often two people who took two items in a row did so in the same order, in [0, 1].

    1 where no two items stand next to each other twice: nothing speaks against a sorted list.
    """
    same = users[:-1] == users[1:]
    one, two = items[:-1][same].astype(np.int64), items[1:][same].astype(np.int64)
    keys = np.minimum(one, two) * n_items + np.maximum(one, two)
    _, which, times = np.unique(keys, return_inverse=True, return_counts=True)
    rising = np.bincount(which, one < two, len(times))
    falling = times - rising
    repeated = float((times * (times - 1)).sum())
    agreeing = float((rising * (rising - 1) + falling * (falling - 1)).sum())
    return agreeing / repeated if repeated else 1.0


def _cosines(pairs: Csr, left: RowArray, right: RowArray) -> DoubleArray:
    """Return the cosine of the people of two items, for each place."""
    by_item = sp.csr_matrix(pairs.T)
    shared = np.asarray(by_item[left].multiply(by_item[right]).sum(axis=1)).ravel()
    taken = np.diff(by_item.indptr)
    return np.asarray(shared / np.sqrt(taken[left] * taken[right].astype(np.float64)))
