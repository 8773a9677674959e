"""A snapshot that is a whole one and what was observed since; requests read both."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, BoolArray, Csr, RowArray
from recsys.data import Dataset, IdMap, KindTable
from recsys.index import VectorIndex
from recsys.models import Hybrid, Queries, QueryState
from recsys.profiles import ItemProfiles, TagVocabulary
from recsys.ranking import TypedColumns, parse_filter
from recsys.serving.observe.compact import compacted
from recsys.serving.observe.delta import Facts, Overlay
from recsys.serving.observe.person import (
    Person,
    hidden_of,
    hidden_rows,
    queries_of,
    query_of,
    states_of,
)
from recsys.serving.observe.visibility import ObservedVisibility
from recsys.serving.state.csr_rows import interleaved, interleaving, rows_of, widened
from recsys.serving.state.lineage import Lineage
from recsys.serving.state.snapshot import Snapshot
from recsys.serving.state.visibility import VisibilityTable


class ObservedSnapshot(Snapshot):
    """What requests read after something was observed.

    It answers like :attr:`whole`, the same state in whole arrays, which is put together only when
    someone asks for a whole array: a request asks for the rows of a few people, and finds them in
    the overlay or in the whole snapshot below it.

    Parameters
    ----------
    facts : Facts
        The whole snapshot, and what came since.
    now : datetime64[us]
        The moment it speaks for.
    version : str
        Names this state.
    model : Hybrid
        With the changed items.
    index : VectorIndex
        Over its vectors.
    eligible : (n_items,) bool
        Items that may be shown at all.
    lineage : Lineage
        That of the whole snapshot, with what came since counted.
    before : Snapshot or None
        What it follows: what that knew of filters, and of who may see what, is kept where it holds.

    Raises
    ------
    ConfigError
        If a new ``visible_to`` cannot be read.
    """

    def __init__(
        self,
        facts: Facts,
        *,
        now: np.datetime64,
        version: str,
        model: Hybrid,
        index: VectorIndex,
        eligible: BoolArray,
        lineage: Lineage,
        before: Snapshot | None = None,
    ) -> None:
        base = facts.base
        own = {
            "facts": facts,
            "config": base.config,
            "version": version,
            "now": now,
            "model": model,
            "specs": base.specs,
            "index": index,
            "eligible": eligible,
            "notes": base.notes,
            "lineage": lineage,
            "measured": base.measured,
        }
        for name, value in {**own, **self._kept_of(before, facts, eligible)}.items():
            object.__setattr__(self, name, value)

    facts: Facts
    seeing: ObservedVisibility

    @staticmethod
    def _kept_of(before: Snapshot | None, facts: Facts, eligible: BoolArray) -> dict[str, Any]:
        """Return what still holds of the snapshot before, and what does not, anew."""
        overlay = facts.overlay
        same = before is facts.base and not overlay.catalog.n_items
        seeing = None
        if isinstance(before, ObservedSnapshot) and before.facts.base is facts.base:
            old = before.overlay
            same = old.catalog is overlay.catalog
            if same and old.profiles is overlay.profiles and old.users is overlay.users:
                seeing = before.seeing
        out: dict[str, Any] = {"seeing": ObservedVisibility(facts) if seeing is None else seeing}
        if before is not None and same and before.eligible is eligible:
            out["filters"] = before.filters
        return out

    @property
    def overlay(self) -> Overlay:
        """What came since the snapshot below was whole."""
        return self.facts.overlay

    @cached_property
    def whole(self) -> Snapshot:
        """The same state in whole arrays, put together at the first use."""
        return compacted(self, self.facts)

    @property
    def users(self) -> IdMap:
        """Ids and rows of the known people."""
        return self.overlay.users

    @property
    def items(self) -> IdMap:
        """Ids and rows of the items."""
        return self.overlay.items

    @property
    def tags(self) -> TagVocabulary:
        """The vocabulary of the profiles."""
        return self.facts.base.tags

    @property
    def item_types(self) -> dict[str, str]:
        """Types of the items' attributes, as ``columns`` of a reader."""
        return self.overlay.catalog.declared_types | self.facts.base.item_types

    @property
    def user_types(self) -> dict[str, str]:
        """Types of the users' attributes, as ``columns`` of a reader."""
        return self.overlay.profiles.declared_types | self.facts.base.user_types

    @property
    def kinds(self) -> KindTable:
        """The event kinds that are understood."""
        return self.overlay.kinds

    @property
    def backend(self) -> str:
        """The dataframe library that answers come in."""
        return self.facts.base.backend

    @cached_property
    def dataset(self) -> Dataset:
        """People, items and events, on shared rows."""
        return self.whole.dataset

    @cached_property
    def item_profiles(self) -> ItemProfiles:
        """(n_items, n_tags) tag weights."""
        return self.whole.item_profiles

    @cached_property
    def queries(self) -> Queries:
        """What is known of each user row."""
        return self.whole.queries

    @cached_property
    def states(self) -> QueryState:
        """What the blocks make of them."""
        return self.whole.states

    @cached_property
    def seen(self) -> Csr:
        """Pairs left out when seen items are excluded."""
        return self.whole.seen

    @cached_property
    def refused(self) -> Csr:
        """Pairs never shown: hidden, disliked or reported."""
        return self.whole.refused

    @cached_property
    def muted(self) -> Csr:
        """Pairs never shown because the person muted the author or a tag."""
        return self.whole.muted

    @cached_property
    def own(self) -> Csr:
        """Pairs of authors and their items."""
        return self.whole.own

    @cached_property
    def visibility(self) -> VisibilityTable:
        """Which items are for whom."""
        return self.whole.visibility

    @cached_property
    def personal(self) -> BoolArray:
        """Who is served personally."""
        return self.whole.personal

    def queries_of(self, user_rows: RowArray) -> Queries:
        """Return what is known of some people."""
        touched, people = self._touched(user_rows)
        n_items, n_tags = self.n_items, self.facts.base.queries.tags.shape[1]
        now = queries_of(people, n_items=n_items, n_tags=n_tags)
        if touched.all():
            return now
        old = self.facts.base.queries.take(user_rows[~touched])
        if not len(people):
            return Queries(widened(old.history, n_items), old.age_days, old.tags)
        return _joined_queries(old, now, touched)

    def states_of(self, user_rows: RowArray) -> QueryState:
        """Return what the blocks make of some people."""
        touched, people = self._touched(user_rows)
        states = self.facts.base.states
        if not len(people):
            return states.take(user_rows)
        now = states_of(people, n_factors=states.vectors.shape[1])
        if touched.all():
            return now
        old = states.take(user_rows[~touched])
        order = interleaving(touched)
        return QueryState(
            np.concatenate([old.vectors, now.vectors])[order],
            np.concatenate([old.buckets, now.buckets])[order],
        )

    def personal_of(self, user_rows: RowArray) -> BoolArray:
        """Return (n,) bool: who of some people is served personally."""
        return self.facts.personal_of(user_rows)

    def query_of(self, user_row: int) -> Queries:
        """Return what is known of one person; items beyond the history's columns are new."""
        one = self.overlay.people.get(user_row)
        if one is None:
            return self.facts.base.query_of(user_row)
        n_tags = self.facts.base.queries.tags.shape[1]
        return query_of(one, n_items=self.n_items, n_tags=n_tags)

    def state_of(self, user_row: int) -> QueryState:
        """Return what the blocks make of one person."""
        one = self.overlay.people.get(user_row)
        if one is None:
            return self.facts.base.state_of(user_row)
        return QueryState(one.vector[None, :], np.array([one.bucket], dtype=np.int8))

    def is_personal(self, user_row: int) -> bool:
        """Say whether one person is served personally."""
        one = self.overlay.people.get(user_row)
        return self.facts.base.is_personal(user_row) if one is None else one.personal

    def hidden_rows(self, user_row: int, *, with_seen: bool, with_own: bool) -> RowArray:
        """Return the rising rows of the items to leave out for one person."""
        if with_seen and self.config.repeatable:  # what may come back depends on the moment
            return self.whole.hidden_rows(user_row, with_seen=True, with_own=with_own)
        one = self.overlay.people.get(user_row)
        if one is None:
            return self.facts.base.hidden_rows(user_row, with_seen=with_seen, with_own=with_own)
        return hidden_rows(one, with_seen=with_seen, with_own=with_own)

    def audience_of(self, user_row: int) -> bytes:
        """Return what tells apart people who may see other items; empty where all see all."""
        if not self._people_fit:
            return super().audience_of(user_row)
        return self.seeing.audience_of(user_row)

    def hidden_of(self, user_rows: RowArray, *, with_seen: bool, with_own: bool) -> Csr:
        """Return the (n, n_items) csr of pairs to leave out; none for row -1."""
        if with_seen and self.config.repeatable:  # what may come back depends on the moment
            return rows_of(self.whole.hidden(with_seen=True, with_own=with_own), user_rows)
        touched, people = self._touched(user_rows)
        now = hidden_of(people, with_seen=with_seen, with_own=with_own, n_items=self.n_items)
        if touched.all():
            return now
        matrix = self.facts.base.hidden(with_seen=with_seen, with_own=with_own)
        old = rows_of(matrix, user_rows[~touched])
        if not len(people):
            return widened(old, self.n_items)
        return interleaved(old, now, touched)

    def visible(self, user_rows: RowArray) -> tuple[list[BoolArray | None], RowArray]:
        """Return the distinct masks of items (None is everything), and whose they are."""
        return (
            self.seeing.masks(user_rows) if self._people_fit else self.visibility.masks(user_rows)
        )

    @property
    def is_for_all(self) -> BoolArray:
        """(n_items,) bool: which items everybody may see."""
        return self.seeing.is_for_all

    def mask_of(self, where: Any) -> BoolArray:
        """Return (n_items,) bool: which items a filter lets through.

        Raises
        ------
        ConfigError
            If it cannot be read.
        """
        base, overlay = self.facts.base, self.overlay
        if not self._has_same_columns:
            return parse_filter(where).mask(self.columns)
        out = np.zeros(self.n_items, dtype=np.bool_)
        old = overlay.lookups.mask_of(where)
        out[: base.n_items] = old if len(old) else True
        if overlay.catalog.n_items:
            out[overlay.item_rows] = parse_filter(where).mask(self._changed_columns)
        return out

    @cached_property
    def columns(self) -> TypedColumns:
        """The catalog as filters read it."""
        return self.whole.columns

    def title(self, item_row: int) -> str | None:
        """Return the title of an item; None if it has none."""
        place = self.overlay.catalog.items.row(self.items.id(item_row))
        if place == NO_ROW:
            return self.facts.base.title(item_row)
        found: str | None = self.overlay.catalog.column("title")[place]
        return found

    def blocked_of(self, item_rows: RowArray) -> BoolArray:
        """Return (n,) bool: which of some items are blocked."""
        places = self.overlay.catalog.items.rows(self.items.ids(item_rows))
        changed = places != NO_ROW
        out = np.zeros(len(item_rows), dtype=np.bool_)
        out[~changed] = self.facts.base.blocked_of(item_rows[~changed])
        out[changed] = self.overlay.catalog.column("status")[places[changed]] == "blocked"
        return out

    def last_kinds(self, user_row: int) -> dict[int, str]:
        """Return by item row what a person last did with it."""
        names = self.overlay.kinds.names
        return {
            item: names[code]
            for acts in self.facts.acts_of(user_row)
            for item, code in zip(acts.item_rows.tolist(), acts.kind_codes.tolist(), strict=True)
        }

    @cached_property
    def _has_same_columns(self) -> bool:
        """Whether the changed items have the columns of the others, of the same types."""
        base, changed = self.facts.base.dataset.catalog.table, self.overlay.catalog.table
        return not self.overlay.catalog.n_items or _types(base) == _types(changed)

    @cached_property
    def _people_fit(self) -> bool:
        """Whether what ``visible_to`` names is of one type for the people described since."""
        if self.seeing.is_open or not self.overlay.profiles.n_users:
            return True
        base, since = (
            _types(one.table) for one in (self.facts.base.dataset.people, self.overlay.profiles)
        )
        return all(
            base.get(name) == since.get(name, base.get(name)) for name in self.seeing.columns
        )

    @cached_property
    def _changed_columns(self) -> TypedColumns:
        return TypedColumns(self.overlay.catalog)

    def _touched(self, user_rows: RowArray) -> tuple[BoolArray, list[Person]]:
        """Return who of some people was touched, and what is known of these."""
        found = [self.overlay.people.get(row) for row in user_rows.tolist()]
        touched = np.array([one is not None for one in found], dtype=np.bool_)
        return touched, [one for one in found if one is not None]


def _types(table: Any) -> dict[str, Any]:
    """Return the Arrow type of each column."""
    return dict(zip(table.column_names, table.schema.types, strict=True))


def _joined_queries(old: Queries, now: Queries, touched: BoolArray) -> Queries:
    """Return both, in the order that ``touched`` tells."""
    history = widened(old.history, now.history.shape[1])
    together = Queries(
        history=sp.vstack([history, now.history], format="csr"),
        age_days=np.concatenate([old.age_days, now.age_days]),
        tags=sp.vstack([old.tags, now.tags], format="csr"),
    )
    return together.take(interleaving(touched))
