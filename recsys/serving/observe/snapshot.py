"""State of a model after observing: a snapshot and a delta, read without compaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, BoolArray, FloatMatrix, RowArray
from recsys.core.note import Note
from recsys.data import IdMap, KindTable, People
from recsys.index import DeltaIndex, VectorIndex
from recsys.models import BlockSpec, Hybrid, Queries, QueryState, itemwise
from recsys.profiles import ItemProfiles, TagVocabulary
from recsys.ranking import Filter, TypedColumns, Wording, parse_filter
from recsys.serving.config import RecommenderConfig
from recsys.serving.observe.compact import compact, compacted_catalog
from recsys.serving.observe.delta import DeltaView, SnapshotDelta
from recsys.serving.observe.person import Person, queries_of, query_of, states_of
from recsys.serving.state.access import fresh_events
from recsys.serving.state.csr_rows import interleaving, widened
from recsys.serving.state.filter_cache import FilterCache
from recsys.serving.state.item_similarity import unit_vectors
from recsys.serving.state.lineage import Lineage
from recsys.serving.state.mutes import muted_items
from recsys.serving.state.snapshot import Snapshot
from recsys.serving.state.visibility import VisibilityTable


@dataclass(frozen=True, eq=False)  # no slots: what is made at first use is kept
class DeltaSnapshot:
    """A snapshot and what was observed since: the other implementation of :class:`View`.

    It answers like :attr:`compacted`. A request asks for the rows of a few people and items, and
    finds them in the delta or in the snapshot below it.

    Attributes
    ----------
    view : DeltaView
        The snapshot, and the delta.
    now : datetime64[us]
    version : str
    model : Hybrid
        With the changed items.
    index : VectorIndex
        Over its vectors.
    eligible : (n_items,) bool
    visibility : VisibilityTable
    lineage : Lineage
        That of the snapshot, with what came since counted.
    filters : FilterCache
        Shared with the state before, as long as its masks hold.
    """

    view: DeltaView
    now: np.datetime64
    version: str
    model: Hybrid
    index: VectorIndex
    eligible: BoolArray
    visibility: VisibilityTable
    lineage: Lineage
    filters: FilterCache

    @property
    def delta(self) -> SnapshotDelta:
        """The delta since the snapshot below it."""
        return self.view.delta

    @cached_property
    def compacted(self) -> Snapshot:
        """The same state in whole arrays, put together at the first use."""
        return compact(self, self.view)

    @property
    def config(self) -> RecommenderConfig:
        """Settings of the fit."""
        return self.view.base.config

    @property
    def specs(self) -> tuple[BlockSpec, ...]:
        """Settings that the blocks were built from."""
        return self.view.base.specs

    @property
    def notes(self) -> tuple[Note, ...]:
        """Why the model has its blocks and weights."""
        return self.view.base.notes

    @property
    def measured(self) -> dict[str, Any]:
        """Measurements of the fit."""
        return self.view.base.measured

    @property
    def users(self) -> IdMap:
        """Ids and rows of the known people."""
        return self.delta.users

    @property
    def items(self) -> IdMap:
        """Ids and rows of the items."""
        return self.delta.items

    @property
    def n_users(self) -> int:
        """Number of known people."""
        return len(self.delta.users)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.delta.items)

    @property
    def tags(self) -> TagVocabulary:
        """Vocabulary of the item profiles."""
        return self.view.base.tags

    @property
    def item_types(self) -> dict[str, str]:
        """Types of the items' attributes, as ``columns`` of a reader."""
        return self.delta.catalog.declared_types | self.view.base.item_types

    @property
    def user_types(self) -> dict[str, str]:
        """Types of the users' attributes, as ``columns`` of a reader."""
        return self.delta.profiles.declared_types | self.view.base.user_types

    @property
    def kinds(self) -> KindTable:
        """Event types that are understood."""
        return self.delta.kinds

    @property
    def backend(self) -> str:
        """Dataframe library of the answers."""
        return self.view.base.backend

    @property
    def wording(self) -> Wording:
        """Wording of reasons."""
        return self.view.base.wording

    def queries_of(self, user_rows: RowArray) -> Queries:
        """Return history and declared tags of some people, rows at least 0."""
        changed, people = self._changed(user_rows)
        n_items, n_tags = self.n_items, self.view.base.queries.tags.shape[1]
        now = queries_of(people, n_items=n_items, n_tags=n_tags)
        if changed.all():
            return now
        old = self.view.base.queries.take(user_rows[~changed])
        if not len(people):
            return Queries(widened(old.history, n_items), old.age_days, old.tags)
        return _joined_queries(old, now, changed)

    def states_of(self, user_rows: RowArray) -> QueryState:
        """Return user vectors and activity buckets of some people."""
        changed, people = self._changed(user_rows)
        states = self.view.base.states
        if not len(people):
            return states.take(user_rows)
        now = states_of(people, n_factors=states.vectors.shape[1])
        if changed.all():
            return now
        old = states.take(user_rows[~changed])
        order = interleaving(changed)
        return QueryState(
            np.concatenate([old.vectors, now.vectors])[order],
            np.concatenate([old.buckets, now.buckets])[order],
        )

    def personal_of(self, user_rows: RowArray) -> BoolArray:
        """Return (n,) bool: whether each person is served personally."""
        return self.view.personal_of(user_rows)

    def query_of(self, user_row: int) -> Queries:
        """Return history and tags of one person; items beyond the history's columns are new."""
        one = self.delta.people.get(user_row)
        if one is None:
            return self.view.base.query_of(user_row)
        n_tags = self.view.base.queries.tags.shape[1]
        return query_of(one, n_items=self.n_items, n_tags=n_tags)

    def state_of(self, user_row: int) -> QueryState:
        """Return user vector and activity bucket of one person."""
        one = self.delta.people.get(user_row)
        if one is None:
            return self.view.base.state_of(user_row)
        return QueryState(one.vector[None, :], np.array([one.bucket], dtype=np.int8))

    def is_personal(self, user_row: int) -> bool:
        """Return whether one person is served personally."""
        one = self.delta.people.get(user_row)
        return self.view.base.is_personal(user_row) if one is None else one.personal

    def seen_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items that a person touched, less repeatable ones."""
        if self.config.repeatable:  # what may come back depends on the moment
            return self._seen_by_now(user_row)
        one = self.delta.people.get(user_row)
        return self.view.base.seen_rows(user_row) if one is None else one.seen

    def disliked_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items that a person hid, disliked or reported."""
        one = self.delta.people.get(user_row)
        return self.view.base.disliked_rows(user_row) if one is None else one.disliked

    def muted_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items of which a person muted the author or a tag."""
        return muted_items(self.view.mutes_of(user_row), self.delta.postings)

    def own_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items that a person made."""
        one = self.delta.people.get(user_row)
        return self.view.base.own_rows(user_row) if one is None else one.own

    def people_of(self, user_rows: RowArray) -> People:
        """Return what some people declared, in that order."""
        return self.view.people_at(user_rows)

    def profiles_of(self, item_rows: RowArray) -> ItemProfiles:
        """Return the profiles of some items alone, in that order."""
        return replace(self.view.base.item_profiles, matrix=self.view.features_at(item_rows))

    @cached_property
    def similarity(self) -> VectorIndex:
        """Exact index over the unit vectors of :meth:`taste_vectors`."""
        base = self.view.base
        parts = zip(base.model.vector_blocks, self.delta.patch.parts, strict=True)
        changed = [part.rows for block, part in parts if block.is_personal]
        rows = np.unique(np.concatenate(changed or [self.delta.item_rows])).astype(np.int32)
        if not len(rows):
            return base.similarity
        return DeltaIndex.build(base.similarity, rows, self.taste_vectors(rows))

    def taste_vectors(self, item_rows: RowArray) -> FloatMatrix:
        """Return (n, n_dims) float32 unit vectors in which alike items are near."""
        parts = zip(self.view.base.model.vector_blocks, self.delta.patch.parts, strict=True)
        factors = [
            part.over(itemwise(block), item_rows) for block, part in parts if block.is_personal
        ]
        return unit_vectors([one.item_factors for one in factors], self.view.features_at(item_rows))

    def mask_of(self, where: Any) -> BoolArray:
        """Return (n_items,) bool: the items that pass a filter.

        Raises
        ------
        ConfigError
            If it cannot be read.
        """
        base, delta, condition = self.view.base, self.delta, parse_filter(where)
        if not self._has_same_types(condition):
            return condition.mask(self._columns)
        out = np.zeros(self.n_items, dtype=np.bool_)
        old = delta.lookups.mask_of(where)
        out[: base.n_items] = old if len(old) else True
        if delta.catalog.n_items:
            out[delta.item_rows] = condition.mask(self._changed_columns)
        return out

    def title(self, item_row: int) -> str | None:
        """Return the title of an item; None if it has none."""
        place = self.delta.catalog.items.row(self.items.id(item_row))
        if place == NO_ROW:
            return self.view.base.title(item_row)
        found: str | None = self.delta.catalog.column("title")[place]
        return found

    def blocked_of(self, item_rows: RowArray) -> BoolArray:
        """Return (n,) bool: which of some items are blocked."""
        places = self.delta.catalog.items.rows(self.items.ids(item_rows))
        changed = places != NO_ROW
        out = np.zeros(len(item_rows), dtype=np.bool_)
        out[~changed] = self.view.base.blocked_of(item_rows[~changed])
        out[changed] = self.delta.catalog.column("status")[places[changed]] == "blocked"
        return out

    def last_kinds(self, user_row: int) -> dict[int, str]:
        """Return by item row the type of the last event of a person with it."""
        names = self.delta.kinds.names
        return {
            item: names[code]
            for some in self.view.user_events_of(user_row)
            for item, code in zip(some.item_rows.tolist(), some.kind_codes.tolist(), strict=True)
        }

    def _seen_by_now(self, user_row: int) -> RowArray:
        """Return what a person touched and may not come back yet."""
        known = user_row < self.view.base.n_users
        rows = [np.zeros(0, dtype=np.int32)]
        if self.view.lacks_events and known:
            rows.append(self.view.base.seen_rows(user_row))
        for events in self.view.user_events_of(user_row):
            gaps = self.view.repeat_days(events.item_rows)
            rows.append(events.item_rows[fresh_events(events.occurred_at, gaps, now=self.now)])
        return np.unique(np.concatenate(rows))

    def _has_same_types(self, condition: Filter) -> bool:
        """Say whether what a filter reads has one type in the changed items and the others."""
        base, changed = self.view.base.dataset.catalog.table, self.delta.catalog.table
        if not self.delta.catalog.n_items:
            return True
        old, new = _types(base), _types(changed)
        return all(old.get(name) == new.get(name) for name in condition.columns)

    @cached_property
    def _columns(self) -> TypedColumns:
        """The whole catalog as filters read it."""
        catalog = self.view.base.dataset.catalog
        return TypedColumns(compacted_catalog(catalog, self.delta.catalog, self.items))

    @cached_property
    def _changed_columns(self) -> TypedColumns:
        return TypedColumns(self.delta.catalog)

    def _changed(self, user_rows: RowArray) -> tuple[BoolArray, list[Person]]:
        """Return which of some people were folded in again, and these."""
        found = [self.delta.people.get(row) for row in user_rows.tolist()]
        changed = np.array([one is not None for one in found], dtype=np.bool_)
        return changed, [one for one in found if one is not None]


def _types(table: Any) -> dict[str, Any]:
    """Return the Arrow type of each column."""
    return dict(zip(table.column_names, table.schema.types, strict=True))


def _joined_queries(old: Queries, now: Queries, changed: BoolArray) -> Queries:
    """Return both, in the order that ``changed`` tells."""
    history = widened(old.history, now.history.shape[1])
    together = Queries(
        history=sp.vstack([history, now.history], format="csr"),
        age_days=np.concatenate([old.age_days, now.age_days]),
        tags=sp.vstack([old.tags, now.tags], format="csr"),
    )
    return together.take(interleaving(changed))
