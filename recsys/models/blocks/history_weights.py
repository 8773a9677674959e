"""Weights of the items of a history, by confidence and age."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import NonNegativeFloat, PositiveFloat

from recsys.core.arrays import Csr, DoubleArray, FloatArray, with_data
from recsys.core.clock import age_days
from recsys.data import PositiveEvents
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.block_config import BlockConfig, Choice, Timed


class HistoryConfig(BlockConfig):
    """Settings that every block shares: the weight of one event of a person."""

    half_lives: ClassVar = Timed(Choice((None, 14.0, 60.0, 240.0)))
    """The values of ``half_life_days`` that a search tries, in most blocks."""

    weighting: Literal["binary", "confidence", "log"] = "binary"
    """Weight of a pair: 1; its confidence; or log(1 + confidence)."""
    half_life_days: PositiveFloat | None = None
    """A history item counts half after so many days, when someone is scored; None: no decay."""
    training_half_life_days: PositiveFloat | None = None
    """The same for the pairs that are learned from; None: no decay."""
    recency_boost: NonNegativeFloat = 0.0
    """b: what a person took just now counts 1 + b times as much as what lies long ago."""
    recency_half_life: PositiveFloat = 3.0
    """The boost is half of that after so many days; events, where these have an order, no times."""


def history_matrix(queries: Queries, config: HistoryConfig) -> Csr:
    r"""Return the weight of each item of each history.

    .. math:: h_{ui} = g(c_{ui}) \, 2^{-a_{ui} / half\_life\_days} \,
              \left(1 + b\, 2^{-a_{ui} / recency\_half\_life}\right)

    with *g* the weighting, *c* the confidence, *a* the age in days (or events) [DingLi2005]_ and
    *b* the boost of what is recent.

    Returns
    -------
    (n_queries, n_items) csr float32
        The pairs of ``queries.history``, in its order.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> history = sp.csr_matrix(np.array([[3.0, 1.0]], np.float32))
    >>> queries = Queries(history, np.array([0, 30], np.float32), sp.csr_matrix((1, 0)))
    >>> config = HistoryConfig(weighting="confidence", half_life_days=30)
    >>> history_matrix(queries, config).toarray().tolist()
    [[3.0, 0.5]]
    """
    return with_data(queries.history, history_weights(queries, config))


def history_weights(queries: Queries, config: HistoryConfig) -> FloatArray:
    """Return the (nnz,) float32 values of :func:`history_matrix`, without the matrix."""
    weights = _weigh(queries.history.data, config.weighting)
    if config.half_life_days is not None:
        weights = weights * np.exp2(-queries.age_days / np.float32(config.half_life_days))
    if config.recency_boost:
        fresh = np.exp2(-queries.age_days / np.float32(config.recency_half_life))
        weights = weights * (1 + np.float32(config.recency_boost) * fresh)
    return weights


def training_matrix(training: TrainingSet, config: HistoryConfig) -> Csr:
    """Return the (n_users, n_items) csr float32 that a block learns from.

    The age of a pair is that of its last event; a pair without a time does not decay.
    """
    interactions = training.interactions
    weights = _weigh(interactions.data, config.weighting)
    if config.training_half_life_days is not None and training.has_times:
        ages = pair_age_days(training)
        weights = weights * np.exp2(-ages / np.float32(config.training_half_life_days))
    return with_data(interactions, weights)


def pair_age_days(training: TrainingSet) -> FloatArray:
    """Return the (nnz,) float32 days since the last event of each stored pair; 0 where unknown.

    Where events have an order and no times, it is the number of events of the person since.
    """
    matrix, events = training.interactions, training.events
    n_items = np.int64(training.n_items)
    pair_users = np.repeat(np.arange(training.n_users, dtype=np.int64), np.diff(matrix.indptr))
    keys = pair_users * n_items + matrix.indices  # sorted: the matrix is canonical
    if training.in_order:
        return events_since(events, keys, int(n_items))
    timed = events.select(~np.isnat(events.occurred_at))
    ages = np.maximum(age_days(timed.occurred_at, training.now), 0.0)
    return least_by_pair(timed, ages, keys, int(n_items))


def row_sums(matrix: Csr) -> FloatArray:
    """Return the (n_rows,) float32 sums of the rows of a csr matrix."""
    sums = np.zeros(matrix.shape[0], dtype=np.float32)
    some = np.flatnonzero(np.diff(matrix.indptr))
    sums[some] = np.add.reduceat(matrix.data, matrix.indptr[some])  # as scipy does, but at once
    return sums


def column_sums(matrix: Csr) -> FloatArray:
    """Return the (n_columns,) float32 sums of the columns of a csr matrix."""
    return np.bincount(matrix.indices, weights=matrix.data, minlength=matrix.shape[1]).astype(
        np.float32
    )


def power(degrees: FloatArray, exponent: float) -> FloatArray:
    """Return ``degrees ** exponent`` with 0 for a degree of 0, whatever the exponent's sign.

    Examples
    --------
    >>> power(np.array([4, 0], np.float32), -0.5).tolist()
    [0.5, 0.0]
    """
    out = np.zeros(len(degrees), dtype=np.float32)
    some = degrees > 0
    out[some] = np.power(degrees[some], np.float32(exponent))
    return out


def scale(matrix: Csr, *, rows: FloatArray | None = None, columns: FloatArray | None = None) -> Csr:
    """Return ``diag(rows) matrix diag(columns)``; None leaves that side alone."""
    data = matrix.data
    if rows is not None:
        data = data * np.repeat(rows, np.diff(matrix.indptr))
    if columns is not None:
        data = data * columns[matrix.indices]
    return with_data(matrix, data)


def _weigh(confidence: FloatArray, weighting: str) -> FloatArray:
    if weighting == "binary":
        return np.ones(len(confidence), dtype=np.float32)
    if weighting == "log":
        return np.log1p(confidence, dtype=np.float32)
    return np.asarray(confidence, dtype=np.float32)


def events_since(events: PositiveEvents, keys: npt.NDArray[np.int64], n_items: int) -> FloatArray:
    """Return how many events of the same person came after the last one of each pair.

    Parameters
    ----------
    events : PositiveEvents
        In order; those with a time, observed later, come after all that have none.
    keys : (n_pairs,) int64
        ``user_row * n_items + item_row`` of each pair, rising.
    n_items : int

    Returns
    -------
    (n_pairs,) float32
        0 for the last event of a person, and where there is none of a pair.
    """
    users = events.user_rows
    order = np.lexsort((~np.isnat(events.occurred_at), users))
    counts = np.bincount(users)
    places = np.empty(len(users), dtype=np.int64)
    places[order] = np.arange(len(users)) - np.repeat(np.cumsum(counts) - counts, counts)
    since = (counts[users] - 1 - places).astype(np.float64)
    return least_by_pair(events, since, keys, n_items)


def least_by_pair(
    events: PositiveEvents, values: DoubleArray, keys: npt.NDArray[np.int64], n_items: int
) -> FloatArray:
    """Return the (n_pairs,) float32 least value of the events of each pair; 0 where there is none.

    Parameters
    ----------
    events : PositiveEvents
    values : (n_events,) float64
        One for each event.
    keys : (n_pairs,) int64
        ``user_row * n_items + item_row`` of each pair, rising.
    n_items : int
    """
    event_keys = events.user_rows.astype(np.int64) * n_items + events.item_rows
    places = np.searchsorted(keys, event_keys)
    known = places < len(keys)
    known[known] = keys[places[known]] == event_keys[known]
    least = np.full(len(keys), np.inf)
    np.minimum.at(least, places[known], values[known])
    least[np.isinf(least)] = 0.0
    return least.astype(np.float32)


def known_queries(training: TrainingSet) -> Queries:
    """Return a query for every person of ``training``: history, its ages, declared tags."""
    return Queries(
        history=training.interactions,
        age_days=pair_age_days(training),
        tags=training.user_features,
    )
