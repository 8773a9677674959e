"""Content block: latent semantic analysis of item tags, against history and declared tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from recsys.core.arrays import NO_ROW, Csr, FloatMatrix, RowArray, csr_view
from recsys.core.contribution import Contribution, Source
from recsys.core.progress import Progress, silent
from recsys.core.rng import named_rng
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.algebra.truncated_svd import krylov_bytes, truncated_svd
from recsys.models.blocks.block_config import Choice, Near, Rule
from recsys.models.blocks.data_size import FLOAT, PAIR, DataSize, Footprint
from recsys.models.blocks.explanation import check_one, linear_parts
from recsys.models.blocks.history_weights import (
    HistoryConfig,
    history_matrix,
    power,
    row_sums,
    scale,
)
from recsys.models.blocks.learned import LearnedBlock

FEW = 8
"""People up to which the vectors of their items are summed: a product of sparse matrices costs
more to set up than it saves."""

PARTS = ("data", "indices", "indptr")
"""Of a csr matrix."""


class ContentConfig(HistoryConfig):
    """Settings of :class:`ContentBlock`."""

    n_factors: PositiveInt = 256
    """Length of the vectors; a narrower vocabulary is used as it is."""
    user_exponent: NonNegativeFloat = 0.5
    """How much long histories are damped."""
    declared_weight: NonNegativeFloat = 1.0
    """What declared tags count beside the history."""
    singular_exponent: float = 0.0
    """Power of each singular value in the product: 0 keeps the cosine of the tags, negative ones
    bring rare themes forward."""
    seed: NonNegativeInt = 0
    """Fixes the random start of the decomposition."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of the maps and vectors, and of the decomposition."""
        width = min(self.n_factors, size.n_tags)
        kept = FLOAT * width * (size.n_items + 2 * size.n_tags) + PAIR * size.n_item_tags
        work = FLOAT * width * (size.n_items + size.n_tags)
        if size.n_tags > self.n_factors:
            work += krylov_bytes((size.n_items, size.n_tags), size.n_item_tags, width)
        return Footprint(kept + work, kept, width)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "user_exponent": Near(0.5),
            "singular_exponent": Choice((-0.5, -0.25, 0.0)),
            "half_life_days": self.half_lives,
        }


class ContentBlock(LearnedBlock):
    r"""Tag profiles as vectors: latent semantic analysis of the weighted tags [Deerwester1990]_.

    .. math:: t_u = n_u^{-b} \sum_s h_{us} t_s + g \, d_u, \qquad
              s(u, i) = \langle V^T t_u, \; \Sigma^{e} V^T t_i \rangle

    with *t* the items' profiles, *d* the declared tags and *V* the leading right singular vectors
    of the item profiles, or the identity where the vocabulary is not wider than ``n_factors``.
    What people do is not used in the fit, so one event, or one declared tag, is enough.

    Parameters
    ----------
    config : ContentConfig, optional
    name : str
        Unique among the blocks of a hybrid.
    """

    is_collaborative = False
    learns_from_events = False

    holds_profiles: ClassVar[bool] = True
    """Whether the vector of every item is what its tags come to."""

    def __init__(self, config: ContentConfig | None = None, *, name: str = "content") -> None:
        self.config = ContentConfig() if config is None else config
        super().__init__(name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Decompose the item profiles; the events play no part."""
        features = training.item_features
        left, right = self._maps(features, progress)
        self.set_arrays(
            item_factors=_dense(features @ right),
            tag_factors=left,
            item_map=right,
            features_data=features.data.copy(),
            features_indices=features.indices.copy(),
            features_indptr=features.indptr.copy(),
        )
        progress("content", 1, 1)

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_factors) float32."""
        return self.array("item_factors")

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_factors) float32: the profile of history and declared tags."""
        if queries.n_queries > FEW or self.config.singular_exponent or not self.holds_profiles:
            return _dense(self._profiles(queries) @ self.array("tag_factors"))
        # both maps are one, so the items' vectors hold what their tags come to already
        out = self._history(queries) @ self.item_factors
        declared = self._declared(queries)
        return _dense(out if declared is None else out + declared @ self.array("tag_factors"))

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, n_factors) float32, exactly as for known items."""
        return _dense(item_features @ self.array("item_map"))

    def at_items(self, item_rows: RowArray) -> Self:
        """Return the block over some of its items, in that order."""
        data, indices, indptr = (self.array(f"features_{part}") for part in PARTS)
        counts = np.diff(indptr)[item_rows]
        ends = np.append(0, np.cumsum(counts))
        places = np.arange(ends[-1]) + np.repeat(indptr[item_rows] - ends[:-1], counts)
        return self.with_arrays(
            item_factors=self.item_factors[item_rows],
            features_data=data[places],
            features_indices=indices[places],
            features_indptr=ends,
        )

    def overlaid(self, other: Self, item_rows: RowArray, places: npt.NDArray[np.int64]) -> Self:
        """Return the block over some items, those that another one holds taken from there."""
        changed = places != NO_ROW
        both = self.at_items(item_rows[~changed]).joined(other.at_items(places[changed]))
        order = np.argsort(np.concatenate([np.flatnonzero(~changed), np.flatnonzero(changed)]))
        return both.at_items(order.astype(np.int32))

    def joined(self, other: Self) -> Self:
        """Return the block over its own items, then over the other's."""
        mine, theirs = ([one.array(f"features_{part}") for part in PARTS] for one in (self, other))
        return self.with_arrays(
            item_factors=np.concatenate([self.item_factors, other.item_factors]),
            features_data=np.concatenate([mine[0], theirs[0]]),
            features_indices=np.concatenate([mine[1], theirs[1]]),
            features_indptr=np.concatenate([mine[2], mine[2][-1] + theirs[2][1:]]),
        )

    def of_new_items(self, item_features: Csr) -> Self:
        """Return the block over new items alone, exactly as for known ones."""
        return self._over(item_features, self.cold_item_factors(item_features))

    def with_features(self, item_features: Csr) -> Self:
        """Return the block after its items got other tags."""
        return self.of_new_items(item_features)

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the part of each tag of the person's profile."""
        check_one(query)
        return [
            linear_parts(
                self.name,
                self._profiles(query),
                source=Source.TAG,
                sources=self.array("tag_factors"),
                targets=self.item_factors[item_rows],
            )
        ]

    def _maps(self, features: Csr, progress: Progress) -> tuple[FloatMatrix, FloatMatrix]:
        """Return the (n_tags, n_factors) maps of people and of items."""
        n_tags = features.shape[1]
        if n_tags <= self.config.n_factors:
            identity = np.eye(n_tags, dtype=np.float32)
            return identity, identity.copy()
        values, vectors = truncated_svd(
            features,
            self.config.n_factors,
            rng=named_rng(self.config.seed, "content"),
            progress=progress,
        )
        gain = power(values, self.config.singular_exponent / 2)
        return vectors, np.ascontiguousarray(vectors * gain)

    def _profiles(self, queries: Queries) -> Csr:
        inferred = self._history(queries) @ self._features()
        declared = self._declared(queries)
        return inferred if declared is None else inferred + declared

    def _history(self, queries: Queries) -> Csr:
        history = history_matrix(queries, self.config)
        return scale(history, rows=power(row_sums(history), -self.config.user_exponent))

    def _declared(self, queries: Queries) -> Csr | None:
        """Return what declared tags count; None where nobody declared any."""
        if not self.config.declared_weight or not queries.tags.nnz:
            return None
        rows = np.full(queries.n_queries, self.config.declared_weight, dtype=np.float32)
        return scale(queries.tags, rows=rows)

    def _over(self, features: Csr, factors: FloatMatrix) -> Self:
        return self.with_arrays(
            item_factors=factors,
            features_data=np.asarray(features.data, dtype=np.float32),
            features_indices=np.asarray(features.indices, dtype=np.int32),
            features_indptr=features.indptr,
        )

    def _features(self) -> Csr:
        parts = [self.array(f"features_{part}") for part in PARTS]
        n_tags = len(self.array("tag_factors"))
        return csr_view(parts[0], parts[1], parts[2], (len(parts[2]) - 1, n_tags))


def _dense(matrix: Any) -> FloatMatrix:
    return np.ascontiguousarray(matrix, dtype=np.float32)
