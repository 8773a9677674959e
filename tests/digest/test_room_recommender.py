"""Digests from a real recommender, week after week."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.data import Catalog, EventLog, People
from recsys.digest import DigestConfig, run
from recsys.serving import Recommender, RecommenderConfig

N_USERS, N_ITEMS = 30, 120
WEEKS = ["2018-09-01T09:00:00Z", "2018-09-08T09:00:00Z", "2018-09-15T09:00:00Z"]
Records = dict[Any, dict[str, Any]]


def events() -> EventLog:
    rng = np.random.default_rng(7)
    n = 400
    days = rng.integers(1, 31, n)
    return EventLog.from_frame(
        {
            "user_id": [f"u{one}" for one in rng.integers(0, N_USERS - 5, n)],
            "item_id": [f"q{one}" for one in (N_ITEMS * rng.random(n) ** 2).astype(int)],
            "kind": rng.choice(["view", "like", "comment"], n).tolist(),
            "occurred_at": [f"2018-08-{day:02d}T10:00:00Z" for day in days],
        }
    )


def catalog() -> Catalog:
    return Catalog.from_frame(
        {
            "item_id": [f"q{one}" for one in range(N_ITEMS)],
            "title": [f"Question {one}" for one in range(N_ITEMS)],
            "tags": [f"topic{one % 12}" for one in range(N_ITEMS)],
            "author_id": [f"author{one % 25}" for one in range(N_ITEMS)],
            "status": ["blocked" if one == 3 else "active" for one in range(N_ITEMS)],
            "expires_at": ["2018-09-05T00:00:00Z" if one == 4 else None for one in range(N_ITEMS)],
            "published_at": ["2018-08-01T00:00:00Z"] * N_ITEMS,
        }
    )


def people() -> People:
    users = [f"u{one}" for one in range(N_USERS)]
    said: dict[str, dict[str, str]] = {
        "u1": {"muted_tags": "topic0|topic1"},
        "u2": {"muted_authors": "author0|author1"},
        "u3": {"consent": "none"},
        "u4": {"consent": "digest"},
        "u5": {"status": "banned"},
    }
    names = ("muted_tags", "muted_authors", "consent", "status")
    columns = {name: [said.get(one, {}).get(name) for one in users] for name in names}
    return People.from_frame({"user_id": users, **columns})


@pytest.fixture(scope="module")
def model() -> Recommender:
    config = RecommenderConfig(model="content")
    return Recommender.fit(events(), catalog(), users=people(), config=config, now=WEEKS[0])


@pytest.fixture(scope="module")
def weeks(model: Recommender, tmp_path_factory: pytest.TempPathFactory) -> list[Records]:
    folder = tmp_path_factory.mktemp("weeks")
    out = []
    for week, as_of in enumerate(WEEKS):
        path = folder / f"{week}.jsonl"
        run(model, out=path, history=folder / "history.jsonl", as_of=as_of,
            config=DigestConfig(chunk_size=8))  # fmt: skip
        records = map(json.loads, path.read_text("utf-8").splitlines())
        out.append({record["user_id"]: record for record in records})
    return out


def items_of(record: dict[str, Any]) -> list[int]:
    return [int(one["item_id"].removeprefix("q")) for one in record["items"]]


def test_everyone_who_wants_one_gets_k_items_each_week(weeks: list[Records]) -> None:
    wanted = {f"u{one}" for one in range(N_USERS)} - {"u3", "u5"}
    for week in weeks:
        assert set(week) == wanted
        assert all(len(one["items"]) == 10 or one["shortfall"] for one in week.values())


def test_no_item_comes_twice_to_a_person(weeks: list[Records]) -> None:
    for user_id in weeks[0]:
        had = [item for week in weeks for item in items_of(week[user_id])]
        assert len(had) == len(set(had))


def test_nothing_that_a_person_touched_comes(weeks: list[Records]) -> None:
    log = events()
    rows = zip(log.users.ids(log.user_rows), log.items.ids(log.item_rows), strict=True)
    touched = set(rows)
    given = {
        (who, one["item_id"]) for week in weeks for who, r in week.items() for one in r["items"]
    }
    assert not touched & given


def test_mutes_are_respected(weeks: list[Records]) -> None:
    for week in weeks:
        assert not {item % 12 for item in items_of(week["u1"])} & {0, 1}
        assert not {item % 25 for item in items_of(week["u2"])} & {0, 1}


@pytest.mark.parametrize(("group", "most"), [(25, 2), (12, 4)], ids=["author", "topic"])
def test_caps_hold(weeks: list[Records], group: int, most: int) -> None:
    for week in weeks:
        for record in week.values():
            counts = Counter(item % group for item in items_of(record))
            assert max(counts.values()) <= most


def test_blocked_items_never_come_and_expired_ones_no_more(weeks: list[Records]) -> None:
    given = [{item for record in week.values() for item in items_of(record)} for week in weeks]
    assert not any(3 in items for items in given)
    assert not any(4 in items for items in given[1:])


def test_reasons_add_up_to_the_score(weeks: list[Records]) -> None:
    for record in weeks[0].values():
        for one in record["items"]:
            assert sum(why["value"] for why in one["reasons"]) == pytest.approx(
                one["score"], abs=1e-3
            )


def test_who_does_not_consent_to_being_personalised_gets_everyones_list(
    model: Recommender, weeks: list[Records]
) -> None:
    common = model.recommend(["nobody knows me"], k=40).item_ids[0].tolist()
    given = [one["item_id"] for one in weeks[0]["u4"]["items"]]
    assert set(given) <= set(common)


def test_people_can_be_strangers_to_the_model(model: Recommender, tmp_path: Path) -> None:
    run(model, out=tmp_path / "w.jsonl", users=["stranger"])
    record = json.loads((tmp_path / "w.jsonl").read_text("utf-8"))
    assert (record["known"], len(record["items"])) == (False, 10)


@pytest.mark.parametrize("make_id", [int, lambda one: f"user {one}"], ids=["int", "text"])
def test_ids_keep_their_sort_over_the_weeks(tmp_path: Path, make_id: Callable[[int], Any]) -> None:
    log = EventLog.from_frame(
        {
            "user_id": [make_id(one % 4) for one in range(60)],
            "item_id": [make_id(one) for one in range(60)],
            "occurred_at": ["2018-08-01T00:00:00Z"] * 60,
        }
    )
    model = Recommender.fit(log, config=RecommenderConfig(model="popularity"))
    had: dict[Any, list[Any]] = {}
    for as_of in WEEKS:
        run(model, out=tmp_path / "w.jsonl", history=tmp_path / "h.jsonl", as_of=as_of)
        for line in (tmp_path / "w.jsonl").read_text("utf-8").splitlines():
            record = json.loads(line)
            had.setdefault(record["user_id"], []).extend(one["item_id"] for one in record["items"])
    assert set(had) == {make_id(one) for one in range(4)}
    assert all(len(items) == len(set(items)) == 30 for items in had.values())
