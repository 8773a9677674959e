"""Hybrid with a delta: item vectors that changed since the fit, beside the main array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, FloatMatrix, RowArray, freeze, positions_of
from recsys.core.contribution import Contribution, Source
from recsys.core.errors import ConfigError
from recsys.index import ChangedVectors
from recsys.models.base import Block, ItemwiseBlock, Queries, is_vector_block
from recsys.models.blocks.learned import LearnedBlock
from recsys.models.hybrid import (
    Hybrid,
    HybridModel,
    QueryState,
    explain_block,
    side_by_side,
)

BlockT = TypeVar("BlockT", bound=ItemwiseBlock)


@dataclass(frozen=True, eq=False)
class BlockDelta:
    """Items of one block that differ from its fit.

    Attributes
    ----------
    rows : (n,) int32
        Rising rows of the model.
    block : ItemwiseBlock
        The block over these items alone.
    """

    rows: RowArray
    block: ItemwiseBlock

    def __post_init__(self) -> None:
        freeze(self.rows)

    def places(self, item_rows: RowArray) -> npt.NDArray[np.int64]:
        """Return the (n,) int64 position of each row in the delta; -1 where it is not in it."""
        return positions_of(item_rows, self.rows, is_sorted=True)

    def over(self, fitted: BlockT, item_rows: RowArray) -> BlockT:
        """Return the fitted block over some items as they are now, in the order of ``item_rows``.

        Parameters
        ----------
        fitted : ItemwiseBlock
            The block over all fitted items.
        item_rows : (n,) int32
            Rows of the model.
        """
        places = self.places(item_rows)
        changed = places != NO_ROW
        if not changed.any():
            return fitted.at_items(item_rows)
        if isinstance(fitted, LearnedBlock) and isinstance(self.block, LearnedBlock):
            return fitted.overlaid(self.block, item_rows, places)
        both = fitted.at_items(item_rows[~changed]).joined(
            cast("BlockT", self.block.at_items(places[changed].astype(np.int32)))
        )
        order = np.argsort(np.concatenate([np.flatnonzero(~changed), np.flatnonzero(changed)]))
        return both.at_items(order.astype(np.int32))

    def overlaid(self, other: BlockDelta) -> BlockDelta:
        """Return both deltas; where both have an item, the other's counts."""
        if not len(self.rows):
            return other
        places = self.places(other.rows)
        known = places != NO_ROW
        source = np.arange(len(self.rows))
        beyond = len(self.rows) + np.arange(len(other.rows))
        source[places[known]] = beyond[known]
        rows = np.concatenate([self.rows, other.rows[~known]])
        source = np.concatenate([source, beyond[~known]])
        order = np.argsort(rows, kind="stable")
        both = self.block.joined(other.block).at_items(source[order].astype(np.int32))
        return BlockDelta(rows[order], both)


@dataclass(frozen=True, eq=False)
class ItemDelta:
    """Items that differ from the fit: changed ones and new ones.

    Attributes
    ----------
    parts : tuple of BlockDelta
        One per vector block of the model. An event moves popularity alone, so the other blocks
        need not hold the item it came to; a new item is in all of them, and none is missing.
    """

    parts: tuple[BlockDelta, ...]

    @classmethod
    def of(cls, rows: RowArray, blocks: Sequence[ItemwiseBlock]) -> ItemDelta:
        """Return the delta of all vector blocks, each over the same items."""
        return cls(tuple(BlockDelta(rows, block) for block in blocks))

    @cached_property
    def rows(self) -> RowArray:
        """(n_changed,) int32: the rising rows that any block has otherwise than its fit."""
        every = [part.rows for part in self.parts]
        nothing = np.zeros(0, dtype=np.int32)
        return freeze(np.unique(np.concatenate([nothing, *every])).astype(np.int32))

    @property
    def n_changed(self) -> int:
        """Number of items of the block that changed most."""
        return max((len(part.rows) for part in self.parts), default=0)

    @property
    def n_items(self) -> int:
        """One more than the last row; 0 without any."""
        return max((int(part.rows[-1]) + 1 for part in self.parts if len(part.rows)), default=0)

    def overlaid(self, other: ItemDelta) -> ItemDelta:
        """Return both deltas; where both have an item, the other's counts."""
        both = zip(self.parts, other.parts, strict=True)
        return ItemDelta(tuple(old.overlaid(new) for old, new in both))


class DeltaHybrid(Hybrid):
    """A hybrid with other vectors for some items, and with further ones.

    Nothing of the fitted hybrid is copied: a request that needs the vectors of some items takes
    them from the delta or from the fitted blocks. Item-item blocks know no new item: they score
    it 0.

    Parameters
    ----------
    fitted : Hybrid
        The main part.
    delta : ItemDelta
        The changes.
    changes : ChangedVectors, optional
        The vectors of the delta's items, and perhaps of others as fitted. None: made when needed.

    Raises
    ------
    ConfigError
        If a vector block of the model cannot take new items.
    """

    def __init__(
        self, fitted: Hybrid, delta: ItemDelta, changes: ChangedVectors | None = None
    ) -> None:
        super().__init__(
            fitted.blocks, fitted.weights, scales=fitted.scales, bucket_edges=fitted.bucket_edges
        )
        self.fitted, self.delta = fitted, delta
        if changes is not None:
            self.changes = changes

    @cached_property
    def changes(self) -> ChangedVectors:
        """The vectors that are not as fitted."""
        return ChangedVectors.of(self.delta.rows, self.vectors_of(self.delta.rows))

    @property
    def n_items(self) -> int:
        """Number of items."""
        return max(self.fitted.n_items, self.delta.n_items)

    @property
    def itemwise_blocks(self) -> tuple[ItemwiseBlock, ...]:
        """The vector blocks of the fit; that each is itemwise, :func:`empty_delta` checked."""
        return cast("tuple[ItemwiseBlock, ...]", self.vector_blocks)

    @cached_property
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_factors) float32, made when first asked for: requests do without."""
        out = np.empty((self.n_items, self.fitted.item_factors.shape[1]), dtype=np.float32)
        out[: self.fitted.n_items] = self.fitted.item_factors
        out[self.changes.rows] = self.changes.vectors
        return freeze(out)

    def products(self, query_vectors: FloatMatrix) -> FloatMatrix:
        """Return the (n_queries, n_items) float32 inner products with all items."""
        out = np.empty((len(query_vectors), self.n_items), dtype=np.float32)
        out[:, : self.fitted.n_items] = query_vectors @ self.fitted.item_factors.T
        out[:, self.changes.rows] = query_vectors @ self.changes.vectors.T
        return out

    def pair_products(self, query_vectors: FloatMatrix, item_rows: RowArray) -> FloatMatrix:
        """Return the (n_queries, n_candidates) float32 inner products; -inf for row -1."""
        return self.changes.score(query_vectors, self.fitted.item_factors, item_rows)

    def vectors_of(self, item_rows: RowArray) -> FloatMatrix:
        """Return the (n, n_factors) float32 vectors of some items, put together from the blocks."""
        known = item_rows < self.fitted.n_items
        out = self.fitted.item_factors[np.where(known, item_rows, 0)]
        end = 0
        for part in self.delta.parts:
            factors = part.block.item_factors
            start, end = end, end + factors.shape[1]
            if len(part.rows):
                places = part.places(item_rows)
                changed = places != NO_ROW
                out[changed, start:end] = factors[places[changed]]
        return np.asarray(out, dtype=np.float32)

    def explain(
        self, query: Queries, state: QueryState, *, item_rows: RowArray
    ) -> list[Contribution]:
        """Return parts that sum to the scores of ``item_rows`` for the one person asked about."""
        gains = self.gains(state)[0]
        some = np.union1d(query.history.indices, item_rows).astype(np.int32)
        local = query.at_items(some)
        wanted = np.searchsorted(some, item_rows).astype(np.int32)
        deltas = iter(self.delta.parts)
        parts: list[Contribution] = []
        for gain, block in zip(gains, self.blocks, strict=True):
            delta = next(deltas) if is_vector_block(block) else None
            if gain == 0:
                continue
            if delta is None:
                found = list(explain_block(block, query, item_rows))
            else:
                found = [
                    _in_rows_of(part, some)
                    for part in delta.over(itemwise(block), some).explain(local, wanted)
                ]
            parts += [part.scaled(float(gain)) for part in found]
        return parts

    def merged(self) -> HybridModel:
        """Return the same model in one array, at the cost of copying."""
        every = np.arange(self.n_items, dtype=np.int32)
        deltas = iter(self.delta.parts)
        blocks: list[Block] = [
            next(deltas).over(itemwise(block), every) if is_vector_block(block) else block
            for block in self.blocks
        ]
        return HybridModel(blocks, self.weights, scales=self.scales, bucket_edges=self.bucket_edges)

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_factors) float32: the vector blocks side by side, unweighted."""
        both = zip(self.itemwise_blocks, self.delta.parts, strict=True)
        return side_by_side([self._user_factors(block, delta, queries) for block, delta in both])

    def _user_factors(
        self, fitted: ItemwiseBlock, delta: BlockDelta, queries: Queries
    ) -> FloatMatrix:
        """Return the user factors of one block, reading what changed of the histories' items."""
        if isinstance(fitted, LearnedBlock) and not fitted.reads_history:
            return fitted.user_factors(queries)
        items = queries.history.indices
        unchanged = (delta.places(items) == NO_ROW).all()
        if unchanged and not (items >= self.fitted.n_items).any():
            return fitted.user_factors(queries.widened(self.fitted.n_items))
        some = np.unique(items).astype(np.int32)
        return delta.over(fitted, some).user_factors(queries.at_items(some))


def itemwise(block: Block) -> ItemwiseBlock:
    """Return a vector block as one that takes new items.

    Raises
    ------
    ConfigError
        If it cannot.
    """
    if not isinstance(block, ItemwiseBlock):
        raise ConfigError(
            f"a block must have at_items, joined, of_new_items and with_features to be observed; "
            f"{block.name!r} lacks one. Refit instead."
        )
    return block


def empty_delta(model: Hybrid) -> ItemDelta:
    """Return the delta of a model in which nothing has changed yet."""
    nothing = np.zeros(0, dtype=np.int32)
    blocks = [itemwise(block) for block in model.vector_blocks]
    return ItemDelta.of(nothing, [block.at_items(nothing) for block in blocks])


def _in_rows_of(part: Contribution, item_rows: RowArray) -> Contribution:
    """Return a part of local items under the rows that they have in the model."""
    if part.source is not Source.ITEM:
        return part
    return part.with_rows(np.where(part.rows < 0, NO_ROW, item_rows[part.rows]))


BlockPatch, ItemPatch, PatchedHybrid = BlockDelta, ItemDelta, DeltaHybrid
"""Former names."""
