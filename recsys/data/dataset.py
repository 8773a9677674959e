"""Events, items and users on shared row numbers."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from recsys.core.arrays import NO_ROW, ObjectArray, RowArray, freeze
from recsys.core.errors import DataError
from recsys.data.ids.id_map import IdMap
from recsys.data.ids.values import translated
from recsys.data.logs.events import EventLog
from recsys.data.tables.catalog import Catalog
from recsys.data.tables.people import People


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Everything a model is made from, with one row number per person and per item.

    Attributes
    ----------
    users, items : IdMap
        The people's (the catalog's) ids first, in their order; then those of the events.
    events : EventLog
        With these maps.
    catalog : Catalog
        Aligned with ``items``.
    people : People
        Aligned with ``users``.
    author_rows : (n_items,) int32
        The user row of who made the item: its ``author_id``, else the user of its first
        authoring event (ask, post); -1 if nobody known.

    Examples
    --------
    >>> events = EventLog.from_frame({"user_id": ["ana", "bo"], "item_id": ["q1", "q2"],
    ...                               "kind": ["ask", "view"]})
    >>> catalog = Catalog.from_frame({"item_id": ["q2", "q3"]})
    >>> data = Dataset.join(events, catalog)
    >>> list(data.items), data.author_rows.tolist()
    (['q2', 'q3', 'q1'], [-1, -1, 0])
    """

    users: IdMap
    items: IdMap
    events: EventLog
    catalog: Catalog
    people: People
    author_rows: RowArray

    def __post_init__(self) -> None:
        if self.events.items is not self.items or self.catalog.items is not self.items:
            raise DataError("a dataset must share one map of items; build it by Dataset.join.")
        if self.events.users is not self.users or self.people.users is not self.users:
            raise DataError("a dataset must share one map of users; build it by Dataset.join.")

    @classmethod
    def join(
        cls, events: EventLog, catalog: Catalog | None = None, people: People | None = None
    ) -> Dataset:
        """Bring events, items and people to common rows.

        Parameters
        ----------
        events : EventLog
            May be empty.
        catalog, people : Catalog, People or None
            None means that only the events are known.

        Raises
        ------
        DataError
            If the ids are of different sorts (42 here, "42" there).
        """
        catalog = Catalog.empty() if catalog is None else catalog
        people = People.empty() if people is None else people
        users = people.users.union(events.users, name="user_id")
        items = catalog.items.union(events.items, name="item_id")
        events = events.rerowed(users, items)
        catalog = catalog.aligned(items)
        return cls(
            users=users,
            items=items,
            events=events,
            catalog=catalog,
            people=people.aligned(users),
            author_rows=freeze(_author_rows(events, catalog, users)),
        )

    @property
    def n_users(self) -> int:
        """Number of people."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_users, n_items)``."""
        return self.n_users, self.n_items


def _author_rows(events: EventLog, catalog: Catalog, users: IdMap) -> RowArray:
    authors = np.full(catalog.n_items, NO_ROW, np.int32)
    if "author_id" in catalog.table.column_names:
        authors = users.rows(catalog.table.column("author_id"))
        _check_author_sort(catalog.column("author_id"), users)
    made = np.flatnonzero(events.kinds.has_role("authoring")[events.kind_codes])
    if len(made):
        order = made[np.argsort(events.occurred_at[made], kind="stable")[::-1]]
        firsts = np.full(catalog.n_items, NO_ROW, np.int32)
        firsts[events.item_rows[order]] = events.user_rows[order]  # the earliest is written last
        authors = np.where(authors == NO_ROW, firsts, authors)
    return authors


def _check_author_sort(authors: ObjectArray, users: IdMap) -> None:
    """Raise if authors are users under ids of another sort, as 42 and "42"."""
    known: dict[type, str] = {str: "text", int: "int", UUID: "uuid"}
    given = list(dict.fromkeys(one for one in authors.tolist() if one is not None))
    if not given or known[type(given[0])] == users.kind:
        return
    same = [one for one in given if users.row(translated(one, users.kind)) != NO_ROW]
    if same:
        raise DataError(
            f"author_id must be of the sort of user_id; {known[type(same[0])]} ids (as "
            f"{same[0]!r}) meet {users.kind} ids. Turn both into text, or both into integers."
        )
