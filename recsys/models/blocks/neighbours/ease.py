"""Dense item-item weights in closed form: EASE and its family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat, model_validator

from recsys.core.arrays import Csr, FloatArray, FloatMatrix, RowArray
from recsys.core.contribution import Contribution, Source
from recsys.core.memory import check_memory
from recsys.core.progress import Progress, silent
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.algebra.dense import BAND, dense_gram, invert_symmetric
from recsys.models.blocks.block_config import Choice, Rule, Tags
from recsys.models.blocks.data_size import FLOAT, PAIR, DataSize, Footprint
from recsys.models.blocks.explanation import check_one
from recsys.models.blocks.history_weights import history_matrix, training_matrix
from recsys.models.blocks.learned import LearnedBlock
from recsys.models.blocks.neighbours.regression import (
    ItemRegressionConfig,
    lifts,
    regression_matrix,
    ridges,
)


class EASEConfig(ItemRegressionConfig):
    """Settings of :class:`EASEBlock`."""

    memory_hint: ClassVar = "Use sparse_ease or spectral instead, or raise memory_limit_mb."

    tag_share: float = Field(default=0.0, ge=0.0, lt=1.0)
    """ρ: share of a second model that is learned from the tags alone; 0 leaves it out."""
    tag_regularization: PositiveFloat = 1.0
    """λ of that second model; an item's tags have length 1."""
    precision: Literal["float32", "float64"] = "float32"
    """Of the inversion; float64 takes twice the memory, for a very small λ."""

    @model_validator(mode="after")
    def _check(self) -> EASEConfig:
        if self.tag_weight and self.tag_share:
            raise ValueError("tag_weight and tag_share are two ways to use tags; set one of them")
        return self

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of the dense matrices, and of the Gram matrix in work."""
        work = 6 * PAIR * (size.n_pairs + size.n_item_tags)
        return Footprint(ease_bytes(size.n_items, self) + work, FLOAT * size.n_items**2)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change: of the two ways to use tags, one."""
        rules = dict(super().search_rules())
        if self.tag_share:
            del rules["tag_weight"]
            rules["tag_share"] = Tags(Choice((0.0, 0.05, 0.1, 0.2, 0.4)))
        return rules


class EASEBlock(LearnedBlock):
    r"""Dense item-item weights in closed form [EASE2019]_.

    .. math::

        \tilde X = D_U^{-b} \begin{bmatrix} X \\ \sqrt{w} T^T \end{bmatrix} D_I^{-a}, \quad
        G = \tilde X^T \tilde X, \quad
        P = \left(G + \lambda I + \tfrac{p}{1-p} \mathrm{diag}(G)\right)^{-1}

        B = I - P \, \mathrm{diag}(P)^{-1}, \qquad
        s(u, i) = \sum_s h_{us} \, d_s^{-c} B_{si} \, d_i^{c}

    With ``regularization_unit`` "people", λ is multiplied by the mean of diag(G) over the mean of
    diag(X^T X): a person without any damping adds 1 to the diagonal of each item taken.

    With the dropout *p* of [EDLAE2020]_ and the normalisation of [DAN2025]_ (its item exponent α is
    a = 0.5, c = 0.5 - α here; its user exponent β is 2 b).

    Tags take part in one of the two ways of [CEASE2020]_: as pseudo-users with ``tag_weight``
    (collective EASE), or as a model of their own with ``tag_share`` (additive EASE):

    .. math:: (1 - \rho) \, D_I^{-c} B D_I^{c} + \rho \, B_T, \qquad
              B_T = I - P_T \, \mathrm{diag}(P_T)^{-1}, \quad P_T = (T T^T + \lambda_T I)^{-1}

    Parameters
    ----------
    config : EASEConfig, optional
    name : str
        Unique among the blocks of a hybrid.

    Notes
    -----
    Memory: ``4 * n_items ** 2`` bytes kept (twice that in the fit with ``tag_share``); time grows
    with the cube: for about 20,000 items.
    :class:`recsys.models.blocks.neighbours.sparse_ease.SparseEASEBlock` goes further.
    """

    def __init__(self, config: EASEConfig | None = None, *, name: str = "ease") -> None:
        self.config = EASEConfig() if config is None else config
        super().__init__(name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Solve for the weights.

        Raises
        ------
        ConfigError
            If the matrix does not fit in memory (asked before it is made), or λ is too small.
        """
        config = self.config
        check_ease_memory(training.n_items, config)
        progress("ease", 0, 2)
        weights = _history_weights(training, config)
        progress("ease", 1, 2)
        if config.tag_share and training.item_features.shape[1]:
            _blend(weights, _tag_weights(training.item_features, config), config.tag_share)
        self.set_arrays(item_weights=weights)
        progress("ease", 2, 2)

    @property
    def item_weights(self) -> FloatMatrix:
        """(n_items, n_items) float32: B, from the row's item to the column's."""
        return self.array("item_weights")

    @property
    def n_known_items(self) -> int:
        """Number of items it knows."""
        return int(self.item_weights.shape[0])

    def scores(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_items) float32."""
        history = history_matrix(queries, self.config)
        return np.asarray(history @ self.item_weights, dtype=np.float32)

    def candidate_scores(self, queries: Queries, item_rows: RowArray) -> FloatMatrix:
        """Return (n_queries, n_candidates) float32 for ``item_rows``; 0 for row -1."""
        history = history_matrix(queries, self.config)
        out = np.zeros(item_rows.shape, dtype=np.float32)
        for query in range(len(out)):
            places = slice(history.indptr[query], history.indptr[query + 1])
            block = self.item_weights[np.ix_(history.indices[places], item_rows[query])]
            out[query] = history.data[places] @ block
        out[item_rows < 0] = 0.0
        return out

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the part of each item of the history."""
        check_one(query)
        history = history_matrix(query, self.config)
        values = history.data[:, None] * self.item_weights[np.ix_(history.indices, item_rows)]
        return [Contribution(self.name, Source.ITEM, history.indices, values)]


def ease_bytes(n_items: int, config: EASEConfig) -> int:
    """Return the bytes that a fit takes at its peak: the dense matrices and their rows in work."""
    each = 12 if config.precision == "float64" else 4  # of the inversion, and of the answer
    second = 4 if config.tag_share else 0
    return (each + second) * n_items**2 + 24 * BAND * n_items


def check_ease_memory(n_items: int, config: EASEConfig, *, available: int | None = None) -> None:
    """Raise if the dense item-item matrix and its rows in work do not fit.

    Raises
    ------
    ConfigError
        If they do not; the message names the bytes needed and available.
    """
    check_memory(
        ease_bytes(n_items, config),
        what=f"EASE of {n_items} items",
        hint="Use sparse_ease, item_knn or the spectral block.",
        available=available,
    )


def _inverse(gram: npt.NDArray[Any], ridge: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Add ``ridge`` to the diagonal and invert, in place."""
    gram[np.diag_indices_from(gram)] += ridge
    invert_symmetric(gram)
    return gram


def _history_weights(training: TrainingSet, config: EASEConfig) -> FloatMatrix:
    matrix, degrees = regression_matrix(training, config)
    gram = dense_gram(matrix, config.precision)
    history = training_matrix(training, config)
    inverse = _inverse(gram, ridges(np.diagonal(gram).copy(), config, history=history))
    left, right = lifts(degrees, config.output_exponent)
    return _weights_of(inverse, left, right).astype(np.float32, copy=False)


def _tag_weights(features: Csr, config: EASEConfig) -> FloatMatrix:
    """Return the (n_items, n_items) weights of plain EASE on the tags alone."""
    gram = dense_gram(features.T.tocsr(), config.precision)
    ones = np.ones(len(gram), dtype=np.float32)
    inverse = _inverse(gram, ones * config.tag_regularization)
    return _weights_of(inverse, ones, ones).astype(np.float32, copy=False)


def _blend(weights: FloatMatrix, tag_weights: FloatMatrix, share: float) -> None:
    """Mix in place, a band of rows at a time."""
    for start in range(0, len(weights), BAND):
        band = weights[start : start + BAND]
        band *= np.float32(1 - share)
        band += np.float32(share) * tag_weights[start : start + BAND]


def _weights_of(inverse: npt.NDArray[Any], left: FloatArray, right: FloatArray) -> npt.NDArray[Any]:
    """Turn P into B with its exponents, in place: -P / diag(P), 0 on the diagonal."""
    columns = (-right / np.diagonal(inverse)).astype(inverse.dtype)
    for start in range(0, len(inverse), BAND):
        band = inverse[start : start + BAND]
        band *= columns
        band *= left[start : start + BAND, None].astype(inverse.dtype)
    inverse[np.diag_indices_from(inverse)] = 0.0
    return inverse
