r"""Fold-in for models that gradient descent trains, which have no closed form for a new person.

A map from the mean vector of a history to the trained vector of its person is learned, and
everyone, known or not, takes that way:

.. math:: p_u = \left( \sum_s \tfrac{h_{us}}{n_u} q_s \right) A, \qquad
          A = (Z^T Z + \delta I)^{-1} Z^T P, \qquad Z = D_U^{-1} X Q
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.core.arrays import Csr, FloatMatrix, RowArray
from recsys.core.contribution import Contribution, Source
from recsys.models.base import Queries
from recsys.models.blocks.explanation import check_one, linear_parts
from recsys.models.blocks.factors.fold_in import gram_matrix
from recsys.models.blocks.history_weights import (
    HistoryConfig,
    history_matrix,
    power,
    row_sums,
    scale,
)
from recsys.models.blocks.learned import LearnedBlock


class MappedBlock(LearnedBlock):
    """A vector block whose people come from ``history_map``; the last item column is a bias."""

    def __init__(self, config: HistoryConfig, *, name: str) -> None:
        super().__init__(name)
        self._history_config = config

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_factors + 1) float32; the last column is the bias of the item."""
        return self.array("item_factors")

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_factors + 1) float32; the last column is 1 for who has a history."""
        history = self._history(queries)
        mapped = (history @ self.item_factors[:, :-1]) @ self.array("history_map")
        known = (np.diff(history.indptr) > 0).astype(np.float32)
        return np.ascontiguousarray(np.column_stack([mapped, known]), dtype=np.float32)

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, n_factors + 1) float32: the sum of the tags' vectors; 0 without tags."""
        tags = self.array("tag_factors")
        if not len(tags):
            return np.zeros((item_features.shape[0], tags.shape[1]), dtype=np.float32)
        return np.ascontiguousarray(item_features @ tags, dtype=np.float32)

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the part of each item of the history, then the bias of the items."""
        check_one(query)
        history = self._history(query)
        targets = self.item_factors[item_rows]
        bias = targets[:, -1] * np.float32(history.nnz > 0)
        return [
            linear_parts(
                self.name,
                history,
                source=Source.ITEM,
                sources=self.item_factors[:, :-1],
                targets=targets[:, :-1] @ self.array("history_map").T,
            ),
            Contribution(self.name, Source.POPULARITY, np.array([-1], np.int32), bias[None, :]),
        ]

    def _history(self, queries: Queries) -> Csr:
        return mean_history(history_matrix(queries, self._history_config))


def mean_history(history: Csr) -> Csr:
    """Return the rows of ``history`` scaled to a sum of 1; an empty one stays empty."""
    return scale(history, rows=power(row_sums(history), -1.0))


def fit_history_map(
    history: Csr, items: FloatMatrix, people: FloatMatrix, *, ridge: float = 1e-3
) -> FloatMatrix:
    r"""Return the map A with the least squared error.

    Parameters
    ----------
    history : (n_users, n_items) csr float32
        X.
    items : (n_items, n_columns) float32
        Q; columns beyond those of ``people`` (a bias) are left out.
    people : (n_users, n_factors) float32
        P.
    ridge : float
        δ over the mean of the diagonal of :math:`Z^T Z`.

    Returns
    -------
    (n_factors, n_factors) float32
    """
    means = mean_history(history) @ items[:, : people.shape[1]]
    system = gram_matrix(means)
    system[np.diag_indices_from(system)] += max(ridge * np.trace(system) / len(system), 1e-12)
    right = means.T.astype(np.float64) @ people.astype(np.float64)
    return np.linalg.solve(system, right).astype(np.float32)
