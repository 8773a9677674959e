"""A hybrid whose items changed since the fit: a small table of changes beside the large one."""

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
from recsys.models.base import Block, ItemwiseBlock, Queries, VectorBlock
from recsys.models.blocks.learned import LearnedBlock
from recsys.models.hybrid import HybridModel, QueryState, explain_block, side_by_side

BlockT = TypeVar("BlockT", bound=ItemwiseBlock)


@dataclass(frozen=True, eq=False)
class BlockPatch:
    """What one block has otherwise than its fit.

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
        """Return the (n,) int64 place of each row in the patch; -1 where it is not in it."""
        return positions_of(item_rows, self.rows, is_sorted=True)

    def overlaid(self, other: BlockPatch) -> BlockPatch:
        """Return both patches; where both have an item, the other's counts."""
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
        return BlockPatch(rows[order], both)


@dataclass(frozen=True, eq=False)
class ItemPatch:
    """Items that differ from the fit: changed ones and new ones.

    Attributes
    ----------
    parts : tuple of BlockPatch
        One per vector block of the model. An event moves popularity alone, so the other blocks
        need not hold the item it came to; a new item is in all of them, and none is missing.
    """

    parts: tuple[BlockPatch, ...]

    @classmethod
    def of(cls, rows: RowArray, blocks: Sequence[ItemwiseBlock]) -> ItemPatch:
        """Return the patch of all vector blocks, each over the same items."""
        return cls(tuple(BlockPatch(rows, block) for block in blocks))

    @cached_property
    def rows(self) -> RowArray:
        """(n_changed,) int32: the rising rows that any block has otherwise than its fit."""
        every = [part.rows for part in self.parts]
        nothing = np.zeros(0, dtype=np.int32)
        return freeze(np.unique(np.concatenate([nothing, *every])).astype(np.int32))

    @property
    def n_changed(self) -> int:
        """How many items the block has that changed most."""
        return max((len(part.rows) for part in self.parts), default=0)

    @property
    def n_items(self) -> int:
        """One more than the last row; 0 without any."""
        return max((int(part.rows[-1]) + 1 for part in self.parts if len(part.rows)), default=0)

    def overlaid(self, other: ItemPatch) -> ItemPatch:
        """Return both patches; where both have an item, the other's counts."""
        both = zip(self.parts, other.parts, strict=True)
        return ItemPatch(tuple(old.overlaid(new) for old, new in both))


class PatchedHybrid(HybridModel):
    """A hybrid with other vectors for some items, and with further ones.

    Nothing of the fitted hybrid is copied: a request that needs the vectors of some items takes
    them from the changes or from the fitted blocks. Kernels know no new item: they score it 0.

    Parameters
    ----------
    fitted : HybridModel
        Not itself patched.
    patch : ItemPatch
        The changes.
    changes : ChangedVectors, optional
        The vectors of the patch's items, and perhaps of others as fitted. None: made when needed.

    Raises
    ------
    ConfigError
        If a vector block of the model cannot take new items.
    """

    def __init__(
        self, fitted: HybridModel, patch: ItemPatch, changes: ChangedVectors | None = None
    ) -> None:
        # on purpose without super().__init__: it would put all vectors side by side again
        self.fitted, self.patch = fitted, patch
        self.blocks, self.weights, self.scales = fitted.blocks, fitted.weights, fitted.scales
        self.bucket_edges = fitted.bucket_edges
        self._vector, self._kernel, self._owner = fitted._vector, fitted._kernel, fitted._owner
        self._gains, self.has_kernels = fitted._gains, fitted.has_kernels
        self._n_items = max(fitted.n_items, patch.n_items)
        if changes is not None:
            self.changes = changes

    @cached_property
    def changes(self) -> ChangedVectors:
        """The vectors that are not as fitted."""
        return ChangedVectors.of(self.patch.rows, self.vectors_of(self.patch.rows))

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return self._n_items

    @property
    def itemwise_blocks(self) -> tuple[ItemwiseBlock, ...]:
        """The vector blocks of the fit; that each is itemwise, the patch saw to."""
        return cast("tuple[ItemwiseBlock, ...]", self.fitted.vector_blocks)

    @cached_property
    def item_factors(self) -> FloatMatrix:  # type: ignore[override]
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
        for part in self.patch.parts:
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
        parts: list[Contribution] = []
        for at, (gain, block) in enumerate(zip(gains, self.blocks, strict=True)):
            if gain == 0:
                continue
            if isinstance(block, VectorBlock):
                found = self._at_items(at, some).explain(local, wanted)
                found = [_in_rows_of(part, some) for part in found]
            else:
                found = list(explain_block(block, query, item_rows))
            parts += [part.scaled(float(gain)) for part in found]
        return parts

    def merged(self) -> HybridModel:
        """Return the same model with the patch put in: whole arrays, at the cost of copying."""
        parts = iter(self.patch.parts)
        blocks: list[Block] = [
            self._merged_block(block, next(parts)) if isinstance(block, VectorBlock) else block
            for block in self.blocks
        ]
        return HybridModel(blocks, self.weights, scales=self.scales, bucket_edges=self.bucket_edges)

    def _state(self, queries: Queries) -> QueryState:
        parts = [
            self._user_factors(fitted, part, queries)
            for fitted, part in zip(self.itemwise_blocks, self.patch.parts, strict=True)
        ]
        buckets = np.searchsorted(self.bucket_edges, queries.n_consumed, side="right")
        nothing = np.zeros((queries.n_queries, 0), dtype=np.float32)
        return QueryState(side_by_side(parts or [nothing]), buckets.astype(np.int8))

    def _user_factors(
        self, fitted: ItemwiseBlock, part: BlockPatch, queries: Queries
    ) -> FloatMatrix:
        """Return the user factors of one block, reading what changed of the histories' items."""
        if isinstance(fitted, LearnedBlock) and not fitted.reads_history:
            return fitted.user_factors(queries)
        items = queries.history.indices
        places = part.places(items)
        if (places == NO_ROW).all() and not (items >= self.fitted.n_items).any():
            return fitted.user_factors(queries.widened(self.fitted.n_items))
        some = np.unique(items).astype(np.int32)
        local = taken(fitted, part.block, some, places=part.places(some))
        return local.user_factors(queries.at_items(some))

    def _at_items(self, at: int, item_rows: RowArray) -> ItemwiseBlock:
        """Return block ``at`` over some items, as they are now."""
        part = self.patch.parts[[one for one, _ in self._vector].index(at)]
        fitted = itemwise(self.blocks[at])
        return taken(fitted, part.block, item_rows, places=part.places(item_rows))

    def _merged_block(self, block: Block, part: BlockPatch) -> ItemwiseBlock:
        every = np.arange(self.n_items, dtype=np.int32)
        return taken(itemwise(block), part.block, every, places=part.places(every))


def taken(
    fitted: BlockT,
    patched: ItemwiseBlock,
    item_rows: RowArray,
    *,
    places: npt.NDArray[np.int64],
) -> BlockT:
    """Return a block over some items: those of the patch from there, the others as fitted.

    Parameters
    ----------
    fitted, patched : ItemwiseBlock
        Over all fitted items, and over those of the patch.
    item_rows : (n,) int32
        Rows of the model.
    places : (n,) int64
        Their places in the patch; -1 where it does not hold them.
    """
    changed = places != NO_ROW
    if not changed.any():
        return fitted.at_items(item_rows)
    if isinstance(fitted, LearnedBlock) and isinstance(patched, LearnedBlock):
        return fitted.mixed(patched, item_rows, places)
    both = fitted.at_items(item_rows[~changed]).joined(
        cast("BlockT", patched.at_items(places[changed]))
    )
    order = np.empty(len(item_rows), dtype=np.int64)
    order[~changed] = np.arange(int((~changed).sum()))
    order[changed] = np.arange(int((~changed).sum()), len(item_rows))
    return both.at_items(order.astype(np.int32))


def itemwise(block: Block) -> ItemwiseBlock:
    """Return a vector block as one that takes new items.

    Raises
    ------
    ConfigError
        If it cannot.
    """
    if not isinstance(block, ItemwiseBlock):
        raise ConfigError(
            f"a block must have at_items, joined, of_new_items and edited to be observed; "
            f"{block.name!r} lacks one. Refit instead."
        )
    return block


def fitted_patch(model: HybridModel) -> ItemPatch:
    """Return a patch of a model in which nothing has changed yet."""
    nothing = np.zeros(0, dtype=np.int32)
    blocks = [itemwise(block) for block in model.vector_blocks]
    return ItemPatch.of(nothing, [block.at_items(nothing) for block in blocks])


def _in_rows_of(part: Contribution, item_rows: RowArray) -> Contribution:
    """Return a part of local items under the rows that they have in the model."""
    if part.source is not Source.ITEM:
        return part
    return part.with_rows(np.where(part.rows < 0, NO_ROW, item_rows[part.rows]))
