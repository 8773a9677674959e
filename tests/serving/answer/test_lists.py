"""The short way of a page view gives what the way of a batch gives."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recsys
from recsys.datasets import synthetic_world
from recsys.index import IndexConfig, NarrowIndex
from recsys.models import HybridConfig
from recsys.serving.answer.constraints import Request
from recsys.serving.answer.single import page_view

WEIGHTS: dict[str, tuple[float, ...]] = {
    "popularity": (0.3,),
    "content": (0.5,),
    "spectral": (1.0,),
}
WHERE = [
    None,
    "format = video",
    "tags has any (baking, chess) and format = article",
    {"format": ["video", "question"]},
    "format = nothing",
]


@cache
def model(kind: str, preset: str) -> recsys.Recommender:
    if kind == "beside":  # kernels name candidates too
        snapshot = model("narrow", preset).snapshot
        assert isinstance(snapshot.index, NarrowIndex)
        return recsys.Recommender(replace(snapshot, index=replace(snapshot.index, n_with_extra=30)))
    events, catalog, people = synthetic_world(n_users=80, n_items=600, seed=3)
    weights = dict(WEIGHTS)
    if preset == "balanced":
        weights["cooccurrence"] = (0.5,)
    config = recsys.RecommenderConfig(
        preset=preset,
        hybrid=HybridConfig(weights=weights),
        index=IndexConfig(kind=kind, graph_from=500, recall_target=0.9),
    )
    return recsys.Recommender.fit(events, catalog, users=people, config=config)


CASES = [
    ("exact", "fast"),
    ("exact", "balanced"),
    ("narrow", "fast"),
    ("narrow", "balanced"),
    ("hnsw", "fast"),
    ("beside", "balanced"),
]


@pytest.mark.parametrize(("kind", "preset"), CASES)
@settings(max_examples=25, deadline=None)
@given(
    user=st.integers(0, 79),
    k=st.sampled_from([1, 5, 20]),
    where=st.sampled_from(WHERE),
    rules=st.fixed_dictionaries({"exclude_seen": st.booleans(), "include_own": st.booleans()}),
    out=st.lists(st.integers(0, 599), max_size=8),
)
def test_alone_equals_in_a_batch(
    kind: str, preset: str, user: int, k: int, where: Any, rules: dict[str, bool], out: list[int]
) -> None:
    recommender = model(kind, preset)
    users, items = recommender.users.ids().tolist(), recommender.items.ids()
    exclude = items[out].tolist() or None
    asked = {"k": k, "where": where, "exclude": exclude, **rules}
    alone = recommender.recommend([users[user]], **asked)
    pair = recommender.recommend([users[user - 1], users[user]], **asked)
    assert alone.item_ids[0].tolist() == pair.item_ids[1].tolist()
    assert alone.scores[0].tolist() == pair.scores[1].tolist()
    assert alone.shortfall[0] == pair.shortfall[1]
    found = [one for one in alone.item_ids[0].tolist() if one is not None]
    assert len(found) == len(set(found))
    assert len(found) == k or alone.shortfall[0] is not None
    assert not set(found) & set(exclude or ())
    if rules["exclude_seen"]:
        seen = items[recommender.seen[user].indices].tolist()
        assert not set(found) & set(seen)


@cache
def observed(kind: str, preset: str, n_pieces: int) -> recsys.Recommender:
    """Observe so many calls: events of known and new people, new and retired items, new tags."""
    later, rng = model(kind, preset), np.random.default_rng(n_pieces)
    start = later.now
    for at in range(n_pieces):
        users = [f"u{rng.integers(80)}", f"new-{rng.integers(5)}"]
        events = {
            "user_id": users,
            "item_id": [f"i{rng.integers(600)}", f"late-{rng.integers(9)}"],
            "kind": ["view", "hide" if at % 7 == 3 else "like"],
            "occurred_at": [str(start + np.timedelta64(at, "s"))] * 2,
        }
        items = None
        if at % 3 == 0:
            status = ["blocked" if at % 2 else "active", "active"]
            ids = [f"i{rng.integers(600)}", f"told-{at}"]
            items = {"item_id": ids, "tags": ["jazz", "baking|chess"], "status": status,
                     "format": ["video", "video"]}  # fmt: skip
        people = None
        if at == 5:
            people = {"user_id": ["u9", "new-1"], "muted_tags": ["jazz", "chess"],
                      "consent": ["digest", "all"]}  # fmt: skip
        later = later.observe(events, items, users=people)
    return later


@pytest.mark.parametrize(("kind", "preset"), CASES)
@pytest.mark.parametrize("n_pieces", [1, 10, 100])
def test_alone_equals_in_a_batch_after_observing(kind: str, preset: str, n_pieces: int) -> None:
    later = observed(kind, preset, n_pieces)
    whole = recsys.Recommender(later.snapshot.whole)
    for where in WHERE:
        for user in ["u0", "u9", *(f"new-{at}" for at in range(5)), *later.users.ids()[-3:]]:
            if user not in later.users:
                continue
            alone = later.recommend([user], k=15, where=where)
            batch = later.recommend(["u3", user], k=15, where=where)
            again = whole.recommend([user], k=15, where=where)
            assert alone.item_ids[0].tolist() == batch.item_ids[1].tolist(), (user, where)
            assert alone.scores[0].tolist() == batch.scores[1].tolist(), (user, where)
            assert alone.shortfall[0] == batch.shortfall[1]
            assert set(alone.item_ids[0].tolist()) == set(again.item_ids[0].tolist())


@pytest.mark.parametrize(("kind", "preset"), [("narrow", "balanced"), ("exact", "fast")])
def test_what_was_observed_goes_the_short_way_too(kind: str, preset: str) -> None:
    later = observed(kind, preset, 10).observe({"user_id": ["u0"], "item_id": ["i5"]})
    told = later.items.rows([f"told-{at}" for at in (0, 3, 6, 9)])
    assert (told >= 600).all()
    for user in ("u0", "new-0", str(later.users.ids()[-1])):
        found = page_view(later.snapshot, user, Request(k=5))
        assert found is not None, user
        assert "whole" not in vars(later.snapshot), "nothing was put together for one page"
    assert page_view(later.snapshot, "u9", Request(k=5)) is None, "no longer served personally"
    retired = np.flatnonzero(~later.snapshot.eligible)
    assert len(retired)
    top = later.recommend(["u0"], k=later.snapshot.n_items, exclude_seen=False, include_own=True)
    rows = later.items.rows([one for one in top.item_ids[0].tolist() if one is not None])
    assert not set(rows.tolist()) & set(retired.tolist())
    assert set(told.tolist()) - set(retired.tolist()) <= set(rows.tolist())


def test_a_large_catalog_really_goes_the_short_way() -> None:
    recommender = model("narrow", "balanced")
    assert isinstance(recommender.snapshot.index, NarrowIndex)
    found = page_view(recommender.snapshot, recommender.users.id(0), Request(k=5))
    assert found is not None
    assert found.known.tolist() == [True]
    assert found.item_ids.shape == found.scores.shape == (1, 5)


@pytest.mark.parametrize(
    ("user_id", "asked"),
    [
        ("stranger", {"k": 5}),
        ("u0", {"k": 601}),
        ("u0", {"k": 5, "candidates": ["i1"]}),
        ("u0", {"k": 5, "where": ["format = video"]}),
        ("u0", {"k": 5, "where": "format = nothing"}),
    ],
)
def test_what_it_cannot_do_it_leaves(user_id: str, asked: dict[str, Any]) -> None:
    assert page_view(model("narrow", "fast").snapshot, user_id, Request(**asked)) is None


def test_a_filter_is_worked_out_once_for_everybody() -> None:
    recommender = model("narrow", "fast")
    before = len(recommender.snapshot.filters)
    for user in recommender.users.ids()[:5].tolist():
        recommender.recommend([user], k=3, where="format = video and tags has any (jazz)")
    assert len(recommender.snapshot.filters) == before + 1


def test_concurrent_callers_get_what_one_would() -> None:
    recommender = model("narrow", "balanced")
    users = recommender.users.ids().tolist()
    alone = [recommender.recommend([user], k=5).item_ids[0].tolist() for user in users]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda user: recommender.recommend([user], k=5), users)
        assert [top.item_ids[0].tolist() for top in found] == alone


def test_codes_and_kernels_find_nearly_the_best(tmp_path: Any) -> None:
    recommender = model("narrow", "fast")
    recommender.save(tmp_path / "model")
    again = recsys.load(tmp_path / "model")
    users = recommender.users.ids().tolist()
    scores = recommender.score(users, recommender.items.ids())
    hidden = recommender.snapshot.hidden(with_seen=True, with_own=True).toarray() > 0
    best = np.argsort(-np.where(hidden, -np.inf, scores), axis=1, kind="stable")[:, :10]
    for top in (recommender.recommend(users, k=10), again.recommend(users, k=10)):
        rows = np.array([recommender.items.rows(line) for line in top.item_ids])
        assert (rows[:, :, None] == best[:, None, :]).any(axis=2).mean() >= 0.9
