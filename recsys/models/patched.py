"""A hybrid whose items changed since the fit: a small table of changes beside the large one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, FloatMatrix, RowArray, freeze
from recsys.core.contribution import Contribution, Source
from recsys.core.errors import ConfigError
from recsys.index import score_rows
from recsys.models.base import Block, ItemwiseBlock, Queries, VectorBlock
from recsys.models.hybrid import HybridModel, QueryState, explain_block
from recsys.models.learned import LearnedBlock


@dataclass(frozen=True, eq=False)
class ItemPatch:
    """Items that differ from the fit: changed ones and new ones.

    Attributes
    ----------
    rows : (n_changed,) int32
        Rising rows of the model; those beyond the fitted ones are new, and none is missing.
    blocks : tuple of ItemwiseBlock
        The vector blocks of the model, each over these items alone.
    """

    rows: RowArray
    blocks: tuple[ItemwiseBlock, ...]

    def __post_init__(self) -> None:
        freeze(self.rows)

    @cached_property
    def vectors(self) -> FloatMatrix:
        """(n_changed, n_factors) float32: item factors of the blocks, side by side."""
        parts = [block.item_factors for block in self.blocks]
        return freeze(np.ascontiguousarray(np.hstack(parts), dtype=np.float32))

    def places(self, item_rows: RowArray) -> npt.NDArray[np.int64]:
        """Return the (n,) int64 place of each row in the patch; -1 where it is not in it."""
        if not len(self.rows):
            return np.full(len(item_rows), NO_ROW, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.rows, item_rows), len(self.rows) - 1)
        return np.where(self.rows[found] == item_rows, found, NO_ROW)

    def widened(self, fitted: Sequence[ItemwiseBlock], item_rows: RowArray) -> ItemPatch:
        """Return the patch over these items too: those it does not hold yet are as fitted."""
        new = item_rows[self.places(item_rows) == NO_ROW]
        if not len(new):
            return self
        return self.overlaid(ItemPatch(new, tuple(block.at_items(new) for block in fitted)))

    def overlaid(self, other: ItemPatch) -> ItemPatch:
        """Return both patches; where both have an item, the other's counts."""
        if not len(self.rows):
            return other
        places = self.places(other.rows)
        source = np.arange(len(self.rows))
        beyond = len(self.rows) + np.arange(len(other.rows))
        source[places[places != NO_ROW]] = beyond[places != NO_ROW]
        rows = np.concatenate([self.rows, other.rows[places == NO_ROW]])
        source = np.concatenate([source, beyond[places == NO_ROW]])
        order = np.argsort(rows, kind="stable")
        blocks = tuple(
            _at(old.joined(new), source[order])
            for old, new in zip(self.blocks, other.blocks, strict=True)
        )
        return ItemPatch(rows[order], blocks)


class PatchedHybrid(HybridModel):
    """A hybrid with other vectors for some items, and with further ones.

    Nothing of the fitted hybrid is copied: a request that needs the vectors of some items takes
    them from the patch or from the fitted blocks. Kernels know no new item: they score it 0.

    Parameters
    ----------
    fitted : HybridModel
        Not itself patched.
    patch : ItemPatch
        The changes.

    Raises
    ------
    ConfigError
        If a vector block of the model cannot take new items.
    """

    def __init__(self, fitted: HybridModel, patch: ItemPatch) -> None:
        # on purpose without super().__init__: it would put all vectors side by side again
        self.fitted, self.patch = fitted, patch
        self.blocks, self.weights, self.scales = fitted.blocks, fitted.weights, fitted.scales
        self.bucket_edges = fitted.bucket_edges
        self._vector, self._kernel, self._owner = fitted._vector, fitted._kernel, fitted._owner
        beyond = int(patch.rows[-1]) + 1 if len(patch.rows) else 0
        self._n_items = max(fitted.n_items, beyond)

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
        out[self.patch.rows] = self.patch.vectors
        return freeze(out)

    def products(self, query_vectors: FloatMatrix) -> FloatMatrix:
        """Return the (n_queries, n_items) float32 inner products with all items."""
        out = np.empty((len(query_vectors), self.n_items), dtype=np.float32)
        out[:, : self.fitted.n_items] = query_vectors @ self.fitted.item_factors.T
        out[:, self.patch.rows] = query_vectors @ self.patch.vectors.T
        return out

    def pair_products(self, query_vectors: FloatMatrix, item_rows: RowArray) -> FloatMatrix:
        """Return the (n_queries, n_candidates) float32 inner products; -inf for row -1."""
        places = self.patch.places(item_rows.ravel()).reshape(item_rows.shape).astype(np.int32)
        if item_rows.size == 0 or places.max() == NO_ROW:
            return self.fitted.pair_products(query_vectors, item_rows)
        old = np.where(places == NO_ROW, item_rows, np.int32(NO_ROW))
        scores = self.fitted.pair_products(query_vectors, old)
        changed = score_rows(query_vectors, self.patch.vectors, places)
        return np.where(places == NO_ROW, scores, changed)

    def vectors_of(self, item_rows: RowArray) -> FloatMatrix:
        """Return the (n, n_factors) float32 vectors of some items."""
        places = self.patch.places(item_rows)
        out = self.fitted.item_factors[np.where(places == NO_ROW, item_rows, 0)]
        out[places != NO_ROW] = self.patch.vectors[places[places != NO_ROW]]
        return out

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
        patched = iter(self.patch.blocks)
        blocks: list[Block] = [
            self._merged_block(block, next(patched)) if isinstance(block, VectorBlock) else block
            for block in self.blocks
        ]
        return HybridModel(blocks, self.weights, scales=self.scales, bucket_edges=self.bucket_edges)

    def _state(self, queries: Queries) -> QueryState:
        some = np.unique(queries.history.indices).astype(np.int32)
        local = queries.at_items(some)
        places = self.patch.places(some)
        parts = [
            _reading(fitted, patched, some, places=places).user_factors(local)
            for fitted, patched in zip(self.itemwise_blocks, self.patch.blocks, strict=True)
        ]
        buckets = np.searchsorted(self.bucket_edges, queries.n_consumed, side="right")
        return QueryState(
            np.ascontiguousarray(np.hstack(parts), dtype=np.float32), buckets.astype(np.int8)
        )

    def _at_items(self, at: int, item_rows: RowArray) -> ItemwiseBlock:
        """Return block ``at`` over some items, as they are now."""
        fitted: ItemwiseBlock = self.blocks[at]  # type: ignore[assignment]  # the patch saw to it
        patched = self.patch.blocks[[one for one, _ in self._vector].index(at)]
        return taken(fitted, patched, item_rows, places=self.patch.places(item_rows))

    def _merged_block(self, block: Block, patched: ItemwiseBlock) -> ItemwiseBlock:
        every = np.arange(self.n_items, dtype=np.int32)
        return taken(itemwise(block), patched, every, places=self.patch.places(every))


def _reading(
    fitted: ItemwiseBlock,
    patched: ItemwiseBlock,
    item_rows: RowArray,
    *,
    places: npt.NDArray[np.int64],
) -> VectorBlock:
    """Return a block over the items of some histories, as far as it looks at them."""
    if isinstance(fitted, LearnedBlock) and not fitted.reads_history:
        return fitted
    return taken(fitted, patched, item_rows, places=places)


def taken(
    fitted: ItemwiseBlock,
    patched: ItemwiseBlock,
    item_rows: RowArray,
    *,
    places: npt.NDArray[np.int64],
) -> ItemwiseBlock:
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
    both = fitted.at_items(item_rows[~changed]).joined(patched.at_items(places[changed]))
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
    return ItemPatch(nothing, tuple(block.at_items(nothing) for block in blocks))


def _at(block: ItemwiseBlock, rows: npt.NDArray[np.int64]) -> ItemwiseBlock:
    return block.at_items(rows.astype(np.int32))


def _in_rows_of(part: Contribution, item_rows: RowArray) -> Contribution:
    """Return a part of local items under the rows that they have in the model."""
    if part.source is not Source.ITEM:
        return part
    return part.with_rows(np.where(part.rows < 0, NO_ROW, item_rows[part.rows]))
