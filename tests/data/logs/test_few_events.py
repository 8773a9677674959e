"""A handful of events in plain lists, against the way that all frames take."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data import EventLog, IdMap, KindTable, few_events

USERS, ITEMS = IdMap.of(["ana", "bo", "cy"]), IdMap.of([7, 8])
KINDS = KindTable().with_kinds({"upvote": 3.0})
TIMES = ["2024-01-02T03:04:05Z", "2024-01-02", "2024-01-02 03:04:05.5", "2024-01-02T03:04:05+02:00"]


@st.composite
def frames(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Draw what an app sends after a click or a few: most usual, some not."""
    n = draw(st.integers(0, 5))

    def lists(*ways: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(draw(st.sampled_from(ways)), min_size=n, max_size=n))

    frame = {
        "user_id": lists(st.sampled_from(["ana", "bo"]), st.sampled_from(["cy", "new", None])),
        "item_id": lists(st.sampled_from([7, 8]), st.sampled_from([8, 9, True, 2.0, "7"])),
        "kind": lists(st.sampled_from(["view", "upvote", "", None]), st.sampled_from(["x", 3])),
        "value": lists(
            st.one_of(st.none(), st.floats(-5, 5), st.integers(0, 5)),
            st.sampled_from([np.inf, "3", True, np.nan, 1e300]),
        ),
        "occurred_at": lists(
            st.sampled_from(TIMES),
            st.integers(0, 2**31),
            st.floats(0, 2e9),
            st.sampled_from([None, "soon", 1e13, "2024-13-01"]),
        ),
        "event_id": lists(st.sampled_from(["a", "b"])),
    }
    names = draw(st.sets(st.sampled_from([name for name in frame if not name.endswith("r_id")])))
    return {"user_id": frame["user_id"], **{name: frame[name] for name in sorted(names)}}


def told(log: EventLog) -> list[Any]:
    """Return all that a log says, its ids instead of rows."""
    columns = {name: part for name, part in log.columns().items() if not name.endswith("_rows")}
    said = {name: None if one is None else one.tolist() for name, one in columns.items()}
    ids = [log.users.ids(log.user_rows).tolist(), log.items.ids(log.item_rows).tolist()]
    return [*ids, repr(said), log.n_dropped_duplicates, log.backend, log.kinds]


@given(frames())
def test_what_is_read_is_what_any_frame_gives(frame: dict[str, list[Any]]) -> None:
    log = few_events(frame, users=USERS, items=ITEMS, kinds=KINDS)
    if log is not None:
        assert told(log) == told(EventLog.from_frame(frame, kinds=KINDS))
        assert log.users is USERS
        assert log.items is ITEMS


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"kind": ["like"], "value": [2], "occurred_at": ["2024-01-02T03:04:05Z"]},
        {"occurred_at": [1704164645]},
        {"kind": [None], "value": [None]},
    ],
)
def test_what_is_usual_is_read_without_a_table(more: dict[str, list[Any]]) -> None:
    frame = {"user_id": ["bo"], "item_id": [8], **more}
    log = few_events(frame, users=USERS, items=ITEMS, kinds=KINDS)
    assert log is not None
    assert told(log) == told(EventLog.from_frame(frame, kinds=KINDS))


@pytest.mark.parametrize(
    "frame",
    [
        {"user_id": ["bo"]},
        {"user_id": "bo", "item_id": [8]},
        {"user_id": ["bo"], "item_id": [8, 8]},
        {"user_id": ["bo"], "item_id": [9]},
        {"user_id": ["bo"], "item_id": [8], "surface": ["home"]},
        {"user_id": ["bo"] * 65, "item_id": [8] * 65},
        {"user_id": [], "item_id": []},
        [("bo", 8)],
    ],
)
def test_the_rest_is_left_to_the_long_way(frame: Any) -> None:
    assert few_events(frame, users=USERS, items=ITEMS, kinds=KINDS) is None


def test_events_said_twice_are_counted_once() -> None:
    frame = {"user_id": ["bo", "bo", "ana"], "item_id": [8, 8, 8]}
    log = few_events(frame, users=USERS, items=ITEMS, kinds=KINDS)
    assert log is not None
    assert (log.n_events, log.n_dropped_duplicates) == (2, 1)
