"""Forecast of the demand for new items from their tags: a ridge regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import BoolArray, Csr, DoubleArray, FloatArray, RowArray, freeze
from recsys.models.blocks.frequent_tags import frequent_tags, has_tags


@dataclass(frozen=True, slots=True, eq=False)
class DemandForecast:
    """A line through the tags: the logarithm of the weekly events of an item's first days.

    Attributes
    ----------
    tags : (n_used,) int32
        Columns of the item features.
    weights : (n_used,) float32
        Of having each.
    level : float
        The forecast of an item with none of them.
    """

    tags: RowArray
    weights: FloatArray
    level: float

    def __post_init__(self) -> None:
        freeze(self.tags)
        freeze(self.weights)

    def weekly(self, item_features: Csr) -> DoubleArray:
        """Return the (n_items,) float64 events per week to expect; never negative."""
        line = self.level + has_tags(item_features, self.tags) @ self.weights.astype(np.float64)
        return np.asarray(np.expm1(np.maximum(line, 0.0)), dtype=np.float64)


def fit_forecast(
    item_features: Csr,
    weekly: DoubleArray,
    new: BoolArray,
    *,
    regularization: float,
    min_items: int = 20,
    max_tags: int = 64,
) -> DemandForecast | None:
    r"""Return the ridge regression of the first demand of new items on their tags.

    .. math:: \min_{\beta} \sum_{i \in new} (\log(1 + r_i) - \mu - \langle t_i - \bar t, \beta
              \rangle)^2 + \lambda \lVert \beta \rVert^2

    with *t* 1 where an item has a tag, and :math:`r` its weekly events.

    Parameters
    ----------
    item_features : (n_items, n_tags) csr float32
    weekly : (n_items,) float64
        Events per week in the first days of each item.
    new : (n_items,) bool
        Items whose first days are known.
    regularization : float
        λ, greater than 0.
    min_items : int
        New items that are needed.
    max_tags : int
        Tags that take part: those of most items.

    Returns
    -------
    DemandForecast or None
        None where fewer items are new.
    """
    if new.sum() < min_items:
        return None
    tags = frequent_tags(item_features, max_tags=max_tags)
    known = has_tags(item_features[new], tags)
    targets = np.log1p(weekly[new])
    centre = known.mean(axis=0)
    known = known - centre
    system = known.T @ known + regularization * np.eye(len(tags))
    weights = np.linalg.solve(system, known.T @ (targets - targets.mean()))
    level = float(targets.mean() - centre @ weights)
    return DemandForecast(tags, weights.astype(np.float32), level)
