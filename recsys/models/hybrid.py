"""Blocks side by side in one vector space, weighted on the query side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, DoubleArray, FloatMatrix, RowArray, freeze
from recsys.core.contribution import Contribution
from recsys.core.rng import named_rng
from recsys.index import score_rows
from recsys.models.base import Block, KernelBlock, Queries, VectorBlock

BATCH = 1024
"""People scored at once: bounds the memory of a dense batch of scores."""

SCALE_BATCH = 64
"""People at once while scales are measured."""

BUCKET_EDGES = (1, 5, 20)
"""Items consumed at which a person enters the next activity bucket."""


@dataclass(frozen=True, slots=True, eq=False)
class QueryState:
    """What the hybrid knows of some people, before the weights.

    Attributes
    ----------
    vectors : (n_queries, n_factors) float32
        User factors of the vector blocks, side by side.
    buckets : (n_queries,) int8
        Activity bucket: how many of the edges the person has reached.
    """

    vectors: FloatMatrix
    buckets: npt.NDArray[np.int8]

    def take(self, rows: npt.NDArray[np.integer]) -> QueryState:
        """Return the states at ``rows``, in that order."""
        return QueryState(self.vectors[rows], self.buckets[rows])


class HybridModel:
    r"""A weighted sum of standardised block scores.

    .. math:: s(u, i) = \sum_m g_m(b_u)\, \sigma_m\, s_m(u, i)

    with :math:`g_m` the weight of block *m* in the activity bucket of *u* and :math:`\sigma_m` the
    scale of the block: one over the usual spread of its scores over the items. One scale for
    everybody, so that a block which is unsure of a person speaks softly. The vector blocks form one
    inner product, ``<query_vectors(u), item_factors(i)>``; kernel blocks re-score.

    Parameters
    ----------
    blocks : sequence of Block
        Fitted.
    weights : (n_buckets, n_blocks) float64
        Weight of each block for people of each activity bucket.
    scales : (n_blocks,) float64, optional
        From :func:`block_scales`; None is 1 for all.
    bucket_edges : sequence of int
        Ascending; ``n_buckets`` is one more than their number.
    item_factors : (n_items, n_factors) float32, optional
        The vectors of the vector blocks side by side, where they are at hand, as in a mapped file.
        Used if the shape is right; else they are joined here, which takes as much memory again.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        weights: DoubleArray,
        *,
        scales: DoubleArray | None = None,
        bucket_edges: Sequence[int] = BUCKET_EDGES,
        item_factors: FloatMatrix | None = None,
    ) -> None:
        self.blocks = tuple(blocks)
        self.bucket_edges = tuple(bucket_edges)
        self.weights = freeze(np.array(weights, dtype=np.float64))
        ones = np.ones(len(self.blocks))
        self.scales = freeze(np.array(ones if scales is None else scales, dtype=np.float64))
        self._vector = [(at, b) for at, b in enumerate(blocks) if isinstance(b, VectorBlock)]
        self._kernel = [(at, b) for at, b in enumerate(blocks) if isinstance(b, KernelBlock)]
        parts = [block.item_factors for _, block in self._vector]
        widths = [part.shape[1] for part in parts]
        if item_factors is None or item_factors.shape != (len(parts[0]), sum(widths)):
            item_factors = freeze(side_by_side(parts))
        self.item_factors = item_factors
        self._owner = np.repeat([at for at, _ in self._vector], widths).astype(np.int64)

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return int(self.item_factors.shape[0])

    @property
    def vector_blocks(self) -> tuple[VectorBlock, ...]:
        """The blocks that are inner products, in the order of their columns."""
        return tuple(block for _, block in self._vector)

    @property
    def n_buckets(self) -> int:
        """How many activity buckets there are."""
        return len(self.bucket_edges) + 1

    @cached_property
    def has_kernels(self) -> bool:
        """Whether a block with a weight is no inner product, so that candidates are re-scored."""
        return any(self.weights[:, at].any() for at, _ in self._kernel)

    def states(self, queries: Queries) -> QueryState:
        """Return what the blocks make of some people, in batches."""
        if queries.n_queries <= BATCH:
            return self._state(queries)
        parts = [
            self._state(queries.chunk(start, start + BATCH))
            for start in range(0, max(queries.n_queries, 1), BATCH)
        ]
        return QueryState(
            vectors=np.concatenate([part.vectors for part in parts]),
            buckets=np.concatenate([part.buckets for part in parts]),
        )

    def query_vectors(self, state: QueryState) -> FloatMatrix:
        """Return (n_queries, n_factors) float32 for an index of ``item_factors``, weighted."""
        gains = self.gains(state)
        return np.ascontiguousarray(state.vectors * gains[:, self._owner])

    def gains(self, state: QueryState) -> FloatMatrix:
        """Return (n_queries, n_blocks) float32: weight times scale of each block."""
        return self._gains[state.buckets]

    @cached_property
    def _gains(self) -> FloatMatrix:
        return freeze((self.weights * self.scales).astype(np.float32))

    def kernel_scores(self, queries: Queries, state: QueryState) -> FloatMatrix:
        """Return the (n_queries, n_items) float32 part of the score that no vector holds."""
        gains = self.gains(state)
        out = np.zeros((queries.n_queries, self.n_items), dtype=np.float32)
        for at, block in self._kernel:
            if np.any(gains[:, at]):
                known = block.n_known_items
                out[:, :known] += gains[:, at, None] * block.scores(queries.of_items(known))
        return out

    def kernel_candidate_scores(
        self, queries: Queries, state: QueryState, *, item_rows: RowArray
    ) -> FloatMatrix:
        """Return the same for candidates: (n_queries, n_candidates) float32, 0 for row -1."""
        gains = self.gains(state)
        out = np.zeros(item_rows.shape, dtype=np.float32)
        for at, block in self._kernel:
            if gains[:, at].any():
                known, rows = block.n_known_items, item_rows
                if known < self.n_items:
                    rows = np.where(item_rows < known, item_rows, np.int32(NO_ROW))
                some = block.candidate_scores(queries.of_items(known), rows)
                out += gains[:, at, None] * some
        return out

    def products(self, query_vectors: FloatMatrix) -> FloatMatrix:
        """Return the (n_queries, n_items) float32 inner products with all items."""
        return query_vectors @ self.item_factors.T

    def pair_products(self, query_vectors: FloatMatrix, item_rows: RowArray) -> FloatMatrix:
        """Return the (n_queries, n_candidates) float32 inner products; -inf for row -1."""
        return score_rows(query_vectors, self.item_factors, item_rows)

    def block_scores(self, queries: Queries) -> list[FloatMatrix]:
        """Return the standardised, unweighted (n_queries, n_items) float32 scores of each block."""
        return [
            block_scores(block, queries) * np.float32(scale)
            for block, scale in zip(self.blocks, self.scales, strict=True)
        ]

    def explain(
        self, query: Queries, state: QueryState, *, item_rows: RowArray
    ) -> list[Contribution]:
        """Return parts that sum to the scores of ``item_rows`` for the one person asked about."""
        gains = self.gains(state)[0]
        return [
            part.scaled(float(gain))
            for gain, block in zip(gains, self.blocks, strict=True)
            if gain != 0
            for part in explain_block(block, query, item_rows)
        ]

    def _state(self, queries: Queries) -> QueryState:
        parts = [block.user_factors(queries) for _, block in self._vector]
        buckets = np.searchsorted(self.bucket_edges, queries.n_consumed, side="right")
        vectors = side_by_side(parts) if parts else np.zeros((queries.n_queries, 0), np.float32)
        return QueryState(vectors, buckets.astype(np.int8))


def explain_block(block: Block, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
    """Return the parts of one block; none of what a kernel does not know."""
    if isinstance(block, VectorBlock) or not isinstance(block, KernelBlock):
        return block.explain(query, item_rows)
    known = item_rows < block.n_known_items
    parts = block.explain(query.of_items(block.n_known_items), item_rows[known])
    if known.all():
        return parts
    return [part.spread(known) for part in parts]


def block_scales(blocks: Sequence[Block], queries: Queries) -> DoubleArray:
    """Return (n_blocks,) float64: one over the usual spread of each block's scores over items.

    Parameters
    ----------
    blocks : sequence of Block
        Fitted.
    queries : Queries
        People to measure it on; a few hundred are enough. A block that is silent for all has 1.

    Notes
    -----
    The spread is the root of the mean variance over the people for whom the block is not silent.
    """
    out = np.ones(len(blocks))
    for at, block in enumerate(blocks):
        variances = [
            block_scores(block, queries.chunk(start, start + SCALE_BATCH)).var(axis=1)
            for start in range(0, queries.n_queries, SCALE_BATCH)
        ]
        spread = np.concatenate([*variances, np.zeros(0)])
        spread = spread[spread > np.finfo(np.float32).tiny]
        if len(spread):
            out[at] = 1 / np.sqrt(spread.mean())
    return out


def block_scores(block: Block, queries: Queries) -> FloatMatrix:
    """Return the (n_queries, n_items) float32 scores of one block."""
    if isinstance(block, VectorBlock):
        return block.user_factors(queries) @ block.item_factors.T
    assert isinstance(block, KernelBlock)  # noqa: S101  (every block is one or the other)
    return block.scores(queries)


def side_by_side(parts: Sequence[FloatMatrix]) -> FloatMatrix:
    """Return matrices of as many lines beside each other, (n, n_factors) float32."""
    return np.ascontiguousarray(np.hstack(parts), dtype=np.float32)


SCALE_PEOPLE = 512
"""People on whom the spread of each block's scores is measured."""


def scaled_hybrid(
    blocks: Sequence[Block],
    weights: DoubleArray,
    queries: Queries,
    *,
    bucket_edges: Sequence[int],
    seed: int,
) -> HybridModel:
    """Return the hybrid of fitted blocks, their scales measured on some active people."""
    active = np.flatnonzero(queries.n_consumed > 0)
    rng = named_rng(seed, "scales")
    if len(active) > SCALE_PEOPLE:
        active = np.sort(rng.choice(active, SCALE_PEOPLE, replace=False))
    scales = block_scales(blocks, queries.take(active))
    return HybridModel(blocks, weights, scales=scales, bucket_edges=bucket_edges)
