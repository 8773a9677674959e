"""One person alone gets what they get in a batch, by the same stages, each passed once."""

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
from recsys.serving import RowRequest
from recsys.serving.answer import rank as ranking
from recsys.serving.state.exclusions import excluded_pairs

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
    whole = recsys.Recommender(later.snapshot)
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


@pytest.mark.parametrize("preset", ["fast", "balanced"])
@pytest.mark.parametrize("n_pieces", [0, 10])
def test_a_request_on_rows_gives_the_lists_and_reasons_of_recommend(
    preset: str, n_pieces: int
) -> None:
    later = observed("exact", preset, n_pieces) if n_pieces else model("exact", preset)
    snapshot, where = later.snapshot, "format in (video, question)"
    ids = ["u0", "stranger", *later.users.ids()[-3:].tolist(), "u9"]
    exclude = [np.arange(at * 3, dtype=np.int32)[::-1] for at in range(len(ids))]
    asked = RowRequest(snapshot, ids, where=where)
    every = np.arange(len(ids))
    best = asked.rank(every, k=5, exclude=exclude)
    top = later.recommend(
        ids, k=5, where=where, exclude=[later.items.ids(one).tolist() for one in exclude],
        explain=True,
    )  # fmt: skip
    assert later.items.ids(best.rows).tolist() == top.item_ids.tolist()
    assert best.scores.tolist() == top.scores.tolist()
    assert asked.known.tolist() == top.known.tolist()
    assert asked.explain(every, best.rows) == top.reasons
    some = np.array([4, 1])
    again = asked.rank(some, k=5, exclude=[exclude[at] for at in some])
    assert again.rows.tolist() == best.rows[some].tolist()
    for line, whys in zip(some, asked.explain(some, best.rows[some]), strict=True):
        alone = later.recommend(
            [ids[line]], k=5, where=where, explain=True,
            exclude=later.items.ids(exclude[line]).tolist(),
        )  # fmt: skip
        assert alone.reasons == (whys,)


@pytest.mark.parametrize(("kind", "preset"), [("narrow", "balanced"), ("exact", "fast")])
def test_a_page_after_observing_puts_nothing_together(kind: str, preset: str) -> None:
    later = observed(kind, preset, 10).observe({"user_id": ["u0"], "item_id": ["i5"]})
    told = later.items.rows([f"told-{at}" for at in (0, 3, 6, 9)])
    assert (told >= 600).all()
    for user in ("u0", "new-0", str(later.users.ids()[-1])):
        assert later.recommend([user], k=5).shortfall == (None,)
        assert "whole" not in vars(later.snapshot), "nothing was put together for one page"
    retired = np.flatnonzero(~later.snapshot.eligible)
    assert len(retired)
    top = later.recommend(["u0"], k=later.snapshot.n_items, exclude_seen=False, include_own=True)
    rows = later.items.rows([one for one in top.item_ids[0].tolist() if one is not None])
    assert not set(rows.tolist()) & set(retired.tolist())
    assert set(told.tolist()) - set(retired.tolist()) <= set(rows.tolist())


@pytest.mark.parametrize(("kind", "preset"), CASES)
@pytest.mark.parametrize(
    "asked",
    [
        {"k": 5},
        {"k": 601},
        {"k": 5, "candidates": ["i1", "i9"]},
        {"k": 5, "where": ["format = video"]},
        {"k": 5, "where": "format = nothing"},
        {"k": 5, "where": "item_id in (i1, i2, i3)"},
        {"k": 5, "explain": True},
        {"k": 5, "exclude": [["i1", "i2", None]]},
        {"k": 5, "recent": ["i3"]},
    ],
)
def test_one_person_goes_through_each_stage_once(
    kind: str, preset: str, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    recommender = model(kind, preset)
    groups = []
    whole = ranking._rank_group

    def counted(*args: Any) -> Any:
        groups.append(args)
        return whole(*args)

    monkeypatch.setattr(ranking, "_rank_group", counted)
    for user in ("u0", "stranger"):
        alone = recommender.recommend([user], **asked)
        assert len(groups) == 1, "also where the list comes out short"
        groups.clear()
        twice: dict[str, Any] = {
            name: value * 2 if name in ("where", "exclude") and isinstance(value, list) else value
            for name, value in asked.items()
        }
        pair = recommender.recommend([user, user], **twice)
        groups.clear()
        assert alone.item_ids[0].tolist() == pair.item_ids[1].tolist()
        assert alone.scores[0].tolist() == pair.scores[1].tolist()
        assert alone.shortfall[0] == pair.shortfall[1]
        assert alone.reasons is None or alone.reasons[0] == pair.reasons[1]  # type: ignore[index]


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
    rows = np.arange(len(users), dtype=np.int32)
    out = excluded_pairs(recommender.snapshot, rows, with_seen=True, with_own=True)
    hidden = out.toarray() > 0
    best = np.argsort(-np.where(hidden, -np.inf, scores), axis=1, kind="stable")[:, :10]
    for top in (recommender.recommend(users, k=10), again.recommend(users, k=10)):
        rows = np.array([recommender.items.rows(line) for line in top.item_ids])
        assert (rows[:, :, None] == best[:, None, :]).any(axis=2).mean() >= 0.9
