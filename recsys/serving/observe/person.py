"""One person as last folded in, and several of them as the arrays that requests read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import Csr, FloatArray, RowArray, csr_view
from recsys.data import PositiveEvents
from recsys.models import Queries, QueryState
from recsys.serving.state.csr_rows import Line, csr_of


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """State of one person.

    Attributes
    ----------
    taste : PositiveEvents
        The events that speak of taste, oldest first.
    history, tags : Line
        Row of the interactions; declared tags.
    age_days : (n_history,) float32
        Of each item of the history.
    vector : (n_factors,) float32
        User factors of the vector blocks, side by side.
    bucket : int
        Activity bucket.
    seen, disliked, own : (n,) int32
        Rising item rows.
    personal : bool
        Whether they are served personally.
    """

    taste: PositiveEvents
    history: Line
    tags: Line
    age_days: FloatArray
    vector: FloatArray
    bucket: int
    seen: RowArray
    disliked: RowArray
    own: RowArray
    personal: bool


def query_of(person: Person, *, n_items: int, n_tags: int) -> Queries:
    """Return what is known of one person; nothing is copied."""
    return Queries(
        history=_row_of(person.history, n_items),
        age_days=person.age_days,
        tags=_row_of(person.tags, n_tags),
    )


def queries_of(people: Sequence[Person], *, n_items: int, n_tags: int) -> Queries:
    """Return what is known of some people."""
    ages = [np.zeros(0, np.float32), *(one.age_days for one in people)]
    return Queries(
        history=csr_of([one.history for one in people], n_items),
        age_days=np.concatenate(ages),
        tags=csr_of([one.tags for one in people], n_tags),
    )


def states_of(people: Sequence[Person], *, n_factors: int) -> QueryState:
    """Return what the blocks make of some people."""
    vectors = np.zeros((len(people), n_factors), dtype=np.float32)
    for at, one in enumerate(people):
        vectors[at] = one.vector
    buckets = np.array([one.bucket for one in people], dtype=np.int8)
    return QueryState(vectors, buckets)


def _row_of(line: Line, n_columns: int) -> Csr:
    indices, data = line
    return csr_view(data, indices, np.array([0, len(indices)], np.int32), (1, n_columns))
