"""Hybrid of weighted blocks: vector blocks in one space, item-item blocks as re-scorers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, DoubleArray, FloatMatrix, RowArray, freeze
from recsys.core.contribution import Contribution
from recsys.core.rng import named_rng
from recsys.index import score_rows
from recsys.models.base import Block, Queries, is_item_item_block, is_vector_block

BATCH = 1024
"""Users whose states are computed together: bounds the memory."""

SCALE_BATCH = 64
"""Users whose scores of all items are computed together."""

BUCKET_EDGES = (1, 5, 20)
"""Items consumed at which a person enters the next activity bucket."""


@dataclass(frozen=True, slots=True, eq=False)
class QueryState:
    """User vectors and activity buckets of some people, before the weights.

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


class Hybrid(ABC):
    r"""A weighted sum of standardised block scores.

    .. math:: s(u, i) = \sum_m g_m(b_u)\, \sigma_m\, s_m(u, i)

    with :math:`g_m` the weight of block *m* in the activity bucket of *u* and :math:`\sigma_m` the
    scale of the block: the inverse root-mean-square standard deviation of its scores. It is global,
    not per person: a block with little evidence for a person contributes less. The vector blocks
    form one inner product, ``<query_vectors(u), item_factors(i)>``; item-item blocks re-score.

    :class:`HybridModel` holds the item vectors in one array;
    :class:`recsys.models.delta_hybrid.DeltaHybrid` holds those that changed since beside it.

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
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        weights: DoubleArray,
        *,
        scales: DoubleArray | None = None,
        bucket_edges: Sequence[int] = BUCKET_EDGES,
    ) -> None:
        self.blocks = tuple(blocks)
        self.bucket_edges = tuple(bucket_edges)
        self.weights = freeze(np.array(weights, dtype=np.float64))
        ones = np.ones(len(self.blocks))
        self.scales = freeze(np.array(ones if scales is None else scales, dtype=np.float64))
        self.vector_blocks = tuple(block for block in blocks if is_vector_block(block))
        self._item_item = [
            (at, block) for at, block in enumerate(blocks) if is_item_item_block(block)
        ]

    @property
    @abstractmethod
    def n_items(self) -> int:
        """Number of items."""

    @property
    @abstractmethod
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_factors) float32: the vector blocks side by side."""

    @abstractmethod
    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_factors) float32: the vector blocks side by side, unweighted."""

    @abstractmethod
    def products(self, query_vectors: FloatMatrix) -> FloatMatrix:
        """Return the (n_queries, n_items) float32 inner products with all items."""

    @abstractmethod
    def pair_products(self, query_vectors: FloatMatrix, item_rows: RowArray) -> FloatMatrix:
        """Return the (n_queries, n_candidates) float32 inner products; -inf for row -1."""

    @abstractmethod
    def explain(
        self, query: Queries, state: QueryState, *, item_rows: RowArray
    ) -> list[Contribution]:
        """Return parts that sum to the scores of ``item_rows`` for the one person asked about."""

    @abstractmethod
    def merged(self) -> HybridModel:
        """Return the same model with all item vectors in one array."""

    @property
    def n_buckets(self) -> int:
        """Number of activity buckets."""
        return len(self.bucket_edges) + 1

    @cached_property
    def has_item_item(self) -> bool:
        """True if an item-item block has a weight, so that candidates are re-scored."""
        return any(self.weights[:, at].any() for at, _ in self._item_item)

    @property
    def has_kernels(self) -> bool:
        """The same, by its former name."""
        return self.has_item_item

    def states(self, queries: Queries, *, batch: int = BATCH) -> QueryState:
        """Return user factors and activity buckets of some people, ``batch`` of them at a time."""
        starts = range(0, max(queries.n_queries, 1), batch)
        parts = [self.user_factors(queries.chunk(start, start + batch)) for start in starts]
        buckets = np.searchsorted(self.bucket_edges, queries.n_consumed, side="right")
        vectors = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return QueryState(vectors, buckets.astype(np.int8))

    def query_vectors(self, state: QueryState) -> FloatMatrix:
        """Return (n_queries, n_factors) float32 for an index of ``item_factors``, weighted."""
        return np.ascontiguousarray(state.vectors * self.gains(state)[:, self._owner])

    def gains(self, state: QueryState) -> FloatMatrix:
        """Return (n_queries, n_blocks) float32: weight times scale of each block."""
        return self._gains[state.buckets]

    def kernel_scores(self, queries: Queries, state: QueryState) -> FloatMatrix:
        """Return the (n_queries, n_items) float32 part of the score of item-item blocks."""
        gains = self.gains(state)
        out = np.zeros((queries.n_queries, self.n_items), dtype=np.float32)
        for at, block in self._item_item:
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
        for at, block in self._item_item:
            if gains[:, at].any():
                known, rows = block.n_known_items, item_rows
                if known < self.n_items:
                    rows = np.where(item_rows < known, item_rows, np.int32(NO_ROW))
                some = block.candidate_scores(queries.of_items(known), rows)
                out += gains[:, at, None] * some
        return out

    @cached_property
    def _gains(self) -> FloatMatrix:
        return freeze((self.weights * self.scales).astype(np.float32))

    @cached_property
    def _owner(self) -> npt.NDArray[np.int64]:
        """The block of each column of the item vectors."""
        widths = [block.item_factors.shape[1] for block in self.vector_blocks]
        owners = [at for at, block in enumerate(self.blocks) if is_vector_block(block)]
        return np.repeat(np.array(owners, dtype=np.int64), widths)


class HybridModel(Hybrid):
    """A hybrid whose item vectors are one array; see :class:`Hybrid`.

    Parameters
    ----------
    blocks, weights, scales, bucket_edges
        As for :class:`Hybrid`.
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
        super().__init__(blocks, weights, scales=scales, bucket_edges=bucket_edges)
        parts = [block.item_factors for block in self.vector_blocks]
        shape = (len(parts[0]), sum(part.shape[1] for part in parts))
        if item_factors is None or item_factors.shape != shape:
            item_factors = freeze(side_by_side(parts))
        self._item_factors = item_factors

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_factors) float32: the vector blocks side by side."""
        return self._item_factors

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.item_factors.shape[0])

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_factors) float32: the vector blocks side by side, unweighted."""
        return side_by_side([block.user_factors(queries) for block in self.vector_blocks])

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

    def merged(self) -> HybridModel:
        """Return this model: its item vectors are in one array."""
        return self


def explain_block(block: Block, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
    """Return the parts of one block; none of items that an item-item block does not know."""
    if not is_item_item_block(block):
        return block.explain(query, item_rows)
    known = item_rows < block.n_known_items
    parts = block.explain(query.of_items(block.n_known_items), item_rows[known])
    if known.all():
        return parts
    return [part.spread(known) for part in parts]


def block_scales(
    blocks: Sequence[Block], queries: Queries, *, batch: int = SCALE_BATCH
) -> DoubleArray:
    """Return (n_blocks,) float64: the inverse root-mean-square deviation of scores over items.

    Parameters
    ----------
    blocks : sequence of Block
        Fitted.
    queries : Queries
        People to measure it on; a few hundred are enough. A block that is silent for all has 1.
    batch : int
        People that are scored at once.

    Notes
    -----
    The spread is the root of the mean variance over the people for whom the block is not silent:
    scores that differ by no more than float32 rounding are equal.
    """
    out = np.ones(len(blocks))
    for at, block in enumerate(blocks):
        variances = []
        for start in range(0, queries.n_queries, batch):
            scores = block_scores(block, queries.chunk(start, start + batch))
            rounding = np.finfo(np.float32).eps * np.abs(scores).max(axis=1, initial=0)
            variance = scores.var(axis=1)
            variances.append(np.where(variance > np.square(rounding), variance, 0))
        spread = np.concatenate([*variances, np.zeros(0)])
        spread = spread[spread > np.finfo(np.float32).tiny]
        if len(spread):
            out[at] = 1 / np.sqrt(spread.mean())
    return out


def block_scores(block: Block, queries: Queries) -> FloatMatrix:
    """Return the (n_queries, n_items) float32 scores of one block."""
    if is_vector_block(block):
        return block.user_factors(queries) @ block.item_factors.T
    assert is_item_item_block(block)  # noqa: S101  (every block is one or the other)
    return block.scores(queries)


def side_by_side(parts: Sequence[FloatMatrix]) -> FloatMatrix:
    """Return matrices of as many lines beside each other, (n, n_factors) float32."""
    return np.ascontiguousarray(np.hstack(parts), dtype=np.float32)


def scaled_hybrid(
    blocks: Sequence[Block],
    weights: DoubleArray,
    queries: Queries,
    *,
    bucket_edges: Sequence[int],
    seed: int,
    n_people: int = 512,
) -> HybridModel:
    """Return the hybrid of fitted blocks, their scales measured on ``n_people`` active people."""
    active = np.flatnonzero(queries.n_consumed > 0)
    rng = named_rng(seed, "scales")
    if len(active) > n_people:
        active = np.sort(rng.choice(active, n_people, replace=False))
    scales = block_scales(blocks, queries.take(active))
    return HybridModel(blocks, weights, scales=scales, bucket_edges=bucket_edges)
