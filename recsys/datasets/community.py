"""Embedded community data: the first months of a question-and-answer site."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recsys.data import Catalog, EventLog, People
from recsys.datasets.packaged import packaged_file

LATER_TOTALS = ("score", "views", "reputation")
"""Totals at the end of the dump; as features they would leak the future."""


def load_community() -> tuple[EventLog, Catalog, People]:
    """Return questions of the Quantum Computing Stack Exchange, 2018-03-12 to 2018-09-01.

    5,788 events (ask, answer, comment, favorite) by 555 people on 612 questions with 154 tags.
    The author of a question is the person of its ``ask`` event.

    Returns
    -------
    tuple of EventLog, Catalog and People
        Items have title, text, tags, ``published_at``, ``url``, ``author_id`` and the format
        "question"; people have ``joined_at``.

    Notes
    -----
    A ``favorite`` carries a date only, so that some precede the question's own time of day.
    Score, views and reputation of the source are left out: they were counted after the fact.
    The texts are licensed CC BY-SA; ``url`` is the attribution, see ``files/community``.

    Examples
    --------
    >>> events, catalog, people = load_community()
    >>> events.n_events, catalog.n_items, people.n_users
    (5788, 612, 555)
    """
    import pyarrow as pa

    events = EventLog.read(packaged_file("community", "events.csv.gz"))
    catalog = Catalog.read(
        packaged_file("community", "items.csv.gz"),
        item_tags=packaged_file("community", "item_tags.csv.gz"),
    )
    people = People.read(packaged_file("community", "users.csv.gz"))
    table = _without(catalog.table).append_column("author_id", _askers(events, catalog))
    formats = pa.array(["question"] * catalog.n_items, pa.large_string())
    return (
        events,
        replace(catalog, table=table.append_column("format", formats)),
        replace(people, table=_without(people.table)),
    )


def _without(table: Any) -> Any:
    return table.drop_columns([name for name in LATER_TOTALS if name in table.column_names])


def _askers(events: EventLog, catalog: Catalog) -> Any:
    """Return the author of each item; null where the ask event is missing."""
    import pyarrow as pa

    asked = events.select(events.kind_codes == events.kinds.code("ask"))
    askers = dict(
        zip(asked.items.ids(asked.item_rows), asked.users.ids(asked.user_rows), strict=True)
    )
    return pa.array([askers.get(one) for one in catalog.items.ids()], pa.large_string())
