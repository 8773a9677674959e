"""What no call may ever do, on small worlds full of prohibitions, against sets and loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recsys
from recsys.digest import digests

NOW = "2024-03-20T00:00:00Z"
PATHS: tuple[dict[str, Any], ...] = (
    {"preset": "fast"},
    {"preset": "balanced"},
    {"preset": "best"},
    {"preset": "fast", "index": {"kind": "hnsw"}},
    {"preset": "best", "index": {"kind": "hnsw"}},
)
VISIBLE_TO = ("", "role = mod", "role in (mod, staff)", "not role = mod")
ROLES = ("mod", "staff", "member")
TAGS = ("gates", "noise", "codes")
KINDS = ("view", "like", "answer", "hide", "dislike", "ask")


@dataclass(frozen=True)
class World:
    """Items, people and events as plain rows: the oracle reads these, never the model.

    Attributes
    ----------
    items, people, events : lists of dict
        With every column of the files.
    """

    items: list[dict[str, Any]]
    people: list[dict[str, Any]]
    events: list[dict[str, Any]]

    def model(self, **config: Any) -> recsys.Recommender:
        return recsys.Recommender.fit(
            recsys.EventLog.from_frame(columns_of(self.events)),
            recsys.Catalog.from_frame(columns_of(self.items)),
            users=recsys.People.from_frame(columns_of(self.people)),
            config=recsys.RecommenderConfig.from_dict(config),
            now=NOW,
        )

    def role(self, user: str) -> str | None:
        return next((one["role"] for one in self.people if one["user_id"] == user), None)

    def sees(self, user: str, item: dict[str, Any]) -> bool:
        role, wanted = self.role(user), item["visible_to"]
        return {
            "": True,
            "role = mod": role == "mod",
            "role in (mod, staff)": role in ("mod", "staff"),
            "not role = mod": role != "mod",
        }[wanted]

    def denied(self, user: str, *, may_see_again: bool = False, own: bool = False) -> set[str]:
        """Return the ids that a person must not receive."""
        out = set()
        person = next((one for one in self.people if one["user_id"] == user), {})
        muted = set(filter(None, str(person.get("muted_tags", "")).split("|")))
        theirs = [one for one in self.events if one["user_id"] == user]
        refused = {one["item_id"] for one in theirs if one["kind"] in ("hide", "dislike")}
        touched = {one["item_id"] for one in theirs}
        authors = {one["item_id"]: one["user_id"] for one in self.events if one["kind"] == "ask"}
        for item in self.items:
            name = item["item_id"]
            author = item["author_id"] or authors.get(name)
            if (
                item["status"] == "blocked"
                or (item["expires_at"] is not None and item["expires_at"] <= NOW)
                or not self.sees(user, item)
                or name in refused
                or (name in touched and not may_see_again)
                or (author == user and not own)
                or muted & set(item["tags"].split("|"))
                or (author is not None and author == person.get("muted_authors"))
            ):
                out.add(name)
        return out

    def allowed(self, user: str, **how: bool) -> set[str]:
        return {item["item_id"] for item in self.items} - self.denied(user, **how)

    def unnamed(self, user: str) -> set[str]:
        """Return the ids that may not even be named to a person."""
        return {
            item["item_id"]
            for item in self.items
            if item["status"] == "blocked" or not self.sees(user, item)
        }


def columns_of(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    n_users, n_items = draw(st.integers(2, 6)), draw(st.integers(2, 9))
    users = [f"u{at}" for at in range(n_users)]
    names = [f"q{at}" for at in range(n_items)]
    items = [
        {
            "item_id": name,
            "title": f"On {name}",
            "tags": "|".join(draw(st.lists(st.sampled_from(TAGS), unique=True, max_size=2))),
            "status": draw(st.sampled_from(["active", "active", "active", "blocked"])),
            "visible_to": draw(st.sampled_from(VISIBLE_TO)),
            "author_id": draw(st.sampled_from([None, *users])),
            "expires_at": draw(
                st.sampled_from([None, None, "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z"])
            ),
        }
        for name in names
    ]
    asked = {item["item_id"] for item in items if item["author_id"] is None}
    people = [
        {
            "user_id": user,
            "role": draw(st.sampled_from(ROLES)),
            "muted_tags": draw(st.sampled_from(["", "", "gates", "noise|codes"])),
            "muted_authors": draw(st.sampled_from(["", "", *users])),
            "consent": draw(st.sampled_from(["personalise|analyse|digest", "analyse", "digest"])),
        }
        for user in users
    ]
    n_events = draw(st.integers(1, 25))
    events = []
    for at in range(n_events):
        item, kind = draw(st.sampled_from(names)), draw(st.sampled_from(KINDS))
        if kind == "ask" and item not in asked:
            kind = "view"
        if kind == "ask":
            asked.discard(item)  # one author each
        day = 1 + at % 18
        user = draw(st.sampled_from(users))
        when = f"2024-03-{day:02d}T12:00:00Z"
        events.append({"user_id": user, "item_id": item, "kind": kind, "occurred_at": when})
    return World(items, people, events)


def shown(line: Any) -> list[str]:
    return [item for item in line if item is not None]


each_path = pytest.mark.parametrize(
    "config", PATHS, ids=["fast", "balanced", "best", "fast-hnsw", "best-hnsw"]
)


@each_path
@settings(max_examples=10)
@given(world=worlds(), again=st.booleans(), own=st.booleans())
def test_a_list_holds_all_that_is_allowed_and_nothing_else(
    config: dict[str, Any], world: World, again: bool, own: bool
) -> None:
    model = world.model(**config)
    users = [*(one["user_id"] for one in world.people), "stranger"]
    k = len(world.items) + 2
    top = model.recommend(users, k=k, exclude_seen=not again, include_own=own)
    for line, user in enumerate(users):
        got = shown(top.item_ids[line])
        assert len(got) == len(set(got))
        assert set(got) == world.allowed(user, may_see_again=again, own=own)
        assert top.shortfall[line]


@each_path
@settings(max_examples=10)
@given(world=worlds(), data=st.data())
def test_reasons_name_nothing_that_the_person_may_not_see(
    config: dict[str, Any], world: World, data: st.DataObject
) -> None:
    model = world.model(**config)
    user = data.draw(st.sampled_from([*(one["user_id"] for one in world.people), "stranger"]))
    top = model.recommend([user], k=5, explain=True, exclude_seen=False)
    assert top.reasons is not None
    told = [reason for reasons in top.reasons[0] for reason in reasons]
    told += model.explain(user, world.items[0]["item_id"])
    named = {reason.id for reason in told if reason.source == "item"}
    assert not named & world.unnamed(user)


@each_path
@settings(max_examples=10)
@given(world=worlds())
def test_similar_items_are_for_everybody(config: dict[str, Any], world: World) -> None:
    model = world.model(**config)
    names = [item["item_id"] for item in world.items]
    similar = model.similar_items(names, k=len(names) + 1)
    for name, line in zip(names, similar.item_ids, strict=True):
        got = shown(line)
        assert len(got) == len(set(got))
        assert name not in got
        for item in world.items:
            if item["item_id"] in got:
                assert item["status"] == "active"
                assert item["visible_to"] == ""


@each_path
@settings(max_examples=10)
@given(world=worlds(), data=st.data())
def test_a_history_alone_gets_what_a_stranger_may_see(
    config: dict[str, Any], world: World, data: st.DataObject
) -> None:
    model = world.model(**config)
    names = [item["item_id"] for item in world.items]
    history = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
    top = model.recommend_for_history([history], k=len(names) + 1)
    assert set(shown(top.item_ids[0])) == world.allowed("stranger") - set(history)


@settings(max_examples=10)
@given(world=worlds())
def test_a_digest_holds_nothing_denied_and_goes_to_those_who_agreed(world: World) -> None:
    model = world.model(preset="fast")
    consent = {one["user_id"]: one["consent"] for one in world.people}
    for digest in digests(model):
        assert "digest" in consent[digest.user_id]
        got = [entry.item_id for entry in digest.items]
        assert len(got) == len(set(got))
        assert not set(got) & world.denied(str(digest.user_id))


@each_path
@settings(max_examples=6)
@given(world=worlds(), data=st.data())
def test_without_consent_a_person_is_ranked_as_a_stranger_is(
    config: dict[str, Any], world: World, data: st.DataObject
) -> None:
    model = world.model(**config)
    refusers = [one["user_id"] for one in world.people if "personalise" not in one["consent"]]
    for user in refusers:
        both = world.allowed(user) & world.allowed("stranger")
        top = model.recommend([user, "stranger"], k=len(world.items))
        mine, common = ([i for i in shown(line) if i in both] for line in top.item_ids)
        assert mine == common


@each_path
def test_saving_and_loading_changes_no_list(config: dict[str, Any], tmp_path: Any) -> None:
    from recsys.datasets import synthetic_world

    events, catalog, people = synthetic_world(60, 90, seed=5)
    model = recsys.Recommender.fit(
        events, catalog, users=people, config=recsys.RecommenderConfig.from_dict(config)
    )
    model.save(tmp_path / "model")
    ids = [*model.users.ids().tolist(), "stranger"]
    before, after = model.recommend(ids, k=12), recsys.load(tmp_path / "model").recommend(ids, k=12)
    assert before.item_ids.tolist() == after.item_ids.tolist()
    assert before.scores.tolist() == after.scores.tolist()


NOISE_WORLDS = {
    "all took the same": [(at // 5, at % 5) for at in range(200)],
    "one item": [(at, 0) for at in range(40)],
    "one person": [(0, at) for at in range(8)],
    "one item each": [(at, at % 12) for at in range(30)],
    "two camps": [(at // 4, at % 4 + 4 * (at // 80)) for at in range(160)],
}


@pytest.mark.parametrize("preset", ["fast", "balanced", "best"])
@pytest.mark.parametrize("world", NOISE_WORLDS)
def test_reasons_add_up_where_blocks_have_nothing_to_say(world: str, preset: str) -> None:
    users = [f"u{user}" for user, _ in NOISE_WORLDS[world]]
    items = [f"q{item}" for _, item in NOISE_WORLDS[world]]
    times = [f"2024-01-{1 + at % 28:02}" for at in range(len(users))]
    events = recsys.EventLog.from_frame({"user_id": users, "item_id": items, "occurred_at": times})
    catalog = recsys.Catalog.from_frame(
        {"item_id": [f"q{at}" for at in range(12)], "tags": [f"t{at % 3}" for at in range(12)]}
    )
    config = recsys.RecommenderConfig(preset=preset)
    model = recsys.Recommender.fit(events, catalog, config=config)
    top = model.recommend(["u0"], k=5, explain=True, exclude_seen=False)
    assert top.reasons is not None
    for score, reasons in zip(top.scores[0], top.reasons[0], strict=False):
        parts = sum(reason.value for reason in reasons)
        assert parts == pytest.approx(float(score), rel=1e-4, abs=1e-6)
