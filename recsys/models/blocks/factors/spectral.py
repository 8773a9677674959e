r"""Spectral block: the smooth part of the graph of people, items and tags.

.. math::

    M = \begin{bmatrix} D_U^{-b} X \\ \sqrt{w}\, D_T^{-b} T^T \end{bmatrix} D_I^{-a}
      \approx U \Sigma V^T, \qquad \lambda = \sigma^2 / \sigma_1^2

    q_i = d_i^{c} f(\lambda)^{1/2} v_i, \qquad
    p_u = n_u^{-b} \sum_s h_{us}\, d_s^{-c} f(\lambda)^{1/2} v_s

with *X* people x items, *T* items x tags, *D* the degree matrices and *n* the history's sum.
``filter`` names *f*: ``flat`` 1, PureSVD [Cremonesi2010]_; ``gfcf`` :math:`\lambda + \alpha` on the
leading vectors, λ below [GFCF2021]_; ``ridge`` :math:`\lambda / (\lambda + l)`, the low-rank linear
autoencoder [Jin2021]_; ``band_pass`` :math:`(\lambda + \beta) e^{-t \lambda}`, the blurring and
sharpening of [BSPM2023]_ in closed form. Tags are pseudo-users, as in [CEASE2020]_.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import scipy.sparse as sp
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from recsys.core.arrays import Csr, FloatArray, FloatMatrix, RowArray
from recsys.core.contribution import Contribution, Source
from recsys.core.progress import Progress, silent
from recsys.core.rng import named_rng
from recsys.models.base import Arrays, Queries, TrainingSet
from recsys.models.blocks.algebra.truncated_svd import krylov_bytes, truncated_svd
from recsys.models.blocks.block_config import Choice, Near, Rule, Tags, Times
from recsys.models.blocks.data_size import FLOAT, PAIR, DataSize, Footprint
from recsys.models.blocks.explanation import check_one, linear_parts
from recsys.models.blocks.history_weights import (
    HistoryConfig,
    column_sums,
    history_matrix,
    power,
    row_sums,
    scale,
    training_matrix,
)
from recsys.models.blocks.learned import LearnedBlock


class SpectralConfig(HistoryConfig):
    """Settings of :class:`SpectralBlock`."""

    n_factors: PositiveInt = 256
    """Length of the vectors; cut to the shorter side of the data."""
    item_exponent: NonNegativeFloat = 0.5
    """a: how much popular items are damped before the decomposition."""
    user_exponent: NonNegativeFloat = 0.5
    """b: how much long histories are damped."""
    output_exponent: float = 0.5
    """c: how much popular items are raised in the answer (and damped in the history)."""
    filter: Literal["flat", "gfcf", "ridge", "band_pass"] = "ridge"
    """f: what each eigenvalue, scaled to at most 1, becomes."""
    ridge: PositiveFloat = 0.2
    """l of ``ridge``: eigenvalues below it count less."""
    low_pass_weight: NonNegativeFloat = 0.3
    """α of ``gfcf``."""
    low_pass_factors: PositiveInt = 256
    """How many leading vectors ``gfcf`` gives α to."""
    band_shift: NonNegativeFloat = 0.5
    """β of ``band_pass``."""
    band_time: NonNegativeFloat = 1.0
    """t of ``band_pass``."""
    tag_weight: NonNegativeFloat = 0.1
    """w: weight of the tags as pseudo-users; 0 leaves them out."""
    declared_weight: NonNegativeFloat = 1.0
    """What declared tags count beside the history."""
    cold_ridge: PositiveFloat = 0.1
    """Shrinks the vector that tags give to an item without events."""
    oversampling: float = Field(default=2.0, ge=1.0)
    """Width of the Krylov space over ``n_factors``: more is more exact and slower."""
    n_steps: PositiveInt = 4
    """Steps of the Krylov method."""
    seed: NonNegativeInt = 0
    """Fixes the random start of the Krylov method."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of the vectors, and of the Krylov space."""
        n_pairs = size.n_pairs + (size.n_item_tags if self.tag_weight else 0)
        rows = size.n_users + (size.n_tags if self.tag_weight else 0)
        width = min(self.n_factors, rows, size.n_items)
        kept = FLOAT * width * (size.n_items + 2 * size.n_tags + 2) + 8 * size.n_items
        shape = (rows, size.n_items)
        space = krylov_bytes(shape, n_pairs, width, oversampling=self.oversampling)
        work = 6 * PAIR * n_pairs + 2 * FLOAT * width * size.n_items
        return Footprint(kept + space + work, kept, width)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "n_factors": Times(3.0, fits_data=True),
            "ridge": Times(8.0),
            "item_exponent": Near(0.25),
            "user_exponent": Near(0.25),
            "output_exponent": Near(0.25),
            "tag_weight": Tags(Choice((0.0, 0.03, 0.1, 0.3, 1.0))),
            "half_life_days": self.half_lives,
        }


class SpectralBlock(LearnedBlock):
    """Vectors from the leading singular vectors of the normalised data.

    Parameters
    ----------
    config : SpectralConfig, optional
    name : str
        Unique among the blocks of a hybrid.
    """

    def __init__(self, config: SpectralConfig | None = None, *, name: str = "spectral") -> None:
        self.config = SpectralConfig() if config is None else config
        super().__init__(name)

    per_item = ("item_factors", "source_scale")

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Decompose; see the module for the formula and :func:`truncated_svd` for the cost."""
        config = self.config
        history = training_matrix(training, config)
        people = scale(history, rows=power(row_sums(history), -config.user_exponent))
        tags = self._pseudo_users(training.item_features)
        stacked = sp.vstack([people, tags], format="csr") if config.tag_weight else people
        degrees = column_sums(history)
        # An item that only tags know has the degree of its tags, not a division by zero.
        inner = np.where(degrees > 0, degrees, column_sums(stacked)).astype(np.float32)
        matrix = scale(stacked, columns=power(inner, -config.item_exponent))
        eigenvalues, vectors = truncated_svd(
            matrix,
            config.n_factors,
            rng=named_rng(config.seed, "spectral"),
            n_steps=config.n_steps,
            oversampling=config.oversampling,
            progress=progress,
        )
        self._keep(vectors, eigenvalues, degrees=degrees, features=training.item_features)
        progress("spectral", 1, 1)

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_factors) float32."""
        return self.array("item_factors")

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_factors) float32, the same way for everyone."""
        out = self._history(queries) @ self.item_factors
        if self._uses_tags(queries):
            out = out + self._declared(queries) @ self.array("tag_factors")
        return np.ascontiguousarray(out, dtype=np.float32)

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, n_factors) float32: the vectors that best explain the items' tags."""
        tags = scale(item_features, columns=self.array("tag_scale"))
        return np.ascontiguousarray(tags @ self.array("cold_map"), dtype=np.float32)

    def new_item_arrays(self, item_features: Csr) -> Arrays:
        """Return the vectors of new items, and the scale of an item of the usual degree."""
        scale_of_new = np.repeat(self.array("new_source_scale"), item_features.shape[0])
        return {
            "item_factors": self.cold_item_factors(item_features),
            "source_scale": scale_of_new,
        }

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the parts of the history's items, then of the declared tags."""
        check_one(query)
        targets = self.item_factors[item_rows]
        parts = [
            linear_parts(
                self.name,
                self._history(query),
                source=Source.ITEM,
                sources=self.item_factors,
                targets=targets,
            )
        ]
        if self._uses_tags(query):
            parts.append(
                linear_parts(
                    self.name,
                    self._declared(query),
                    source=Source.TAG,
                    sources=self.array("tag_factors"),
                    targets=targets,
                )
            )
        return parts

    def _keep(
        self, vectors: FloatMatrix, eigenvalues: FloatArray, *, degrees: FloatArray, features: Csr
    ) -> None:
        config = self.config
        typical = float(np.median(degrees[degrees > 0])) if np.any(degrees > 0) else 1.0
        known = np.where(degrees > 0, degrees, typical).astype(np.float32)
        gain = np.sqrt(spectral_filter(eigenvalues, config))
        factors = vectors * gain * power(known, config.output_exponent)[:, None]
        source_scale = power(known, -2 * config.output_exponent)
        tags = self._pseudo_users(features)
        tag_factors = scale(tags, columns=source_scale) @ factors
        seen = scale(tags, columns=power(known, -config.item_exponent))
        lift = gain * np.float32(typical ** (config.output_exponent - config.item_exponent))
        cold_map = tag_map(seen, vectors, ridge=config.cold_ridge) * lift
        self.set_arrays(
            item_factors=np.ascontiguousarray(factors, dtype=np.float32),
            source_scale=source_scale,
            new_source_scale=power(np.array([typical], np.float32), -2 * config.output_exponent),
            eigenvalues=eigenvalues,
            tag_factors=np.ascontiguousarray(tag_factors, dtype=np.float32),
            tag_scale=self._tag_scale(features),
            cold_map=np.ascontiguousarray(cold_map, dtype=np.float32),
        )

    def _pseudo_users(self, features: Csr) -> Csr:
        """Return the (n_tags, n_items) rows that tags add below the people."""
        return scale(features.T.tocsr(), rows=self._tag_scale(features))

    def _tag_scale(self, features: Csr) -> FloatArray:
        root = np.float32(np.sqrt(self.config.tag_weight or 1.0))
        return root * power(column_sums(features), -self.config.user_exponent)

    def _history(self, queries: Queries) -> Csr:
        history = history_matrix(queries, self.config)
        size = power(row_sums(history), -self.config.user_exponent)
        return scale(history, rows=size, columns=self.array("source_scale"))

    def _declared(self, queries: Queries) -> Csr:
        rows = np.full(queries.n_queries, self.config.declared_weight, dtype=np.float32)
        return scale(queries.tags, rows=rows)

    def _uses_tags(self, queries: Queries) -> bool:
        return bool(self.config.declared_weight and queries.tags.nnz)


def tag_map(tags: Csr, vectors: FloatMatrix, *, ridge: float) -> FloatMatrix:
    r"""Return the (n_tags, n_factors) map from the tag part of an item's column to its vector.

    .. math:: v = \arg\min_v |m - W v|^2 + \delta |v|^2, \qquad W = M_T V

    over the tag rows :math:`M_T` alone: of an item nobody has met, the others are unknown, not 0.

    Parameters
    ----------
    tags : (n_tags, n_items) csr float32
        :math:`M_T`.
    vectors : (n_items, n_factors) float32
        V.
    ridge : float
        δ over the mean eigenvalue of :math:`W^T W`.
    """
    if 0 in tags.shape:
        return np.zeros((tags.shape[0], vectors.shape[1]), dtype=np.float32)
    image = (tags @ vectors).astype(np.float64)
    system = image.T @ image
    system[np.diag_indices_from(system)] += max(ridge * np.trace(system) / len(system), 1e-12)
    return np.linalg.solve(system, image.T).T.astype(np.float32)


def spectral_filter(eigenvalues: FloatArray, config: SpectralConfig) -> FloatArray:
    r"""Return f of each eigenvalue, in their order.

    Parameters
    ----------
    eigenvalues : (n_factors,) float32
        Descending; scaled here so that the first is 1.

    Examples
    --------
    >>> values = np.array([1.0, 0.25], np.float32)
    >>> spectral_filter(values, SpectralConfig(filter="ridge", ridge=0.25)).tolist()
    [0.800000011920929, 0.5]
    """
    first = float(eigenvalues[0]) if len(eigenvalues) else 1.0
    scaled = eigenvalues / np.float32(max(first, 1e-30))
    if config.filter == "flat":
        out = np.ones_like(scaled)
    elif config.filter == "gfcf":
        leading = np.arange(len(scaled)) < config.low_pass_factors
        out = scaled + config.low_pass_weight * leading
    elif config.filter == "ridge":
        out = scaled / (scaled + config.ridge)
    else:
        out = (scaled + config.band_shift) * np.exp(-config.band_time * scaled)
    # Vectors of no weight are arbitrary directions of the null space, whatever f makes of 0.
    return np.asarray(np.where(scaled > 1e-6, out, 0.0), dtype=np.float32)
