"""Item-item kernels: EASE and its family, and sparse neighbour kernels for any catalog size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys.core.arrays import Csr, FloatArray, FloatMatrix, RowArray, freeze
from recsys.core.contribution import Contribution, Source
from recsys.core.errors import NotFittedError
from recsys.core.progress import Progress, silent
from recsys.models.base import Arrays, Queries, TrainingSet
from recsys.models.dense import BAND, dense_gram, invert_symmetric, mean_damping
from recsys.models.explaining import check_one
from recsys.models.memory import check_memory
from recsys.models.neighbours import keep_best
from recsys.models.pair_weights import (
    HistoryConfig,
    column_sums,
    history_matrix,
    power,
    row_sums,
    scale,
    training_matrix,
    with_data,
)
from recsys.models.parallel import for_tiles


class EASEConfig(HistoryConfig):
    """Settings of :class:`EASEBlock`."""

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
    precision: Literal["float32", "float64"] = "float32"
    """Of the inversion; float64 takes twice the memory, for a very small λ."""


class EASEBlock:
    r"""Dense item-item weights in closed form [EASE2019]_.

    .. math::

        \tilde X = D_U^{-b} \begin{bmatrix} X \\ \sqrt{w} T^T \end{bmatrix} D_I^{-a}, \quad
        G = \tilde X^T \tilde X, \quad
        P = \left(G + \lambda I + \tfrac{p}{1-p} \mathrm{diag}(G)\right)^{-1}

        B = I - P \, \mathrm{diag}(P)^{-1}, \qquad
        s(u, i) = \sum_s h_{us} \, d_s^{-c} B_{si} \, d_i^{c}

    With ``regularization_unit`` "people", λ is multiplied by the mean of diag(G) over the mean of
    diag(X^T X): a person without any damping adds 1 to the diagonal of each item taken.

    With the dropout *p* of [EDLAE2020]_, tags as pseudo-users [CEASE2020]_ and the normalisation of
    [DAN2025]_ (its item exponent α is a = 0.5, c = 0.5 - α here; its user exponent β is 2 b).

    Parameters
    ----------
    config : EASEConfig, optional
    name : str
        Unique among the blocks of a hybrid.

    Notes
    -----
    Memory: ``4 * n_items ** 2`` bytes kept; time grows with the cube: for about 20,000 items.
    """

    def __init__(self, config: EASEConfig | None = None, *, name: str = "ease") -> None:
        self.config = EASEConfig() if config is None else config
        self.name = name
        self._weights: FloatMatrix | None = None

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Solve for the weights.

        Raises
        ------
        ConfigError
            If the matrix does not fit in memory (asked before it is made), or λ is too small.
        """
        config = self.config
        check_ease_memory(training.n_items, config)
        history = training_matrix(training, config)
        degrees = column_sums(history)
        gram = dense_gram(
            self._normalised(history, training.item_features, degrees), config.precision
        )
        progress("ease", 1, 3)
        diagonal = np.diagonal(gram).copy()
        odds = config.dropout / (1 - config.dropout)
        penalty = config.regularization
        if config.regularization_unit == "people":
            penalty *= mean_damping(diagonal, history)
        gram[np.diag_indices_from(gram)] += penalty + odds * diagonal
        invert_symmetric(gram)
        progress("ease", 2, 3)
        lift = power(degrees, config.output_exponent)
        self._weights = freeze(_weights_of(gram, lift).astype(np.float32, copy=False))
        progress("ease", 3, 3)

    @property
    def item_weights(self) -> FloatMatrix:
        """(n_items, n_items) float32: B, from the row's item to the column's."""
        if self._weights is None:
            raise NotFittedError(f"{self.name} must be fitted or loaded first; call fit().")
        return self._weights

    @property
    def n_known_items(self) -> int:
        """How many items it knows."""
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

    def to_arrays(self) -> Arrays:
        """Return what was learned."""
        return {"item_weights": self.item_weights}

    def load_arrays(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take what :meth:`to_arrays` gave."""
        self._weights = arrays["item_weights"]

    def _normalised(self, history: Csr, features: Csr, degrees: FloatArray) -> Csr:
        config = self.config
        people = scale(history, rows=power(row_sums(history), -config.user_exponent))
        if config.tag_weight and features.shape[1]:
            tags = features.T.tocsr()
            root = np.float32(np.sqrt(config.tag_weight))
            tags = scale(tags, rows=root * power(row_sums(tags), -config.user_exponent))
            people = sp.vstack([people, tags], format="csr")
        inner = np.where(degrees > 0, degrees, 1).astype(np.float32)
        return scale(people, columns=power(inner, -config.item_exponent))


class ItemKNNConfig(HistoryConfig):
    """Settings of :class:`ItemKNNBlock`; see its class methods for the published members."""

    similarity: Literal["product", "tversky"] = "product"
    """What co-occurrence is divided by: degrees to a power, or a weighted union."""
    item_exponent: float = 0.7
    """a of ``product``, on the degree of the history's item; its weight in ``tversky``."""
    user_exponent: NonNegativeFloat = 0.5
    """b: how much long histories are damped."""
    output_exponent: float = 0.2
    """c of ``product``, on the degree of the scored item; its weight in ``tversky``."""
    shrinkage: NonNegativeFloat = 0.0
    """Added to the denominator: distrusts pairs seen together by chance."""
    n_neighbours: PositiveInt = 500
    """Neighbours kept per item."""
    tag_weight: NonNegativeFloat = 0.0
    """Weight of the tags as pseudo-users; 0 leaves them out."""

    @classmethod
    def rp3beta(cls, *, beta: float = 0.5, n_neighbours: int = 500) -> ItemKNNConfig:
        """Return the random walk of three steps with a popularity penalty [RP3beta2017]_."""
        return cls(
            item_exponent=1.0, user_exponent=1.0, output_exponent=beta, n_neighbours=n_neighbours
        )

    @classmethod
    def linkprop(
        cls, *, beta: float = 0.5, gamma: float = 0.5, delta: float = 0.5, n_neighbours: int = 500
    ) -> ItemKNNConfig:
        """Return the link propagation kernel [LinkProp2022]_ (its α only scales a person)."""
        return cls(
            item_exponent=beta,
            user_exponent=gamma,
            output_exponent=delta,
            n_neighbours=n_neighbours,
        )

    @classmethod
    def cosine(cls, *, shrinkage: float = 0.0, n_neighbours: int = 500) -> ItemKNNConfig:
        """Return the item-item cosine [DeshpandeKarypis2004]_."""
        return cls(
            item_exponent=0.5,
            user_exponent=0.0,
            output_exponent=0.5,
            shrinkage=shrinkage,
            n_neighbours=n_neighbours,
        )


class ItemKNNBlock:
    r"""Sparse item-item kernel: the best neighbours of each item.

    .. math::

        C = X^T D_U^{-b} X, \qquad
        K_{si} = \frac{C_{si}}{d_s^{a} d_i^{c} + h} \quad (product), \qquad
        \frac{C_{si}}{C_{si} + a (d_s - C_{si}) + c (d_i - C_{si}) + h} \quad (tversky)

        s(u, i) = \sum_s h_{us} K_{si}

    Parameters
    ----------
    config : ItemKNNConfig, optional
    name : str
        Unique among the blocks of a hybrid.

    Notes
    -----
    Memory: at most ``8 * n_items * n_neighbours`` bytes kept; time: the sum of the squares of the
    history lengths.
    """

    def __init__(self, config: ItemKNNConfig | None = None, *, name: str = "item_knn") -> None:
        self.config = ItemKNNConfig() if config is None else config
        self.name = name
        self._kernel: Csr | None = None

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Count what goes together, and keep the best neighbours of each item.

        Raises
        ------
        ConfigError
            If the neighbours do not fit in memory.
        """
        config = self.config
        people = training_matrix(training, config)
        if config.tag_weight and training.item_features.shape[1]:
            tags = training.item_features.T.tocsr()
            root = np.full(tags.shape[0], np.sqrt(config.tag_weight), dtype=np.float32)
            people = sp.vstack([people, scale(tags, rows=root)], format="csr")
        n_best = min(config.n_neighbours, training.n_items)
        check_memory(
            16 * training.n_items * n_best,
            what=f"{n_best} neighbours of {training.n_items} items",
            hint="Lower n_neighbours.",
        )
        self._kernel = _neighbours(people, config, n_best=n_best, progress=progress)

    @property
    def item_weights(self) -> Csr:
        """(n_items, n_items) csr float32: K, from the row's item to the column's."""
        if self._kernel is None:
            raise NotFittedError(f"{self.name} must be fitted or loaded first; call fit().")
        return self._kernel

    @property
    def n_known_items(self) -> int:
        """How many items it knows."""
        return int(self.item_weights.shape[0])

    def scores(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_items) float32."""
        history = history_matrix(queries, self.config)
        return np.asarray((history @ self.item_weights).toarray(), dtype=np.float32)

    def candidate_scores(self, queries: Queries, item_rows: RowArray) -> FloatMatrix:
        """Return (n_queries, n_candidates) float32 for ``item_rows``; 0 for row -1."""
        from recsys.models.sparse_kernels import gather_products

        out = np.empty(item_rows.shape, dtype=np.float32)
        history = _parts(history_matrix(queries, self.config))
        gather_products(history, _parts(self.item_weights), freeze(item_rows.view()), out)
        return out

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the part of each item of the history."""
        check_one(query)
        history = history_matrix(query, self.config)
        near = self.item_weights[history.indices][:, item_rows].toarray()
        values = history.data[:, None] * near
        return [Contribution(self.name, Source.ITEM, history.indices, values)]

    def to_arrays(self) -> Arrays:
        """Return what was learned."""
        kernel = self.item_weights
        return {"data": kernel.data, "indices": kernel.indices, "indptr": kernel.indptr}

    def load_arrays(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take what :meth:`to_arrays` gave."""
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        n_items = len(arrays["indptr"]) - 1
        self._kernel = sp.csr_matrix(parts, shape=(n_items, n_items))


def check_ease_memory(n_items: int, config: EASEConfig, *, available: int | None = None) -> None:
    """Raise if the dense item-item matrix and its rows in work do not fit.

    Raises
    ------
    ConfigError
        If they do not; the message names the bytes needed and available.
    """
    size = 8 if config.precision == "float64" else 4
    check_memory(
        (size + (4 if size == 8 else 0)) * n_items**2 + 24 * BAND * n_items,
        what=f"EASE of {n_items} items",
        hint="Use the sparse kernel (item_knn) or the spectral block.",
        available=available,
    )


def _weights_of(inverse: npt.NDArray[Any], lift: FloatArray) -> npt.NDArray[Any]:
    """Turn P into B with its exponents, in place: -P / diag(P), 0 on the diagonal."""
    right = (-lift / np.diagonal(inverse)).astype(inverse.dtype)
    left = np.where(lift > 0, 1 / np.where(lift > 0, lift, 1), 0).astype(inverse.dtype)
    for start in range(0, len(inverse), BAND):
        band = inverse[start : start + BAND]
        band *= right
        band *= left[start : start + BAND, None]
    inverse[np.diag_indices_from(inverse)] = 0.0
    return inverse


def _neighbours(people: Csr, config: ItemKNNConfig, *, n_best: int, progress: Progress) -> Csr:
    n_items = people.shape[1]
    damped = scale(people, rows=power(row_sums(people), -config.user_exponent))
    by_item = damped.T.tocsr()
    left, right = _denominators(people, damped, config)
    bands: list[Csr] = [None] * -(-n_items // BAND)

    def work(start: int, stop: int) -> None:
        band = (by_item[start:stop] @ people).tocsr()
        band.sort_indices()
        sources = start + np.repeat(np.arange(stop - start), np.diff(band.indptr))
        values = _similarity(band, left[sources], right[band.indices], config)
        values[band.indices == sources] = 0.0
        bands[start // BAND] = keep_best(with_data(band, values), n_best)

    for_tiles(work, n_items, tile=BAND, progress=progress, stage="item_knn")
    return sp.vstack(bands, format="csr") if bands else sp.csr_matrix((0, 0), dtype=np.float32)


def _similarity(
    together: Csr, left: FloatArray, right: FloatArray, config: ItemKNNConfig
) -> FloatArray:
    shrinkage = np.float32(config.shrinkage)
    if config.similarity == "product":
        below = left * right + shrinkage
    else:
        overlap = np.float32(1 - config.item_exponent - config.output_exponent)
        below = left + right + overlap * together.data + shrinkage
    values = np.zeros(len(below), dtype=np.float32)
    np.divide(together.data, below, out=values, where=below > 0)
    return values


def _denominators(people: Csr, damped: Csr, config: ItemKNNConfig) -> tuple[FloatArray, FloatArray]:
    if config.similarity == "product":
        degrees = column_sums(people)
        return power(degrees, config.item_exponent), power(degrees, config.output_exponent)
    # Tversky compares with the count of an item with itself, under the same damping.
    own = column_sums(damped.multiply(people).tocsr())
    return own * np.float32(config.item_exponent), own * np.float32(config.output_exponent)


def _parts(matrix: Csr) -> tuple[Any, Any, Any]:
    """Return the arrays of a matrix as read-only views of fixed types: one compilation for all."""
    parts = (
        matrix.indptr.astype(np.int64, copy=False),
        matrix.indices.astype(np.int32, copy=False),
        matrix.data.astype(np.float32, copy=False),
    )
    indptr, indices, data = (freeze(part.view()) for part in parts)
    return indptr, indices, data
