"""Events, items and people in the same rows."""

from dataclasses import replace
from typing import Any

import pytest

from recsys.core.errors import DataError
from recsys.data.dataset import Dataset
from recsys.data.logs.events import EventLog
from recsys.data.tables.catalog import Catalog
from recsys.data.tables.people import People

EVENTS = EventLog.from_frame(
    {
        "user_id": ["bo", "ana", "cy", "bo"],
        "item_id": ["q9", "q1", "q1", "q2"],
        "kind": ["view", "post", "ask", "post"],
        "occurred_at": ["2018-01-01", "2018-01-05", "2018-01-03", None],
    }
)


def joined(**columns: Any) -> Dataset:
    catalog = Catalog.from_frame({"item_id": ["q1", "q2", "q3"], **columns})
    return Dataset.join(EVENTS, catalog, People.from_frame({"user_id": ["dee", "ana"]}))


def test_rows_are_the_catalogs_and_the_peoples_first() -> None:
    data = joined()
    assert list(data.items) == ["q1", "q2", "q3", "q9"]
    assert list(data.users) == ["dee", "ana", "bo", "cy"]
    assert data.shape == (4, 4)


def test_everything_shares_the_maps_and_no_event_is_changed() -> None:
    data = joined(title=["a", "b", "c"])
    assert data.events.items is data.catalog.items is data.items
    assert data.events.users is data.people.users is data.users
    assert data.events.to_frame().equals(EVENTS.to_frame())
    assert data.catalog.column("title").tolist() == ["a", "b", "c", None]


def test_the_author_is_given_or_else_whoever_posted_first() -> None:
    by_event = joined()
    assert by_event.users.ids(by_event.author_rows).tolist() == ["cy", "bo", None, None]
    given = joined(author_id=["dee", "stranger", "ana"])
    assert given.users.ids(given.author_rows).tolist() == ["dee", "bo", "ana", None]


def test_events_alone_are_a_dataset() -> None:
    data = Dataset.join(EVENTS)
    assert list(data.items) == ["q9", "q1", "q2"]
    assert data.people.consent.personalise.all()
    assert Dataset.join(EventLog.empty()).shape == (0, 0)


def test_ids_of_different_sorts_do_not_meet() -> None:
    with pytest.raises(DataError, match=r"item_id must be of one sort everywhere"):
        Dataset.join(EVENTS, Catalog.from_frame({"item_id": [1]}))


def test_parts_with_other_maps_are_refused() -> None:
    with pytest.raises(DataError, match="one map of items"):
        replace(joined(), events=EVENTS)
    data = joined()
    with pytest.raises(DataError, match="one map of users"):
        replace(data, people=People.empty())
