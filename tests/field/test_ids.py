"""Ids: the same in files as in frames"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import recsys
from recsys.core.errors import DataError, UnknownIdError

A, B = UUID(int=1), UUID(int=2)
CONFIG = recsys.RecommenderConfig(model="popularity")


def in_csv(*ids: str, **more: Any) -> Callable[[Path], Any]:
    def run(folder: Path) -> Any:
        rows = "".join(f"{one},x\n" for one in ids)
        (folder / "events.csv").write_text("user_id,item_id\n" + rows, encoding="utf-8")
        return recsys.EventLog.read(folder / "events.csv", **more).users.ids().tolist()

    return run


def in_json(*ids: Any, **more: Any) -> Callable[[Path], Any]:
    def run(folder: Path) -> Any:
        rows = "".join(json.dumps({"user_id": one, "item_id": "x"}) + "\n" for one in ids)
        (folder / "events.jsonl").write_text(rows)
        return recsys.EventLog.read(folder / "events.jsonl", **more).users.ids().tolist()

    return run


def in_frame(ids: Any) -> Callable[[Path], Any]:
    frame = {"user_id": ids, "item_id": ["x"] * len(ids)}
    return lambda _: recsys.EventLog.from_frame(frame).users.ids().tolist()


def events_with(ids: list[Any]) -> Callable[[Path], Any]:
    frame = {"user_id": list("abcd"), "item_id": list("wxyz"), "event_id": ids}
    return lambda _: recsys.EventLog.from_frame(frame).n_events


def fitted(sort: Callable[[int], Any]) -> recsys.Recommender:
    users, items = [sort(1), sort(2)], [sort(7), sort(8)]
    events = {"user_id": users, "item_id": items, "occurred_at": ["2024-03-01"] * 2}
    return recsys.Recommender.fit(recsys.EventLog.from_frame(events), config=CONFIG)


def asked(sort: Callable[[int], Any], ids: Any) -> Callable[[Path], Any]:
    return lambda _: fitted(sort).recommend(ids, k=1).known.tolist()


def with_authors(users: list[Any], author: Any) -> Callable[[Path], Any]:
    """Who may be recommended an item by the first user."""

    def run(_: Path) -> Any:
        events = recsys.EventLog.from_frame({"user_id": users, "item_id": ["q1", "q1"]})
        catalog = recsys.Catalog.from_frame(
            {"item_id": ["q1", "mine"], "author_id": [None, author]}
        )
        model = recsys.Recommender.fit(events, catalog, config=CONFIG)
        return ["mine" in row for row in model.recommend(users, k=2).item_ids.tolist()]

    return run


def evaluated(test_sort: Callable[[int], Any]) -> Callable[[Path], Any]:
    def log(sort: Callable[[int], Any], at: int) -> recsys.EventLog:
        users = [sort(one) for one in range(6)]
        items = [sort((one + at) % 6) for one in range(6)]
        return recsys.EventLog.from_frame({"user_id": users, "item_id": items})

    return lambda _: recsys.evaluation.evaluate(log(str, 0), log(test_sort, 1), config=CONFIG)


def next_digest(before: Callable[[int], Any], after: Callable[[int], Any]) -> Callable[[Path], Any]:
    def run(folder: Path) -> Any:
        history = folder / "history.jsonl"
        for sort, day in ((before, "2024-04-01"), (after, "2024-04-02")):
            out = folder / f"{day}.jsonl"
            recsys.digest.run(fitted(sort), out=out, history=history, as_of=day)

    return run


RECORDS = [
    ("42.0 in CSV", "refused", "events.csv, line 2, column user_id: must be an id, not a float",
     in_csv("42.0", "43.0")),
    ("42.0 in some rows", "refused", "line 3", in_csv("42", "43.0")),
    ("9.78E+12 of a spreadsheet", "refused", "a spreadsheet cut this one", in_csv("9.78E+12")),
    ("NULL", "refused", "must not be missing", in_csv("ana", "NULL")),
    ("\\N of MySQL", "refused", "must not be missing", in_csv("ana", "\\N")),
    ("nan", "refused", "must not be missing", in_csv("ana", "nan")),
    ("None", "refused", "must not be missing", in_csv("ana", "None")),
    ("Nan, a name", "read", "['Nan', 'none']", in_csv("Nan", "none")),
    ("a header again, as in joined files", "refused", "line 3, column user_id: must be an id; this "
     "is the header again", in_csv("ana", "user_id")),
    ("a header again, in capitals", "refused", "the header again", in_csv("ana", "USER_ID")),
    ("a header again, its rows left out", "read", "['ana', 'bo']",
     in_csv("ana", "user_id", "bo", on_bad_row="skip")),
    ("a header again, renamed", "refused", "the header again", lambda folder: (
        (folder / "e.csv").write_text("member,item_id\na,x\nmember,item_id\n"),
        recsys.EventLog.read(folder / "e.csv", columns={"user_id": "member"}))),
    ("versions 1.0.0", "read", "['1.0.0', '2.0.0']", in_csv("1.0.0", "2.0.0")),
    ("zero byte in JSON", "refused", "this holds a zero byte", in_json("a\0b")),
    ("half a character in JSON", "refused", "holds U+FFFD", in_json("a", "q\ud83d")),
    ("half a character in JSON, left out", "read", "['a']",
     in_json("a", "q\ud83d", on_bad_row="skip")),
    ("a whole emoji in JSON", "read", "['q🙂']", in_json("q🙂")),
    ("42.0 in JSON", "refused", "42 into 42.0", in_json(42.0)),
    ("\"42.0\" in JSON", "refused", "42 into 42.0", in_json("42.0")),
    ("integers in JSON", "read", "[42, 43]", in_json(42, 43)),
    ("text 42.0 in a frame", "refused", "42 into 42.0", in_frame(["42.0"])),
    ("floats in a frame", "refused", "42 into 42.0", in_frame([42.0])),
    ("half a character in a frame", "refused", "holds U+FFFD", in_frame(["\ud83d"])),
    ("UUIDs in a frame", "read", f"[{A!r}, {B!r}]", in_frame([A, B])),
    ("event_id 0 on all rows", "refused", "must name one event", events_with([0, 0, 0, 0])),
    ("event_id that is a name", "refused", "must name one event", events_with(["click"] * 4)),
    ("event_id of a page, on view and like", "refused", "another user, item or kind",
     lambda _: recsys.EventLog.from_frame({"user_id": ["a", "a"], "item_id": ["x", "x"],
                                           "kind": ["view", "like"], "event_id": [1, 1]})),
    ("event_id 1 in two logs", "refused", "must name one event",
     lambda _: recsys.EventLog.from_batches([
         {"user_id": [one], "item_id": ["x"], "event_id": [1]} for one in "ab"])),
    ("an event twice, by its event_id", "read", "1", lambda _: recsys.EventLog.from_frame(
        {"user_id": ["a", "a"], "item_id": ["x", "x"], "event_id": [1, 1]}).n_events),
    ("event_id as floats", "refused", "not floats", events_with([1.5e18, 2e18, 3e18, 4e18])),
    ("event_id of UUIDs", "read", "4", events_with([UUID(int=at) for at in range(4)])),
    ("recommend: \"1\" of integers", "refused", "int ids (as 1) meet text ids (as '1')",
     asked(int, ["1"])),
    ("recommend: 1 of texts", "refused", "text ids (as '1') meet int ids (as 1)", asked(str, [1])),
    ("recommend: \"1.0\" of integers", "refused", "meet text ids", asked(int, ["1.0"])),
    ("recommend: 1.0 of integers", "refused", "meet float ids", asked(int, pd.Series([1.0, 9.0]))),
    ("recommend: a UUID of texts", "refused", "meet uuid ids", asked(str, [A])),
    ("recommend: text of UUIDs", "refused", "meet text ids",
     asked(lambda n: UUID(int=n), [str(A)])),
    ("recommend: a name where ids are integers", "read", "[True, False]", asked(int, [1, "ana"])),
    ("recommend: \"99\" beside 1", "read", "[True, False]", asked(int, [1, "99"])),
    ("recommend: a missing one", "read", "[True, False]",
     asked(int, pd.array([1, None], dtype="Int64"))),
    ("recommend: a stranger of the sort", "read", "[True, False]", asked(int, np.array([1, 99]))),
    ("evaluate: text and integers", "refused", "must be of one sort everywhere", evaluated(int)),
    ("evaluate: train as test", "warned", "no test pair can be found", lambda _: (
        log := recsys.EventLog.from_frame({"user_id": list("abc"), "item_id": list("xyz")}),
        recsys.evaluation.evaluate(log, log, config=CONFIG))),
    ("digest: a history of integers", "refused", "user_id of the history and the model",
     next_digest(int, str)),
    ("digest: a history of texts", "refused", "user_id of the history and the model",
     next_digest(str, int)),
    ("authors: UUIDs", "read", "[False, True]", with_authors([A, B], A)),
    ("authors: integers", "read", "[False, True]", with_authors([1, 2], 1)),
    ("authors: \"1\" of people 1", "refused", "author_id must be of the sort of user_id",
     with_authors([1, 2], "1")),
    ("authors: 1 of people \"1\"", "refused", "author_id must be of the sort of user_id",
     with_authors(["1", "2"], 1)),
    ("authors: names of people by number", "read", "[True, True]", with_authors([1, 2], "Bo Li")),
    ("muted_authors: 42.0 in a list", "refused", "column muted_authors: must be an id, not a float",
     lambda _: recsys.People.from_frame({"user_id": ["a"], "muted_authors": [[42.0]]})),
    ("communities: 42.0|43 in text", "refused", "column communities: must be an id, not a float",
     lambda _: recsys.People.from_frame({"user_id": ["a"], "communities": ["42.0|43"]})),
    ("muted_authors: UUIDs", "read", f"('{A}',)", lambda _: recsys.People.from_frame(
        {"user_id": ["a"], "muted_authors": [[A]]}).muted_authors[0]),
    ("authors: 1.0 as text", "refused", "42 into 42.0", with_authors(["1", "2"], "1.0")),
]  # fmt: skip


@pytest.mark.parametrize(("given", "outcome", "comes", "run"), RECORDS, ids=[r[0] for r in RECORDS])
def test_ids_are_checked_alike(given: str, outcome: str, comes: str, run: Any, check: Any) -> None:
    check(outcome, comes, run)


@over(st.lists(st.integers(0, 10**15), min_size=1, max_size=4, unique=True))
def test_what_a_join_makes_of_integers_is_never_an_id(ids: list[int]) -> None:
    for values in ([float(one) for one in ids], [f"{one}.0" for one in ids]):
        with pytest.raises(DataError, match=r"42 into 42\.0"):
            in_frame(values)(Path())


def test_items_of_another_sort_name_both() -> None:
    with pytest.raises(UnknownIdError, match=r"int ids \(as 7\) meet text ids \(as '7'\)"):
        fitted(int).recommend_for_history([["7"]])


@pytest.mark.parametrize("sort", [str, int, lambda n: UUID(int=n)], ids=["text", "int", "uuid"])
def test_what_can_be_gone_through_once_is_heeded(sort: Callable[[int], Any]) -> None:
    model = fitted(sort)
    for given in ([sort(8)], iter([sort(8)]), (one for one in [sort(8)]), (sort(8),)):
        top = model.recommend([sort(1)], k=2, exclude=given, exclude_seen=False)
        assert top.item_ids.tolist() == [[sort(7), None]]
