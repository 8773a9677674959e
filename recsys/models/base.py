"""Training data, queries and the protocols of blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeGuard, runtime_checkable

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import Csr, DoubleArray, FloatArray, FloatMatrix, RowArray, csr_view
from recsys.core.contribution import Contribution
from recsys.core.progress import Progress
from recsys.data import PositiveEvents

Arrays = dict[str, npt.NDArray[Any]]
"""Named arrays: how a fitted block is saved. Plain dtypes only, never objects."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Everything a block may learn from.

    Attributes
    ----------
    interactions : (n_users, n_items) csr float32
        Confidence of each pair, without decay; greater than 0 where stored.
    events : PositiveEvents
        The taste events behind ``interactions``, oldest first.
    item_features : (n_items, n_tags) csr float32
        Item profiles; ``n_tags`` may be 0.
    user_features : (n_users, n_tags) csr float32
        What people declared, in the vocabulary of ``item_features``; may be all zero.
    item_times : (n_items,) datetime64[us]
        When each item came into being (published, else first event); NaT where unknown.
    now : datetime64[us]
        The moment the model speaks for; NaT when the events have no times.
    in_order : bool
        Without times: whether the events of each person come in the order in which they happened.
    """

    interactions: Csr
    events: PositiveEvents
    item_features: Csr
    user_features: Csr
    item_times: npt.NDArray[np.datetime64]
    now: np.datetime64
    in_order: bool = False

    @property
    def n_users(self) -> int:
        """Number of people."""
        return int(self.interactions.shape[0])

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.interactions.shape[1])

    @property
    def has_times(self) -> bool:
        """True if events have times, so that ages are known."""
        return not np.isnat(self.now)


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """People asked about, by history and tags: never by row numbers of the training.

    Attributes
    ----------
    history : (n_queries, n_items) csr float32
        Confidence of each item consumed, without decay.
    age_days : (nnz,) float32
        Days since the last event of each stored pair of ``history``, in its order. Without times:
        events since, where their order is known, else 0.
    tags : (n_queries, n_tags) csr float32
        Declared interests (and pins), in the vocabulary of the item profiles.
    """

    history: Csr
    age_days: npt.NDArray[np.float32]
    tags: Csr

    @property
    def n_queries(self) -> int:
        """Number of people asked about."""
        return int(self.history.shape[0])

    @property
    def n_consumed(self) -> npt.NDArray[np.int64]:
        """(n_queries,) int64: number of items that each person consumed."""
        return np.asarray(np.diff(self.history.indptr), dtype=np.int64)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Queries:
        """Return the queries at ``rows``, in that order."""
        starts, ends = self.history.indptr[rows], self.history.indptr[rows + 1]
        ages = [self.age_days[start:end] for start, end in zip(starts, ends, strict=True)]
        return Queries(
            history=self.history[rows],
            age_days=np.concatenate(ages) if ages else self.age_days[:0],
            tags=self.tags[rows],
        )

    def of_items(self, n_items: int) -> Queries:
        """Return the queries restricted to the first ``n_items`` items."""
        history = self.history
        if history.shape[1] == n_items:
            return self
        known = history.indices < n_items
        indptr, ages = history.indptr, self.age_days
        if not known.all():
            indptr = np.append(0, np.cumsum(known))[indptr]
            ages = ages[known]
        shape = (history.shape[0], n_items)
        return Queries(
            csr_view(history.data[known], history.indices[known], indptr, shape), ages, self.tags
        )

    def widened(self, n_items: int) -> Queries:
        """Return the queries over another number of items, all of the histories among them."""
        if self.history.shape[1] == n_items:
            return self
        old, shape = self.history, (self.history.shape[0], n_items)
        return Queries(csr_view(old.data, old.indices, old.indptr, shape), self.age_days, self.tags)

    def at_items(self, item_rows: RowArray) -> Queries:
        """Return the queries with their items renumbered by their position in ``item_rows``.

        Parameters
        ----------
        item_rows : (n,) int32
            Rising; every item of the histories is among them.
        """
        history = self.history
        places = np.searchsorted(item_rows, history.indices).astype(np.int32)
        shape = (history.shape[0], len(item_rows))
        moved = csr_view(history.data, places, history.indptr, shape)
        return Queries(moved, self.age_days, self.tags)

    def chunk(self, start: int, stop: int) -> Queries:
        """Return the queries from ``start`` up to ``stop``, without copying their ages."""
        indptr = self.history.indptr
        return Queries(
            history=self.history[start:stop],
            age_days=self.age_days[indptr[start] : indptr[min(stop, self.n_queries)]],
            tags=self.tags[start:stop],
        )


@runtime_checkable
class Block(Protocol):
    """One part of a hybrid: a score for each person and item, linear in what explains it.

    A block whose score is an inner product is a :class:`VectorBlock`; one that is not is a
    :class:`ItemItemBlock` and re-scores candidates. A class that derives from
    :class:`recsys.models.LearnedBlock` has every member but ``fit``, ``explain`` and the scores.
    """

    name: str
    """Unique among the blocks of a hybrid."""
    is_personal: ClassVar[bool]
    """Whether the order of its scores differs from person to person."""
    is_collaborative: ClassVar[bool]
    """Whether it learns which items go together from who took them."""
    learns_from_events: ClassVar[bool]
    """Whether a fit reads events; one that reads item features alone is fitted once."""
    counts_events: ClassVar[bool]
    """Whether further events and time change it without a fit: a :class:`CountingBlock`."""

    def fit(self, training: TrainingSet, *, progress: Progress) -> None:
        """Learn; the same training set and seed give the same numbers."""

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the parts that sum to the scores of ``item_rows`` for the one query given."""

    def to_arrays(self) -> Arrays:
        """Return what was learned."""

    def load_arrays(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take what :meth:`to_arrays` gave (possibly memory-mapped and read-only)."""


@runtime_checkable
class VectorBlock(Block, Protocol):
    """A block that is an inner product: ``score(u, i) = <user_factors(u), item_factors(i)>``."""

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_factors) float32."""

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_factors) float32; zero rows for people it knows nothing of."""

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, n_factors) float32 of new items, from their (n_new, n_tags) features."""


@runtime_checkable
class ItemwiseBlock(VectorBlock, Protocol):
    """A vector block whose items can be taken apart and added to, as observing needs."""

    def at_items(self, item_rows: RowArray) -> Self:
        """Return the block over some of its items, in that order."""

    def joined(self, other: Self) -> Self:
        """Return the block over its own items, then over the other's."""

    def of_new_items(self, item_features: Csr) -> Self:
        """Return the block over new items alone, from their (n_new, n_tags) features."""

    def with_features(self, item_features: Csr) -> Self:
        """Return the block after its items got these (n_items, n_tags) features."""


class CountingBlock(ItemwiseBlock, Protocol):
    """An itemwise block that sums up events, so that further ones are added without a fit."""

    @property
    def can_count(self) -> bool:
        """True if it holds the sums; a block saved in form 1.0 does not."""

    @property
    def is_dated(self) -> bool:
        """True if its scores depend on the moment that it speaks for."""

    @property
    def item_ages(self) -> DoubleArray:
        """(n_items,) float64 days since each item came; NaN where unknown."""

    def event_weights(self, weights: FloatArray, age_days: DoubleArray | None) -> DoubleArray:
        """Return what events of these confidences and ages add to the sums of their items."""

    def counted(self, added: DoubleArray, ages: DoubleArray) -> Self:
        """Return the block after further events, from their sums and the ages of its items."""

    def redated(self, days: float) -> Self:
        """Return the block for a moment ``days`` later without events in between."""


def counts_events(block: Block) -> TypeGuard[CountingBlock]:
    """Return whether further events change a block without a fit, for a type checker as well."""
    return block.counts_events


def is_vector_block(block: Block) -> TypeGuard[VectorBlock]:
    """Return whether a block is a vector block, by its class: quicker than by the protocol."""
    return hasattr(type(block), "user_factors")


@runtime_checkable
class ItemItemBlock(Block, Protocol):
    """A block that is not an inner product of short vectors: it scores whole rows or candidates.

    It knows the items of the fit alone; a hybrid asks it of no other.
    """

    @property
    def n_known_items(self) -> int:
        """Number of items it knows: the first ones of the model."""

    def scores(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_items) float32."""

    def candidate_scores(self, queries: Queries, item_rows: RowArray) -> FloatMatrix:
        """Return the float32 scores of (n_queries, n_candidates) ``item_rows``; 0 for row -1."""


def is_item_item_block(block: Block) -> TypeGuard[ItemItemBlock]:
    """Return whether a block is an item-item block, by its class."""
    return hasattr(type(block), "candidate_scores")


KernelBlock = ItemItemBlock
"""The former name of :class:`ItemItemBlock`."""
