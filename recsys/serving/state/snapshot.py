"""One immutable state of the recommender: everything a request reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, Csr, FloatMatrix, RowArray
from recsys.core.note import Note
from recsys.data import Dataset, IdMap, KindTable, People
from recsys.index import ExactIndex, VectorIndex
from recsys.models import BlockSpec, Hybrid, Queries, QueryState
from recsys.profiles import ItemProfiles, TagVocabulary
from recsys.ranking import TypedColumns, Wording, parse_filter
from recsys.serving.config import RecommenderConfig
from recsys.serving.state.csr_rows import row_entries, row_matrix
from recsys.serving.state.filter_cache import FilterCache
from recsys.serving.state.item_similarity import taste_blocks, unit_vectors
from recsys.serving.state.lineage import Lineage
from recsys.serving.state.mutes import NO_MUTES, ItemPostings, Mutes, muted_items, muting_people
from recsys.serving.state.visibility import VisibilityTable


@dataclass(frozen=True, eq=False)  # no slots: what is made at first use is kept
class Snapshot:
    """Everything a request reads; never changed after it is made.

    Attributes
    ----------
    config : RecommenderConfig
    version : str
        Names this state in answers and exposures.
    now : datetime64[us]
        The moment it speaks for; NaT without times.
    dataset : Dataset
        People, items and events, on shared rows.
    item_profiles : ItemProfiles
        (n_items, n_tags) tag weights.
    model : Hybrid
        Fitted blocks and their weights.
    specs : tuple of BlockSpec
        What the blocks were built from.
    index : VectorIndex
        Over ``model.item_factors``.
    queries : Queries
        What is known of each user row.
    states : QueryState
        What the blocks make of them.
    seen : (n_users, n_items) csr
        Pairs left out when seen items are excluded.
    disliked : (n_users, n_items) csr
        Pairs never shown: hidden, disliked or reported.
    own : (n_users, n_items) csr
        Pairs of authors and their items.
    visibility : VisibilityTable
        Which items are for whom.
    personal : (n_users,) bool
        Who is served personally: consented, and not banned or deleted.
    eligible : (n_items,) bool
        Items that may be shown at all: active, not expired.
    notes : tuple of Note
        Why the model has these blocks, weights and index.
    lineage : Lineage
        What its fit knew.
    measured : dict
        What was measured while fitting, such as the validation; never a time, so that the same fit
        has the same bytes.
    """

    config: RecommenderConfig
    version: str
    now: np.datetime64
    dataset: Dataset
    item_profiles: ItemProfiles
    model: Hybrid
    specs: tuple[BlockSpec, ...]
    index: VectorIndex
    queries: Queries
    states: QueryState
    seen: Csr
    disliked: Csr
    own: Csr
    visibility: VisibilityTable
    personal: BoolArray
    eligible: BoolArray
    notes: tuple[Note, ...]
    lineage: Lineage
    measured: dict[str, Any]

    @property
    def users(self) -> IdMap:
        """Ids and rows of the known people."""
        return self.dataset.users

    @property
    def items(self) -> IdMap:
        """Ids and rows of the items."""
        return self.dataset.items

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def n_users(self) -> int:
        """Number of known people."""
        return len(self.users)

    @property
    def compacted(self) -> Snapshot:
        """The same state in whole arrays, without changes beside them."""
        return self

    @property
    def tags(self) -> TagVocabulary:
        """The vocabulary of the profiles."""
        return self.item_profiles.tags

    @property
    def item_types(self) -> dict[str, str]:
        """Types of the items' attributes, as ``columns`` of a reader."""
        return self.dataset.catalog.declared_types

    @property
    def user_types(self) -> dict[str, str]:
        """Types of the users' attributes, as ``columns`` of a reader."""
        return self.dataset.people.declared_types

    @property
    def kinds(self) -> KindTable:
        """The event kinds that are understood."""
        return self.dataset.events.kinds

    @property
    def backend(self) -> str:
        """The dataframe library that answers come in: that of the events."""
        return self.dataset.events.backend

    def queries_of(self, user_rows: RowArray) -> Queries:
        """Return what is known of some people."""
        return self.queries.take(user_rows)

    def states_of(self, user_rows: RowArray) -> QueryState:
        """Return what the blocks make of some people."""
        return self.states.take(user_rows)

    def personal_of(self, user_rows: RowArray) -> BoolArray:
        """Return (n,) bool: who of some people is served personally."""
        return self.personal[user_rows]

    def query_of(self, user_row: int) -> Queries:
        """Return what is known of one person, as of :meth:`queries_of`."""
        queries = self.queries
        starts = queries.history.indptr
        return Queries(
            history=row_matrix(queries.history, user_row),
            age_days=queries.age_days[starts[user_row] : starts[user_row + 1]],
            tags=row_matrix(queries.tags, user_row),
        )

    def state_of(self, user_row: int) -> QueryState:
        """Return what the blocks make of one person, as of :meth:`states_of`."""
        states = self.states
        mine = slice(user_row, user_row + 1)
        return QueryState(states.vectors[mine], states.buckets[mine])

    def is_personal(self, user_row: int) -> bool:
        """Say whether one person is served personally."""
        return bool(self.personal[user_row])

    def seen_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items that a person touched, less repeatable ones."""
        return row_entries(self.seen, user_row)[0]

    def disliked_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items that a person hid, disliked or reported."""
        return row_entries(self.disliked, user_row)[0]

    def muted_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items of which a person muted the author or a tag."""
        return muted_items(self.mutes_of(user_row), self.postings)

    def mutes_of(self, user_row: int) -> Mutes:
        """Return the tags and authors that a person muted."""
        muting = self._muting[user_row]
        return Mutes.of(self.dataset.people, user_row) if muting else NO_MUTES

    def own_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items that a person made."""
        return row_entries(self.own, user_row)[0]

    def people_of(self, user_rows: RowArray) -> People:
        """Return what some people declared, in that order."""
        return self.dataset.people.at_rows(user_rows)

    def profiles_of(self, item_rows: RowArray) -> ItemProfiles:
        """Return the profiles of some items alone, in that order."""
        return replace(self.item_profiles, matrix=self.item_profiles.matrix[item_rows])

    def taste_vectors(self, item_rows: RowArray) -> FloatMatrix:
        """Return (n, n_dims) float32 unit vectors in which alike items are near."""
        return np.ascontiguousarray(self.similarity.vectors[item_rows])

    def mask_of(self, where: Any) -> BoolArray:
        """Return (n_items,) bool: which items a filter lets through.

        Raises
        ------
        ConfigError
            If it cannot be read.
        """
        return parse_filter(where).mask(self.columns)

    def title(self, item_row: int) -> str | None:
        """Return the title of an item; None if it has none."""
        found: str | None = self.dataset.catalog.column("title")[item_row]
        return found

    def blocked_of(self, item_rows: RowArray) -> BoolArray:
        """Return (n,) bool: which of some items are blocked."""
        found = self.dataset.catalog.column("status")[item_rows] == "blocked"
        return np.asarray(found, dtype=np.bool_)

    def last_kinds(self, user_row: int) -> dict[int, str]:
        """Return by item row what a person last did with it."""
        events = self.dataset.events
        mine = self.events_of(user_row)
        names = events.kinds.names
        return {int(events.item_rows[at]): names[int(events.kind_codes[at])] for at in mine}

    @cached_property
    def wording(self) -> Wording:
        """Wording of reasons; popularity has the shortest half-life with a weight."""
        days = [
            spec.block_config().to_dict().get("half_life_days")
            for at, spec in enumerate(self.specs)
            if spec.block_class.counts_events and self.model.weights[:, at].any()
        ]
        known = [one for one in days if one is not None]
        return Wording(popularity_half_life_days=min(known, default=None))

    @cached_property
    def columns(self) -> TypedColumns:
        """The catalog as filters read it, typed at first use."""
        return TypedColumns(self.dataset.catalog)

    @cached_property
    def filters(self) -> FilterCache:
        """The sets of items that were asked for last."""
        return FilterCache()

    @cached_property
    def postings(self) -> ItemPostings:
        """Item rows by tag, word and author."""
        return ItemPostings(
            self.dataset.catalog,
            self.dataset.author_rows,
            self.users,
            self.item_profiles.matrix,
            self.tags,
        )

    @cached_property
    def _muting(self) -> BoolArray:
        return muting_people(self.dataset.people)

    @cached_property
    def similarity(self) -> ExactIndex:
        """Exact index over the unit vectors of :meth:`taste_vectors`, made at first use."""
        factors = [block.item_factors for block in taste_blocks(self.model)]
        return ExactIndex.build(unit_vectors(factors, self.item_profiles.matrix))

    @cached_property
    def _by_user(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        rows = self.dataset.events.user_rows
        order = np.argsort(rows, kind="stable")
        return order, np.searchsorted(rows[order], np.arange(self.n_users + 1))

    def events_of(self, user_row: int) -> npt.NDArray[np.int64]:
        """Return the positions of a person's events, in the log's order."""
        order, starts = self._by_user
        return order[starts[user_row] : starts[user_row + 1]]
