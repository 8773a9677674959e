"""Normalised matrix of the item-item regressions: EASE and sparse EASE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from pydantic import Field, NonNegativeFloat, PositiveFloat

from recsys.core.arrays import Csr, FloatArray
from recsys.models.base import TrainingSet
from recsys.models.blocks.algebra.dense import mean_damping
from recsys.models.blocks.block_config import Choice, Near, Rule, Tags, Times
from recsys.models.blocks.history_weights import (
    HistoryConfig,
    column_sums,
    power,
    row_sums,
    scale,
    training_matrix,
)


class ItemRegressionConfig(HistoryConfig):
    """Settings of every item-item regression."""

    regularization: PositiveFloat = 300.0
    """λ; with ``item_exponent`` 0 near 100 to 1000, with 0.5 near 0.1 to 10."""
    regularization_unit: Literal["entries", "people"] = "entries"
    """What λ counts: the entries of G as they are; or people before any damping, so that one number
    suits every pair of exponents (300 to 1000)."""
    item_exponent: NonNegativeFloat = 0.0
    """a: how much popular items are damped in the learning; 0 is plain EASE, 0.5 the DAN family."""
    user_exponent: NonNegativeFloat = 0.0
    """b: how much long histories are damped in the learning."""
    output_exponent: float = 0.0
    """c: how much popular items are raised in the answer (and damped in the history)."""
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of each history that is hidden in the learning, on average, in closed form."""
    tag_weight: NonNegativeFloat = 0.0
    """Weight of the tags as pseudo-users; 0 leaves them out."""

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "regularization": Times(10.0),
            "item_exponent": Near(0.25),
            "user_exponent": Near(0.25),
            "output_exponent": Near(0.25),
            "tag_weight": Tags(Choice((0.0, 0.03, 0.1, 0.3, 1.0))),
            "half_life_days": self.half_lives,
        }


def regression_matrix(
    training: TrainingSet, config: ItemRegressionConfig
) -> tuple[Csr, FloatArray]:
    r"""Return what people (and tags) have in common, normalised, and the degrees of the items.

    .. math:: \tilde X = D_U^{-b} \begin{bmatrix} X \\ \sqrt{w} T^T \end{bmatrix} D_I^{-a}

    Returns
    -------
    matrix : (n_users or n_users + n_tags, n_items) csr float32
    degrees : (n_items,) float32
        Sums of the columns of X.
    """
    history = training_matrix(training, config)
    degrees = column_sums(history)
    rows = scale(history, rows=power(row_sums(history), -config.user_exponent))
    if config.tag_weight and training.item_features.shape[1]:
        tags = training.item_features.T.tocsr()
        root = np.float32(np.sqrt(config.tag_weight))
        tags = scale(tags, rows=root * power(row_sums(tags), -config.user_exponent))
        rows = sp.vstack([rows, tags], format="csr")
    inner = np.where(degrees > 0, degrees, 1).astype(np.float32)
    return scale(rows, columns=power(inner, -config.item_exponent)), degrees


def ridges(
    diagonal: npt.NDArray[Any], config: ItemRegressionConfig, *, history: Csr
) -> npt.NDArray[Any]:
    r"""Return :math:`\lambda + \tfrac{p}{1-p} \mathrm{diag}(G)`, what is added to the Gram.

    Parameters
    ----------
    diagonal : (n_items,) float
        diag(G).
    config : ItemRegressionConfig
    history : (n_users, n_items) csr float32
        X, for λ in people.
    """
    odds = config.dropout / (1 - config.dropout)
    penalty = config.regularization
    if config.regularization_unit == "people":
        penalty *= mean_damping(diagonal, history)
    return np.asarray(penalty + odds * diagonal)


def lifts(degrees: FloatArray, exponent: float) -> tuple[FloatArray, FloatArray]:
    """Return what the rows and the columns of B are multiplied by: d^-c and d^c."""
    right = power(degrees, exponent)
    left = np.where(right > 0, 1 / np.where(right > 0, right, 1), 0).astype(np.float32)
    return left, right
