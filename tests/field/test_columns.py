"""Columns: what is not read is said"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import recsys
from recsys.core.errors import RecsysWarning
from recsys.data import Dataset, interaction_matrix, positive_events

BASE = {"user_id": ["a", "b"], "item_id": ["x", "y"]}


def events(name: str, cells: Any, **more: Any) -> Callable[[Path], Any]:
    """Read events with one further column."""
    return lambda _: recsys.EventLog.from_frame({**BASE, name: cells}, **more)


def repeated(n: int, **more: Any) -> Callable[[Path], Any]:
    frame = {"user_id": ["a"] * (n + 1), "item_id": ["x"] * n + ["y"], **more}
    return lambda _: recsys.EventLog.from_frame(frame).n_events


def weights(**columns: Any) -> Callable[[Path], Any]:
    """Return the confidence of each item, of ratings of one person."""

    def run(_: Path) -> Any:
        n = len(columns["item_id"])
        log = recsys.EventLog.from_frame({"user_id": ["a"] * n, "kind": ["rate"] * n, **columns})
        data = Dataset.join(log)
        timed = positive_events(data, now=np.datetime64("NaT"))
        return interaction_matrix(timed, data.shape).toarray()[0].tolist()

    return run


DAYS = ["2026-01-01", "2026-01-02"]
RECORDS = [
    ("created_at", "warned", "columns={'occurred_at': 'created_at'}", events("created_at", DAYS)),
    ("createdAt", "warned", "columns={'occurred_at': 'createdAt'}", events("createdAt", DAYS)),
    ("timestamp", "warned", "--columns occurred_at=timestamp", events("timestamp", [1e9, 1e9])),
    ("ts", "warned", "columns={'occurred_at': 'ts'}", events("ts", [1e9, 1e9])),
    ("datetime", "warned", "columns={'occurred_at': 'datetime'}", events("datetime", DAYS)),
    ("time", "warned", "columns={'occurred_at': 'time'}", events("time", [1e9, 1e9])),
    ("Date", "warned", "columns={'occurred_at': 'Date'}", events("Date", DAYS)),
    ("rating", "warned", "A rating also needs the kind 'rate'", events("rating", [5, 1])),
    ("stars", "warned", "columns={'value': 'stars'}", events("stars", [5, 1])),
    ("weight", "warned", "A count is no rating", events("weight", [5, 1])),
    ("count", "warned", "one row per act", events("count", [50, 1])),
    ("plays", "warned", "one row per act", events("plays", [50, 1])),
    ("event_type", "warned", "columns={'kind': 'event_type'}", events("event_type", ["like"] * 2)),
    ("action", "warned", "columns={'kind': 'action'}", events("action", ["like"] * 2)),
    ("rating and timestamp", "warned", "{'value': 'rating', 'occurred_at': 'timestamp'}",
     lambda _: recsys.EventLog.from_frame({**BASE, "rating": [5, 1], "timestamp": [1e9, 1e9]})),
    ("device, which is nothing", "read", "EventLog(2 events, 2 users, 2 items)",
     events("device", ["phone"] * 2)),
    ("created_at, named in columns", "read", "EventLog(2 events, 2 users, 2 items)",
     events("created_at", DAYS, columns={"occurred_at": "created_at"})),
    ("columns the wrong way round", "refused", "Did you mean {'occurred_at': 'created_at'}",
     events("created_at", DAYS, columns={"created_at": "occurred_at"})),
    ("post_id in place of item_id", "refused", "columns={'item_id': 'post_id'}",
     lambda _: recsys.EventLog.from_frame({"user_id": [1], "post_id": [7]})),
    ("id in place of item_id", "refused", "columns={'item_id': 'id'}",
     lambda _: recsys.Catalog.from_frame({"id": [1], "title": ["x"]})),
    ("movieId in place of item_id", "refused", "columns={'item_id': 'movieId'}",
     lambda _: recsys.EventLog.from_frame({"user_id": [1], "movieId": [7]})),
    ("user_id as the index of a frame", "refused", "reset_index()",
     lambda _: recsys.EventLog.from_frame(
         pd.DataFrame({"item_id": ["x"]}, index=pd.Index(["a"], name="user_id")))),
    ("kinds as a list", "refused", "kinds must map names of event kinds to weights",
     lambda _: recsys.EventLog.from_frame(BASE, kinds=["reply"])),  # type: ignore[arg-type]
    ("values without a kind", "warned", "2 value(s) of the kind view are not used",
     events("value", [5.0, 0.5])),
    ("seconds of views", "warned", "2 value(s) of the kind view are not used",
     lambda _: recsys.EventLog.from_frame({**BASE, "value": [5.0, 70.0], "kind": ["view"] * 2})),
    ("likes of -1", "warned", "1 value(s) are negative",
     lambda _: recsys.EventLog.from_frame({**BASE, "value": [1, -1], "kind": ["like"] * 2})),
    ("ratings", "read", "EventLog(2 events, 2 users, 2 items)",
     lambda _: recsys.EventLog.from_frame({**BASE, "value": [5.0, 0.5], "kind": ["rate"] * 2})),
    ("ratings of -1", "warned", "1 value(s) are negative",
     lambda _: recsys.EventLog.from_frame({**BASE, "value": [5.0, -1.0], "kind": ["rate"] * 2})),
    ("50 plays without times", "warned", "49 of 51 rows repeat another", repeated(50)),
    ("50 plays at their times", "read", "51",
     repeated(50, occurred_at=[1.7e9 + at for at in range(51)])),
    ("the latest of two ratings", "read", "[0.5, 1.0]",
     weights(item_id=["x", "x", "y"], value=[5, 1, 5],
             occurred_at=["2024-01-01", "2024-02-01", "2024-01-01"])),
    ("the last row of two ratings", "read", "[1.0, 0.5]",
     weights(item_id=["x", "x", "y"], value=[1, 5, 1])),
    ("consent as true and false", "read", "[True, False]",
     lambda _: recsys.People.from_frame(
         {"user_id": [1, 2], "consent": [True, False]}).consent.digest.tolist()),
]  # fmt: skip


@pytest.mark.parametrize(("given", "outcome", "comes", "run"), RECORDS, ids=[r[0] for r in RECORDS])
def test_columns_that_are_not_read_are_said(
    given: str, outcome: str, comes: str, run: Any, check: Any
) -> None:
    check(outcome, comes, run)


def test_one_warning_says_it_all(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("user_id,item_id,rating,timestamp\na,x,5,1700000000\n")
    with pytest.warns(RecsysWarning, match="are not read") as told:
        recsys.EventLog.read(tmp_path / "e.csv")
    assert len(told) == 1


def test_a_published_item_is_not_told_to_be_blocked() -> None:
    with pytest.raises(recsys.RecsysError, match="must be one of active, blocked") as caught:
        recsys.Catalog.from_frame({"item_id": [1], "status": ["published"]})
    assert "Did you mean" not in str(caught.value)
