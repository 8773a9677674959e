"""Hypothesis strategies of what flows through the library."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys.core.arrays import BoolArray, Csr, FloatMatrix, RowArray
from recsys.core.errors import RecsysWarning
from recsys.data import EventLog, KindTable

Draw = Callable[[st.SearchStrategy[Any]], Any]

TEXT_IDS = ("ana", "bo", "Zoë", "用户", "a b", "7", "007", "x" * 40)
"""Ids that are easily mistaken for each other or for something else."""


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search and all that limits it.

    Attributes
    ----------
    vectors : (n_items, n_factors) float32
        What is searched.
    queries : (n_queries, n_factors) float32
        What is asked.
    k : int
        From 1 to a little more than ``n_items``.
    exclude : (n_queries, n_items) csr or None
        What each query must not get.
    allowed : (n_items,) bool or None
        What any query may get.
    is_whole : bool
        True when all numbers are small whole ones: scores are exact, and ties are common.
    """

    vectors: FloatMatrix
    queries: FloatMatrix
    k: int
    exclude: Csr | None
    allowed: BoolArray | None
    is_whole: bool

    @property
    def limits(self) -> dict[str, Any]:
        """The keyword arguments of the search beside ``k``."""
        return {"exclude": self.exclude, "allowed": self.allowed}

    def excluded(self) -> list[set[int]]:
        """Return the rows that each query must not get."""
        if self.exclude is None:
            return [set() for _ in self.queries]
        return [set(self.exclude[q].indices.tolist()) for q in range(len(self.queries))]

    def available(self) -> list[set[int]]:
        """Return the rows that each query may get."""
        everything = range(len(self.vectors))
        may = {row for row in everything if self.allowed is None or self.allowed[row]}
        return [may - hidden for hidden in self.excluded()]


def vectors(
    n_rows: int, n_factors: int, *, is_whole: bool = False
) -> st.SearchStrategy[FloatMatrix]:
    """Return a strategy of (n_rows, n_factors) float32.

    Parameters
    ----------
    n_rows, n_factors : int
        The shape.
    is_whole : bool
        True for whole numbers from -3 to 3; else normal ones, rows of very different length.
    """
    if is_whole:
        return hnp.arrays(np.float32, (n_rows, n_factors), elements=st.integers(-3, 3))
    return st.integers(0, 2**32 - 1).map(lambda seed: _normal(n_rows, n_factors, seed))


@st.composite
def interactions(
    draw: Draw, *, max_users: int = 12, max_items: int = 20, min_weight: float = 0.125
) -> Csr:
    """Draw a (n_users, n_items) csr float32 of confidences; some rows and columns are empty.

    Parameters
    ----------
    draw : callable
        Given by hypothesis.
    max_users, max_items : int
        Largest shape; the smallest is 1 x 1.
    min_weight : float
        Least confidence, greater than 0.
    """
    shape = (draw(st.integers(1, max_users)), draw(st.integers(1, max_items)))
    stored = draw(hnp.arrays(np.bool_, shape))
    weights = st.floats(min_weight, 8.0, width=32)
    return sp.csr_matrix(draw(hnp.arrays(np.float32, shape, elements=weights)) * stored)


@st.composite
def topk_lists(draw: Draw, n_users: int, n_items: int, *, k: int) -> RowArray:
    """Draw (n_users, k) int32 distinct rows of each list, -1 at the end of short ones."""
    seed = draw(st.integers(0, 2**32 - 1))
    lengths = draw(st.lists(st.integers(0, min(k, n_items)), min_size=n_users, max_size=n_users))
    rng = np.random.default_rng(seed)
    rows = np.full((n_users, k), -1, dtype=np.int32)
    for line, length in zip(rows, lengths, strict=True):
        line[:length] = rng.permutation(n_items)[:length]
    return rows


@st.composite
def searches(draw: Draw, *, max_items: int = 60, max_queries: int = 6) -> Search:
    """Draw vectors, queries, filters and a k that may ask for more than there is.

    Parameters
    ----------
    draw : callable
        Given by hypothesis.
    max_items, max_queries : int
        Largest sizes; the smallest are 1.
    """
    n_items, n_queries = draw(st.integers(1, max_items)), draw(st.integers(1, max_queries))
    n_factors, is_whole = draw(st.integers(1, 20)), draw(st.booleans())
    exclude = allowed = None
    if draw(st.booleans()):
        share = draw(st.sampled_from([0.1, 0.5, 1.0]))
        hidden = np.random.default_rng(draw(st.integers(0, 999))).random((n_queries, n_items))
        exclude = sp.csr_matrix((hidden < share).astype(np.float32))
    if draw(st.booleans()):
        allowed = draw(hnp.arrays(np.bool_, n_items))
    return Search(
        draw(vectors(n_items, n_factors, is_whole=is_whole)),
        draw(vectors(n_queries, n_factors, is_whole=is_whole)),
        draw(st.integers(1, n_items + 3)),
        exclude,
        allowed,
        is_whole,
    )


@st.composite
def event_columns(draw: Draw, *, max_events: int = 30) -> dict[str, list[Any]]:
    """Draw the columns of an events file, as lists: ids of one type, any known kind, any order.

    Parameters
    ----------
    draw : callable
        Given by hypothesis.
    max_events : int
        Most rows; the least is 1. Some may repeat each other.
    """
    n_events = draw(st.integers(1, max_events))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        drawn: list[Any] = draw(st.lists(values, min_size=n_events, max_size=n_events))
        return drawn

    users = draw(st.sampled_from([st.sampled_from(TEXT_IDS), st.integers(-3, 9)]))
    items = draw(st.sampled_from([st.sampled_from(TEXT_IDS), st.integers(0, 2**62)]))
    columns = {"user_id": column(users), "item_id": column(items)}
    if draw(st.booleans()):
        columns["kind"] = column(st.sampled_from(KindTable.default().names))
    if "kind" in columns and draw(st.booleans()):
        columns["value"] = column(st.integers(1, 10).map(lambda half: half / 2))
    if draw(st.booleans()):
        columns["occurred_at"] = column(st.integers(1_500_000_000, 1_500_000_000 + 86_400 * 90))
    return columns


def event_logs(*, max_events: int = 30) -> st.SearchStrategy[EventLog]:
    """Return a strategy of :class:`EventLog` with 1 to ``max_events`` events.

    Parameters
    ----------
    max_events : int
        Most rows given; rows that repeat others are dropped by the log.
    """
    return event_columns(max_events=max_events).map(_log)


def _log(columns: dict[str, list[Any]]) -> EventLog:
    with warnings.catch_warnings():  # of rows that repeat others
        warnings.simplefilter("ignore", RecsysWarning)
        return EventLog.from_frame(columns)


def _normal(n_rows: int, n_factors: int, seed: int) -> FloatMatrix:
    rng = np.random.default_rng(seed)
    lengths = rng.lognormal(0, 1, size=(n_rows, 1))
    numbers: FloatMatrix = (rng.normal(size=(n_rows, n_factors)) * lengths).astype(np.float32)
    return numbers
