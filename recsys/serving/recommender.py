"""The recommender: fit, ask, save, load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recsys.core.arrays import Csr, FloatMatrix
from recsys.core.clock import Moment
from recsys.core.errors import DataError, NotFittedError
from recsys.core.note import Note
from recsys.core.progress import Progress, silent
from recsys.data import Catalog, Dataset, EventLog, IdMap, People
from recsys.profiles import ItemProfiles, ProfileTable
from recsys.ranking import Reason
from recsys.serving.answer.constraints import ListRequest, Where
from recsys.serving.answer.explain import explain_lists, person_profile
from recsys.serving.answer.lists import recommend_lists
from recsys.serving.answer.queries import ask_histories, ask_users, item_rows
from recsys.serving.answer.rank import similar_rows
from recsys.serving.answer.recommendations import Recommendations, SimilarItems, padded
from recsys.serving.answer.score import pair_scores
from recsys.serving.arguments import as_config, check_k, check_types
from recsys.serving.config import RecommenderConfig
from recsys.serving.fit.build import build_snapshot
from recsys.serving.observe.arrivals import Arrivals
from recsys.serving.observe.change import Change
from recsys.serving.observe.observe import observe
from recsys.serving.observe.snapshot import DeltaSnapshot
from recsys.serving.state.lineage import Drift
from recsys.serving.state.saved import load_snapshot, save_snapshot
from recsys.serving.state.snapshot import Snapshot
from recsys.serving.state.view import View


class Recommender:
    """Ranked lists for people, from one immutable snapshot.

    Made by :meth:`fit` or :func:`load`, never by calling the class.

    Raises
    ------
    NotFittedError
        If the class itself is called.
    """

    def __init__(
        self, snapshot: Snapshot | DeltaSnapshot | None = None, *, last_change: Change | None = None
    ) -> None:
        if not isinstance(snapshot, Snapshot | DeltaSnapshot):
            raise NotFittedError(
                "A Recommender comes from Recommender.fit(events, catalog) or recsys.load(path); "
                "calling the class makes none."
            )
        self._snapshot: Snapshot | DeltaSnapshot = snapshot
        self._last_change = Change() if last_change is None else last_change

    def __copy__(self) -> Recommender:
        """Return the recommender itself: it never changes."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Recommender:
        """Return the recommender itself: it never changes."""
        return self

    def __reduce__(self) -> Any:
        """Refuse to be pickled: a saved folder is checked, mapped and shared by processes."""
        raise DataError(
            "a Recommender must be handed to other processes as a folder; pickle cannot take it. "
            "Call model.save(path), and recsys.load(path) in each process."
        )

    @classmethod
    def fit(
        cls,
        events: EventLog,
        catalog: Catalog | None = None,
        *,
        users: People | None = None,
        config: RecommenderConfig | Mapping[str, Any] | str | None = None,
        now: Moment | None = None,
        progress: Progress | None = None,
    ) -> Recommender:
        """Return a recommender fitted on events, and on a catalog and people where there are.

        Parameters
        ----------
        events : EventLog
            May be empty if the catalog has tags or text: an app's first day.
        catalog : Catalog or None
            None means that items are known by their events only.
        users : People or None
            None means that nobody declared, muted or refused anything.
        config : RecommenderConfig, mapping, str or None
            Settings may come in a mapping; a text names a preset; None is the default preset.
        now : datetime, ISO text, epoch seconds or None
            The moment the model speaks for; None is the time of the last event.
        progress : Progress or None
            Called as ``progress(stage, done, total)``.

        Raises
        ------
        ConfigError
            If a setting is wrong, or a block needs more memory than there is.
        DataError
            If there are neither events nor items.

        Examples
        --------
        >>> import recsys
        >>> events = recsys.EventLog.from_frame({"user_id": ["ana", "bo"], "item_id": ["q1", "q2"]})
        >>> recsys.Recommender.fit(events).recommend(["ana"], k=1).item_ids.tolist()
        [['q2']]
        """
        check_types(events, catalog, users)
        config = as_config(config)
        if config.kinds:
            kinds = events.kinds.with_kinds(config.kinds)
            events = events.rerowed(events.users, events.items, kinds)
        dataset = Dataset.join(events, catalog, users)
        if not len(dataset.items):
            raise DataError(
                "events or catalog must hold at least one item; both are empty. "
                "Give a catalog with tags or text on an app's first day."
            )
        return cls(build_snapshot(dataset, config, now=now, progress=progress or silent))

    @classmethod
    def load(cls, path: str | Path, *, check: str = "fast") -> Recommender:
        """Return the recommender saved in a folder; see :func:`recsys.load`."""
        return cls(load_snapshot(Path(path), check=check))

    def save(self, path: str | Path) -> None:
        """Write the recommender to a folder: whole or not at all.

        Raises
        ------
        DataError
            If ``path`` is a file, or a folder that holds something else.
        """
        save_snapshot(self._snapshot.compacted, Path(path))

    def observe(
        self, events: Any = None, items: Any = None, *, item_tags: Any = None, users: Any = None
    ) -> Recommender:
        """Return a recommender that knows what happened since; this one stays as it is.

        People are folded in from all their events, new items get a vector through their tags, and
        popularity counts the events. What a fit learns from everybody stays as it was learned.

        Parameters
        ----------
        events : EventLog, frame or None
            In any order. What the model has already is counted and left out. An unknown item
            becomes known by its id, without tags. An event later than ``now`` moves it on.
        items : Catalog, frame or None
            New items, and known ones as far as something is to change; what is not given stays.
        item_tags : frame or None
            The long form of tags, for ``items`` or for known items.
        users : People, frame or None
            New people, and known ones as far as something is to change.

        Raises
        ------
        DataError
            If a row of a frame breaks the contract, or ids are of another sort than the model's.

        Examples
        --------
        >>> import recsys
        >>> events = recsys.EventLog.from_frame({"user_id": ["ana", "bo"], "item_id": ["q1", "q2"]})
        >>> model = recsys.Recommender.fit(events)
        >>> later = model.observe({"user_id": ["cy"], "item_id": ["q2"]}, {"item_id": ["q3"]})
        >>> sorted(later.recommend(["cy"], k=2).item_ids[0].tolist())
        ['q1', 'q3']
        >>> later.last_change.n_events, later.last_change.n_new_users, "cy" in model.users
        (1, 1, False)
        """
        arrivals = Arrivals.of(events, items, item_tags, users, known=self._snapshot)
        snapshot, change = observe(self._snapshot, arrivals)
        return Recommender(snapshot, last_change=change)

    @property
    def last_change(self) -> Change:
        """Counts of changes by the call of :meth:`observe` that made this recommender."""
        return self._last_change

    @property
    def drift(self) -> Drift:
        """Share of decayed event weight newer than the fit, and whether a refit is due."""
        return Drift.of(self._snapshot.lineage)

    @property
    def view(self) -> View:
        """The state that requests read, for other rooms of the library."""
        return self._snapshot

    @property
    def snapshot(self) -> Snapshot:
        """The state in whole arrays; after :meth:`observe` the first use puts them together."""
        return self._snapshot.compacted

    @property
    def config(self) -> RecommenderConfig:
        """The settings it was fitted with."""
        return self._snapshot.config

    @property
    def version(self) -> str:
        """Names what was learned: the same fit has the same version."""
        return self._snapshot.version

    @property
    def now(self) -> np.datetime64:
        """The moment it speaks for, datetime64[us]; NaT without times."""
        return self._snapshot.now

    @property
    def dataset(self) -> Dataset:
        """People, items and events, on the model's rows."""
        return self._snapshot.compacted.dataset

    @property
    def item_profiles(self) -> ItemProfiles:
        """Tag weights of the items."""
        return self._snapshot.compacted.item_profiles

    @property
    def users(self) -> IdMap:
        """Ids and rows of the known people."""
        return self._snapshot.users

    @property
    def items(self) -> IdMap:
        """Ids and rows of the items."""
        return self._snapshot.items

    @property
    def seen(self) -> Csr:
        """(n_users, n_items) csr: what each person touched."""
        return self._snapshot.compacted.seen

    @property
    def notes(self) -> tuple[Note, ...]:
        """Why the model has these blocks and weights; ``str`` of a note is a sentence."""
        return self._snapshot.notes

    @property
    def measured(self) -> dict[str, Any]:
        """Measurements of the fit, such as the recall of the index; never a time."""
        return self._snapshot.measured

    def recommend(  # noqa: PLR0913  (each is one plain rule of the request)
        self,
        user_ids: Iterable[Any],
        k: int = 10,
        *,
        where: Where | Sequence[Where] = None,
        exclude_seen: bool = True,
        include_own: bool = False,
        explain: bool = False,
        candidates: Iterable[Any] | None = None,
        exclude: Iterable[Any] | None = None,
        recent: Iterable[Any] | None = None,
    ) -> Recommendations:
        """Return the best ``k`` items of each person, best first.

        Parameters
        ----------
        user_ids : iterable of n_queries ids
            Unknown people get the newcomer list, with ``known`` False.
        k : int
            Greater than 0. A list is shorter only where no more items are allowed; then its
            ``shortfall`` says why. Lists have ``k`` columns, or one per item of the catalog where
            ``k`` is above that and above 10,000.
        where : str, mapping, None, or one per person
            A filter on items, such as ``"format = video and language in (en, zh)"``.
        exclude_seen : bool
            Leave out what the person touched.
        include_own : bool
            Allow the person's own items.
        explain : bool
            Give the reasons of each item.
        candidates, exclude : sequence of item ids, or one per person; None means all, and none
            The only items allowed, and items left out. Page 2 excludes page 1:
            ``exclude=top.item_ids``.
        recent : sequence of item ids, or one per person; None means none
            Items of this session, which count at once.

        Raises
        ------
        ConfigError
            If ``k`` is not a whole number above 0, or a filter cannot be read.
        DataError
            If ``user_ids`` is not a list, or a list per person has the wrong length.
        UnknownIdError
            If an item id is unknown. Unknown people are not an error.
        """
        request = ListRequest(
            k=check_k(k),
            where=where,
            exclude_seen=exclude_seen,
            include_own=include_own,
            candidates=candidates,
            exclude=exclude,
        )
        asked = ask_users(self._snapshot, user_ids, recent=recent)
        return recommend_lists(self._snapshot, asked, request, explain=explain)

    def recommend_for_history(
        self,
        histories: Iterable[Iterable[Any]],
        k: int = 10,
        *,
        where: Where | Sequence[Where] = None,
        explain: bool = False,
        exclude: Iterable[Any] | None = None,
    ) -> Recommendations:
        """Return the best ``k`` items for people never seen before, from what they consumed.

        Parameters
        ----------
        histories : sequence of n_queries sequences of item ids
            Oldest first or in any order; each item counts as one event of today.
        k, where, explain, exclude
            As in :meth:`recommend`.

        Raises
        ------
        ConfigError
            As in :meth:`recommend`.
        DataError
            If a history is no list of ids.
        UnknownIdError
            If an item id is unknown.
        """
        asked = ask_histories(self._snapshot, histories)
        request = ListRequest(k=check_k(k), where=where, exclude=exclude)
        return recommend_lists(self._snapshot, asked, request, explain=explain)

    def similar_items(
        self, item_ids: Iterable[Any], k: int = 10, *, where: Where = None
    ) -> SimilarItems:
        """Return the ``k`` items most like each item asked about, itself left out.

        Raises
        ------
        UnknownIdError
            If an item id is unknown.
        """
        snapshot = self._snapshot
        rows = item_rows(snapshot, item_ids)
        best = similar_rows(snapshot, rows, k=check_k(k), where=where)
        return SimilarItems(self.items.ids(rows), *padded(best, k, self.items))

    def score(self, user_ids: Iterable[Any], item_ids: Iterable[Any]) -> FloatMatrix:
        """Return the score of every person for every item given.

        Returns
        -------
        (n_queries, n_items_given) float32

        Raises
        ------
        UnknownIdError
            If an item id is unknown.
        """
        asked = ask_users(self._snapshot, user_ids)
        rows = item_rows(self._snapshot, item_ids)
        wide = np.broadcast_to(rows, (len(asked.user_rows), len(rows)))
        model = self._snapshot.model
        return pair_scores(model, asked.scoring(model), np.ascontiguousarray(wide, np.int32))

    def explain(self, user_id: Any, item_id: Any) -> tuple[Reason, ...]:
        """Return why a person would be shown an item, also one not in their list.

        Returns
        -------
        tuple of Reason
            Strongest first; the values sum to the score.

        Raises
        ------
        UnknownIdError
            If the item id is unknown.
        """
        asked = ask_users(self._snapshot, [user_id])
        rows = item_rows(self._snapshot, [item_id]).reshape(1, 1)
        return explain_lists(self._snapshot, asked, rows)[0][0]

    def profile(self, user_id: Any) -> ProfileTable:
        """Return a person's tag profile: what they declared and what their events say.

        Raises
        ------
        UnknownIdError
            If the person is unknown.
        """
        return person_profile(self._snapshot, user_id)
