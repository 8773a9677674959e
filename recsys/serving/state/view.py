"""Interface of a model state: every question that answering a request asks."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from recsys.core.arrays import BoolArray, FloatMatrix, RowArray
from recsys.core.note import Note
from recsys.data import IdMap, KindTable, People
from recsys.index import VectorIndex
from recsys.models import BlockSpec, Hybrid, Queries, QueryState
from recsys.profiles import ItemProfiles, TagVocabulary
from recsys.ranking import Wording
from recsys.serving.config import RecommenderConfig
from recsys.serving.state.filter_cache import FilterCache
from recsys.serving.state.lineage import Lineage
from recsys.serving.state.snapshot import Snapshot
from recsys.serving.state.visibility import VisibilityTable


class View(Protocol):
    """A state of the model, read by rows; it never changes.

    Two classes implement it side by side: :class:`Snapshot` holds whole arrays, and
    :class:`DeltaSnapshot` a snapshot and the delta that was observed since. Both give the same
    answers. No question but ``compacted`` costs more than the rows that it names.
    """

    @property
    def config(self) -> RecommenderConfig:
        """Settings of the fit."""

    @property
    def version(self) -> str:
        """Name of this state in answers and exposures."""

    @property
    def now(self) -> np.datetime64:
        """The moment it speaks for, datetime64[us]; NaT without times."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """Why the model has its blocks and weights."""

    @property
    def measured(self) -> dict[str, Any]:
        """Measurements of the fit."""

    @property
    def lineage(self) -> Lineage:
        """The fit that it comes from, and counts of what was observed since."""

    @property
    def users(self) -> IdMap:
        """Ids and rows of the known people."""

    @property
    def items(self) -> IdMap:
        """Ids and rows of the items."""

    @property
    def n_users(self) -> int:
        """Number of known people."""

    @property
    def n_items(self) -> int:
        """Number of items."""

    @property
    def tags(self) -> TagVocabulary:
        """Vocabulary of the item profiles."""

    @property
    def kinds(self) -> KindTable:
        """Event types that are understood."""

    @property
    def backend(self) -> str:
        """Dataframe library of the answers: that of the events."""

    @property
    def wording(self) -> Wording:
        """Wording of reasons."""

    @property
    def model(self) -> Hybrid:
        """Fitted blocks and their weights."""

    @property
    def specs(self) -> tuple[BlockSpec, ...]:
        """Settings that the blocks were built from."""

    @property
    def index(self) -> VectorIndex:
        """Vector index over the item factors."""

    @property
    def similarity(self) -> VectorIndex:
        """Exact index over the unit vectors of :meth:`taste_vectors`."""

    @property
    def item_types(self) -> dict[str, str]:
        """Types of the items' attributes, as ``columns`` of a reader."""

    @property
    def user_types(self) -> dict[str, str]:
        """Types of the users' attributes, as ``columns`` of a reader."""

    @property
    def eligible(self) -> BoolArray:
        """(n_items,) bool: items that are neither blocked nor expired."""

    @property
    def visibility(self) -> VisibilityTable:
        """Which people each item is for."""

    @property
    def filters(self) -> FilterCache:
        """Masks of recent filters; valid for this state."""

    @property
    def compacted(self) -> Snapshot:
        """The same state in whole arrays; costs a copy of everything where there is a delta."""

    def queries_of(self, user_rows: RowArray) -> Queries:
        """Return history and declared tags of some people, rows at least 0."""

    def query_of(self, user_row: int) -> Queries:
        """Return history and tags of one person; items beyond the history's columns are new."""

    def states_of(self, user_rows: RowArray) -> QueryState:
        """Return user vectors and activity buckets of some people."""

    def state_of(self, user_row: int) -> QueryState:
        """Return user vector and activity bucket of one person."""

    def personal_of(self, user_rows: RowArray) -> BoolArray:
        """Return (n,) bool: whether each person is served personally."""

    def is_personal(self, user_row: int) -> bool:
        """Return whether one person is served personally."""

    def seen_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items that a person touched, less repeatable ones."""

    def disliked_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items that a person hid, disliked or reported."""

    def muted_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items of which a person muted the author or a tag."""

    def own_rows(self, user_row: int) -> RowArray:
        """Return the rising rows of the items that a person made."""

    def people_of(self, user_rows: RowArray) -> People:
        """Return what some people declared, in that order."""

    def profiles_of(self, item_rows: RowArray) -> ItemProfiles:
        """Return the profiles of some items alone, in that order."""

    def taste_vectors(self, item_rows: RowArray) -> FloatMatrix:
        """Return (n, n_dims) float32 unit vectors in which alike items are near."""

    def title(self, item_row: int) -> str | None:
        """Return the title of an item; None if it has none."""

    def blocked_of(self, item_rows: RowArray) -> BoolArray:
        """Return (n,) bool: which of some items are blocked."""

    def last_kinds(self, user_row: int) -> dict[int, str]:
        """Return by item row the type of the last event of a person with it."""

    def mask_of(self, where: Any) -> BoolArray:
        """Return (n_items,) bool: the items that pass a filter.

        Raises
        ------
        ConfigError
            If it cannot be read.
        """
