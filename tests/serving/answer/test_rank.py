"""The path of one request."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recsys
from recsys.core.topk import TopK
from recsys.serving.answer.constraints import ListRequest, constrain
from recsys.serving.answer.queries import ask_users
from recsys.serving.answer.rank import rank
from recsys.serving.answer.score import pair_scores
from tests.serving.world import made_up_model, tiny_catalog, tiny_model, tiny_shared

PRESETS = ["fast", "balanced"]


def ranked(model: recsys.Recommender, ids: list[object], *, k: int = 5, **asked: object) -> TopK:
    snapshot = model.snapshot
    people = ask_users(snapshot, ids)
    return rank(snapshot, people, constrain(snapshot, people, ListRequest(k=k, **asked)), k=k)  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_list_is_the_best_of_all_scores(preset: str) -> None:
    model = made_up_model(preset)
    ids = [*model.users.ids()[:8].tolist(), "stranger"]
    scores = model.score(ids, model.items.ids())
    best = ranked(model, ids, k=80, exclude_seen=False, include_own=True)
    for row in range(len(ids)):
        found = best.rows[row][best.rows[row] >= 0]
        np.testing.assert_allclose(best.scores[row][: len(found)], scores[row, found], atol=1e-5)
        left = np.setdiff1d(np.flatnonzero(model.snapshot.eligible), found)
        disliked = model.snapshot.disliked[max(model.users.row(ids[row]), 0)].indices
        assert set(left) <= set(disliked) | set(
            np.flatnonzero(~model.snapshot.visibility.is_for_all)
        )


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_candidates_get_the_order_they_have_in_the_whole_list(
    preset: str, data: st.DataObject
) -> None:
    model = made_up_model(preset)
    user = data.draw(st.sampled_from([*model.users.ids().tolist(), "stranger"]))
    some = data.draw(st.lists(st.integers(0, 79), min_size=1, unique=True))
    whole = ranked(model, [user], k=80).rows[0].tolist()
    ids = model.items.ids(some).tolist()
    found = ranked(model, [user], k=80, candidates=ids)
    expected = [row for row in whole if row in some]
    scores = dict(zip(found.rows[0].tolist(), found.scores[0].tolist(), strict=True))
    real = [row for row in found.rows[0].tolist() if row >= 0]
    assert set(real) == set(expected)
    assert [scores[row] for row in real] == sorted((scores[row] for row in real), reverse=True)
    for one, other in zip(real, expected, strict=True):
        assert scores[one] == pytest.approx(scores[other], abs=1e-5)


def test_equal_scores_stand_in_the_order_of_rows() -> None:
    events = recsys.EventLog.from_frame({"user_id": ["a"] * 4, "item_id": ["w", "x", "y", "z"]})
    model = recsys.Recommender.fit(events, config=recsys.RecommenderConfig(model="popularity"))
    for asked in ({}, {"candidates": ["z", "x", "y", "w"]}):
        assert ranked(model, ["b"], k=4, **asked).rows.tolist() == [[0, 1, 2, 3]]


@pytest.mark.parametrize("preset", PRESETS)
def test_padding_is_at_the_end_of_scores_that_never_rise(preset: str) -> None:
    model = made_up_model(preset)
    best = ranked(model, model.users.ids().tolist(), k=80)
    assert ((best.rows >= 0) == np.isfinite(best.scores)).all()
    assert (best.scores[:, 1:] <= best.scores[:, :-1]).all()


def test_a_pair_without_item_scores_nothing() -> None:
    snapshot = tiny_shared().snapshot
    rows = np.array([[0, -1]], np.int32)
    people = ask_users(snapshot, ["ana"]).scoring(snapshot.model)
    scores = pair_scores(snapshot.model, people, rows)
    assert np.isfinite(scores[0, 0])
    assert np.isneginf(scores[0, 1])


@pytest.mark.parametrize("k", [9, 10_000, 10_001, 10**15, np.int64(10**12)])
def test_an_enormous_k_costs_no_memory(k: int) -> None:
    top = tiny_shared().recommend(["ana", "stranger"], k=k, explain=True)
    assert top.item_ids.shape == (2, int(k) if k <= 10_000 else 8)
    assert int((top.item_ids[1] != None).sum()) == 8  # noqa: E711  (elementwise)
    assert top.shortfall[1] == f"8 of {k} items: 8 in the catalog."


def test_what_is_blocked_expired_or_for_some_is_not_shown_to_everybody() -> None:
    catalog = tiny_catalog(
        status=[None, "blocked", *[None] * 6],
        expires_at=[None, None, "2024-03-02", *[None] * 5],
        visible_to=[None, None, None, "role = staff", *[None] * 4],
    )
    people = recsys.People.from_frame({"user_id": ["ana"], "role": ["staff"]})
    found = tiny_model(catalog, people).similar_items(["g1"], k=8)
    assert set(found.item_ids[0]) == {"n1", "n2", "n3", "new", None}


def test_such_an_item_can_still_be_asked_about() -> None:
    model = tiny_model(tiny_catalog(status=["blocked", *[None] * 7]))
    assert model.similar_items(["g1"], k=1).item_ids[0, 0] in {"g2", "g3", "g4"}


def test_a_filter_limits_the_answer() -> None:
    found = tiny_shared().similar_items(["g1"], k=8, where="format = video")
    assert set(found.item_ids[0]) - {None} == {"g2", "n1", "new"}


def test_no_item_asked_about_is_answered_with_nothing() -> None:
    found = tiny_shared().similar_items([], k=3)
    assert found.item_ids.shape == (0, 3)
    assert found.to_frame().num_rows == 0


@pytest.mark.parametrize("k", [0, -1, "3"])
def test_a_wrong_k_is_refused(k: int) -> None:
    with pytest.raises(recsys.ConfigError, match="k must be a whole number"):
        tiny_shared().similar_items(["g1"], k=k)


def test_an_enormous_k_of_similar_items_costs_no_memory() -> None:
    assert tiny_shared().similar_items(["g1"], k=10**15).item_ids.shape == (1, 8)
