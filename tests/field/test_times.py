"""Times: numbers that are dates in another form, and moments out of place"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import recsys
from recsys.core.errors import DataError


def in_frame(time: Any) -> Callable[[Path], Any]:
    frame = {"user_id": ["a"], "item_id": ["x"], "occurred_at": [time]}
    return lambda _: str(recsys.EventLog.from_frame(frame).occurred_at[0])


def in_csv(time: str) -> Callable[[Path], Any]:
    def run(folder: Path) -> Any:
        (folder / "e.csv").write_text(f"user_id,item_id,occurred_at\na,x,{time}\n")
        return str(recsys.EventLog.read(folder / "e.csv").occurred_at[0])

    return run


def at(times: list[Any]) -> Callable[[Path], Any]:
    frame = {"user_id": list(range(len(times))), "item_id": [7] * len(times), "occurred_at": times}
    return lambda _: recsys.EventLog.from_frame(frame)


def digests(*days: str) -> Callable[[Path], Any]:
    def run(folder: Path) -> Any:
        users = [f"u{one}" for one in range(5)]
        frame = {"user_id": users, "item_id": users[::-1], "occurred_at": ["2024-03-01"] * 5}
        config = recsys.RecommenderConfig(model="popularity")
        model = recsys.Recommender.fit(recsys.EventLog.from_frame(frame), config=config)
        for day in days:
            out, history = folder / f"{day}.jsonl", folder / "h.jsonl"
            recsys.digest.run(model, out=out, history=history, as_of=day)

    return run


MONTH = [f"2024-03-{day:02d}" for day in range(1, 31)]
RECORDS = [
    ("2024-03-01T09:30:00Z", "read", "'2024-03-01T09:30:00.000000'",
     in_csv("2024-03-01T09:30:00Z")),
    ("epoch seconds", "read", "'2024-03-01T00:00:00.000000'", in_csv("1709251200")),
    ("epoch seconds as integer", "read", "'2024-03-01T00:00:00.000000'", in_frame(1709251200)),
    ("epoch milliseconds", "refused", "looks like milliseconds: divide by 1000 ",
     in_csv("1709251200000")),
    ("epoch milliseconds as integer", "refused", "looks like milliseconds",
     in_frame(1709251200000)),
    ("epoch microseconds", "refused", "looks like microseconds: divide by 1000000 ",
     in_csv("1709251200000000")),
    ("epoch nanoseconds", "refused", "looks like nanoseconds", in_frame(1709251200000000000)),
    ("20240301", "refused", "Write the date as 2024-03-01", in_csv("20240301")),
    ("20240301 as integer", "refused", "Write the date as 2024-03-01", in_frame(20240301)),
    ("20240301.0 as float", "refused", "Write the date as 2024-03-01", in_frame(20240301.0)),
    ("2024030109, with its hour", "refused", "Write the date as 2024-03-01T09:00",
     in_frame(2024030109)),
    ("20240301093000", "refused", "Write the date as 2024-03-01T09:00", in_csv("20240301093000")),
    ("202403, a month", "refused", "Write the date as 2024-03-01", in_frame(202403)),
    ("1998, a year", "refused", "1998-01-01, if it is a year", in_csv("1998")),
    ("1998, a year as integer", "refused", "1998-01-01, if it is a year", in_frame(1998)),
    ("45352, a spreadsheet's day", "refused", "write 2024-03-01", in_csv("45352")),
    ("45352.4 as float", "refused", "write 2024-03-01", in_frame(45352.4)),
    ("81", "refused", "As epoch seconds that is 1970-01-01T00:01:21Z", in_csv("81")),
    ("01/03/2024", "refused", "Day and month cannot be told apart", in_csv("01/03/2024")),
    ("published_at 1998", "refused", "1998-01-01, if it is a year",
     lambda _: recsys.Catalog.from_frame({"item_id": ["b"], "published_at": [1998]})),
    ("joined_at 45352", "refused", "write 2024-03-01",
     lambda _: recsys.People.from_frame({"user_id": ["b"], "joined_at": [45352]})),
    ("one event 18 years after the rest", "warned", "1 event(s) from 2042-03-15",
     at([*MONTH, "2042-03-15"])),
    ("30 days of events", "read", "EventLog(30 events, 30 users, 1 items)", at(MONTH)),
    ("200 events of January 1970", "warned", "read as nanoseconds",
     at(list(np.datetime64("1970-01-01T00:00:01", "ns") + np.arange(200)))),
    ("digest as of 2042", "warned", "lies 6,605 days after the last event", digests("2042-04-01")),
    ("digest after one of 2042", "warned", "the history has digests after as_of",
     digests("2042-04-01", "2024-04-08")),
    ("digest of the next month", "read", "None", digests("2024-04-01", "2024-04-20")),
]  # fmt: skip


@pytest.mark.parametrize(("given", "outcome", "comes", "run"), RECORDS, ids=[r[0] for r in RECORDS])
def test_times_are_what_they_say(
    given: str, outcome: str, comes: str, run: Any, check: Any
) -> None:
    check(outcome, comes, run)


@over(st.dates())
def test_a_date_in_one_number_is_never_epoch_seconds(day: Any) -> None:
    if 1900 <= day.year <= 2099:
        for one in (int(f"{day:%Y%m%d}"), f"{day:%Y%m%d}", float(f"{day:%Y%m}")):
            with pytest.raises(DataError, match="Write the date as"):
                in_frame(one)(Path())
