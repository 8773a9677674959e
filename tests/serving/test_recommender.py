from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recsys
from tests.serving.world import made_up_model, tiny_catalog, tiny_events, tiny_model

PRESETS = ["fast", "balanced", "best"]


def ids_of(top: recsys.Recommendations, row: int = 0) -> list[Any]:
    return [one for one in top.item_ids[row] if one is not None]


def test_the_class_itself_names_fit() -> None:
    with pytest.raises(recsys.NotFittedError, match=r"Recommender\.fit"):
        recsys.Recommender()


def test_events_of_the_wrong_type_are_refused_by_name() -> None:
    with pytest.raises(recsys.DataError, match="events must be a EventLog; got dict"):
        recsys.Recommender.fit({"user_id": ["a"], "item_id": ["b"]})  # type: ignore[arg-type]


def test_people_get_items_of_their_own_taste_first() -> None:
    top = tiny_model().recommend(["cy", "flo"], k=2)
    assert top.item_ids[0, 0] in {"g1", "g4"}
    assert top.item_ids[1, 0] in {"n1", "new"}


def test_an_unknown_person_gets_the_newcomer_list() -> None:
    model = tiny_model()
    top = model.recommend(["stranger", "ana"], k=3)
    assert top.known.tolist() == [False, True]
    assert len(ids_of(top, 0)) == 3
    assert model.recommend(["another"], k=3).item_ids.tolist() == top.item_ids[:1].tolist()


def test_a_declared_tag_alone_steers_the_list() -> None:
    people = recsys.People.from_frame(
        {"user_id": ["new1", "new2"], "declared_tags": ["noise", "gates"]}
    )
    top = tiny_model(users=people).recommend(["new1", "new2"], k=3)
    assert top.known.all()
    assert {one[0] for one in top.item_ids[0]} == {"n"}
    assert {one[0] for one in top.item_ids[1]} == {"g"}


def test_an_item_with_tags_but_no_events_can_be_recommended() -> None:
    top = tiny_model().recommend(["eli"], k=8)
    assert "new" in ids_of(top)[:2]


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "3"])
def test_a_wrong_k_is_refused(k: Any) -> None:
    with pytest.raises(recsys.ConfigError, match="k must be a whole number of at least 1"):
        tiny_model().recommend(["ana"], k=k)


def test_one_text_instead_of_a_list_is_refused() -> None:
    with pytest.raises(recsys.DataError, match=r"user_ids must be a list of ids; got 'ana'"):
        tiny_model().recommend("ana")


def test_k_above_the_catalog_gives_a_short_list_with_its_reason() -> None:
    top = tiny_model().recommend(["ana"], k=50)
    assert top.item_ids.shape == (1, 50)
    assert len(ids_of(top)) == 6
    assert top.shortfall[0] is not None
    assert top.shortfall[0].startswith("6 of 50 items: 8 in the catalog")
    assert np.isneginf(top.scores[0, 6:]).all()


def test_a_person_who_has_seen_everything_gets_an_empty_list_and_a_reason() -> None:
    events = recsys.EventLog.from_frame({"user_id": ["a", "a", "b"], "item_id": ["x", "y", "x"]})
    top = recsys.Recommender.fit(events).recommend(["a"], k=2)
    assert ids_of(top) == []
    assert top.shortfall[0] is not None
    assert "2 seen" in top.shortfall[0]


def test_one_user_and_one_item_are_enough() -> None:
    events = recsys.EventLog.from_frame({"user_id": ["a"], "item_id": ["x"]})
    model = recsys.Recommender.fit(events)
    assert ids_of(model.recommend(["a"], k=1)) == []
    assert ids_of(model.recommend(["b"], k=1)) == ["x"]


def test_no_events_but_tags_make_a_content_model() -> None:
    people = recsys.People.from_frame({"user_id": ["a"], "declared_tags": ["noise"]})
    model = recsys.Recommender.fit(recsys.EventLog.empty(), tiny_catalog(), users=people)
    assert {one[0] for one in model.recommend(["a"], k=4).item_ids[0]} == {"n"}


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(recsys.DataError, match="at least one item"):
        recsys.Recommender.fit(recsys.EventLog.empty())


def test_seen_items_come_back_only_when_asked_for() -> None:
    model = tiny_model()
    assert not {"g1", "g2"} & set(ids_of(model.recommend(["ana"], k=8)))
    assert {"g1", "g2"} <= set(ids_of(model.recommend(["ana"], k=8, exclude_seen=False)))


def test_a_hidden_item_never_comes_back() -> None:
    top = tiny_model().recommend(["hal"], k=8, exclude_seen=False)
    assert "n1" not in ids_of(top)


def test_own_items_come_only_with_include_own() -> None:
    model = tiny_model()
    assert "g4" not in ids_of(model.recommend(["gus"], k=8, exclude_seen=False))
    with_own = model.recommend(["gus"], k=8, exclude_seen=False, include_own=True)
    assert "g4" in ids_of(with_own)


def test_candidates_and_exclusions_may_differ_per_person() -> None:
    top = tiny_model().recommend(
        ["ana", "flo"], k=3, candidates=[["g3", "n1"], ["g1"]], exclude=[["n1"], ["n1"]]
    )
    assert ids_of(top, 0) == ["g3"]
    assert ids_of(top, 1) == ["g1"]


def test_filters_may_differ_per_person() -> None:
    top = tiny_model().recommend(
        ["ana", "flo"], k=8, where=["format = video", {"format": "question"}]
    )
    assert set(ids_of(top, 0)) == {"n1", "new"}
    assert set(ids_of(top, 1)) == {"g1", "g3", "g4", "n2"} - {"n2"}


def test_the_wrong_number_of_filters_is_refused() -> None:
    with pytest.raises(recsys.DataError, match=r"one per person \(2\); got 1"):
        tiny_model().recommend(["ana", "flo"], where=["format = video"])


def test_unknown_candidates_are_named() -> None:
    with pytest.raises(recsys.UnknownIdError, match="'zz'"):
        tiny_model().recommend(["ana"], candidates=["g3", "zz"])


def test_blocked_and_expired_items_are_never_shown() -> None:
    catalog = tiny_catalog(
        status=["blocked", *["active"] * 7],
        expires_at=[None, None, "2024-03-02", None, None, None, None, "2030-01-01"],
    )
    model = tiny_model(catalog)
    for user in ("ana", "flo", "stranger"):
        shown = ids_of(model.recommend([user], k=8, exclude_seen=False))
        assert not {"g1", "g3"} & set(shown)
        assert "new" in shown


def test_visible_to_is_kept_for_known_and_unknown_people() -> None:
    catalog = tiny_catalog(visible_to=[None, None, "role = staff", *[None] * 5])
    people = recsys.People.from_frame({"user_id": ["ana", "dee"], "role": ["staff", "member"]})
    model = tiny_model(catalog, people)
    top = model.recommend(["ana", "dee", "stranger"], k=8, exclude_seen=False)
    assert "g3" in ids_of(top, 0)
    assert "g3" not in ids_of(top, 1)
    assert "g3" not in ids_of(top, 2)


def test_muted_tags_and_authors_are_left_out() -> None:
    people = recsys.People.from_frame(
        {"user_id": ["ana", "bo"], "muted_tags": ["noise", None], "muted_authors": [None, "gus"]}
    )
    top = tiny_model(users=people).recommend(["ana", "bo"], k=8)
    assert set(ids_of(top, 0)) == {"g3", "g4"}
    assert "g4" not in ids_of(top, 1)


def test_without_consent_the_ranking_is_the_newcomers() -> None:
    people = recsys.People.from_frame({"user_id": ["ana"], "consent": ["digest"]})
    model = tiny_model(users=people)
    top = model.recommend(["ana", "stranger"], k=8)
    common = [one for one in ids_of(top, 1) if one not in ("g1", "g2")]
    assert ids_of(top, 0) == common
    assert model.snapshot.queries.history[model.users.row("ana")].nnz == 0


def test_this_sessions_items_count_at_once_and_are_not_repeated() -> None:
    model = tiny_model()
    before = ids_of(model.recommend(["stranger"], k=8))
    after = ids_of(model.recommend(["stranger"], k=3, recent=["n1", "n2"]))
    assert not {"n1", "n2"} & set(after)
    assert {one[0] for one in after[:2]} == {"n"}
    assert before[:3] != after


def test_a_history_alone_is_folded_in() -> None:
    top = tiny_model().recommend_for_history([["g1", "g2"], ["n1"], []], k=3)
    assert {one[0] for one in top.item_ids[0, :2]} == {"g"}
    assert {one[0] for one in top.item_ids[1, :2]} == {"n"}
    assert top.known.tolist() == [False] * 3
    assert len(ids_of(top, 2)) == 3


def test_similar_items_share_the_taste_and_leave_the_item_out() -> None:
    found = tiny_model().similar_items(["g1", "n2"], k=3)
    assert "g1" not in found.item_ids[0]
    assert {one[0] for one in found.item_ids[0, :2]} == {"g"}
    assert {one[0] for one in found.item_ids[1, :2]} == {"n"}
    assert found.to_frame().num_rows == 6


def test_an_unknown_item_is_named() -> None:
    with pytest.raises(recsys.UnknownIdError, match="'zz'"):
        tiny_model().similar_items(["zz"])


def test_the_profile_says_what_it_knows_and_from_where() -> None:
    people = recsys.People.from_frame({"user_id": ["ana"], "declared_tags": ["noise"]})
    rows = {row.tag: row for row in tiny_model(users=people).profile("ana")}
    assert rows["noise"].source == "declared"
    assert rows["gates"].source == "inferred"
    assert set(rows["gates"].item_ids) == {"g1", "g2"}


def test_the_profile_of_an_unknown_person_is_an_error() -> None:
    with pytest.raises(recsys.UnknownIdError, match="stranger"):
        tiny_model().profile("stranger")


def test_answers_become_frames_records_and_exposures() -> None:
    top = tiny_model().recommend(["ana", "stranger"], k=2, explain=True)
    frame = top.to_frame()
    assert frame.num_rows == 4
    assert frame.column_names == ["user_id", "rank", "item_id", "score", "reason"]
    record = top.to_records()[0]
    assert list(record) == ["user_id", "known", "model_version", "request_id", "shortfall", "items"]
    assert record["items"][0]["rank"] == 1
    assert top.exposures(surface="home").n_exposures == 4


def test_the_same_fit_has_the_same_version_and_answers() -> None:
    one, other = tiny_model(), tiny_model()
    assert one.version == other.version
    assert one.recommend(["ana"]).scores.tolist() == other.recommend(["ana"]).scores.tolist()


@pytest.mark.parametrize("preset", PRESETS)
def test_reasons_add_up_to_the_score(preset: str) -> None:
    model = made_up_model(preset)
    ids = [*model.users.ids()[:12], "stranger"]
    top = model.recommend(ids, k=5, explain=True)
    assert top.reasons is not None
    for row in range(len(ids)):
        for place, reasons in enumerate(top.reasons[row]):
            total = sum(reason.value for reason in reasons)
            assert total == pytest.approx(top.scores[row, place], rel=1e-3, abs=1e-3)
            assert reasons[0].text


@pytest.mark.parametrize("preset", PRESETS)
def test_a_batch_equals_one_by_one(preset: str) -> None:
    model = made_up_model(preset)
    ids = [*model.users.ids()[:30], "stranger"]
    batch = model.recommend(ids, k=7)
    for row, one in enumerate(ids):
        alone = model.recommend([one], k=7)
        np.testing.assert_allclose(alone.scores[0], batch.scores[row], rtol=1e-5, atol=1e-5)
        for place in np.flatnonzero(alone.item_ids[0] != batch.item_ids[row]):
            assert abs(alone.scores[0, place] - batch.scores[row, place]) < 1e-5


@pytest.mark.parametrize("preset", PRESETS)
def test_scores_agree_with_the_list(preset: str) -> None:
    model = made_up_model(preset)
    ids = model.users.ids()[:5]
    top = model.recommend(ids, k=4)
    for row, one in enumerate(ids):
        np.testing.assert_allclose(
            model.score([one], top.item_ids[row])[0], top.scores[row], rtol=1e-5, atol=1e-5
        )


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_list_breaks_a_standing_rule(data: st.DataObject) -> None:
    model = made_up_model()
    everyone = [*model.users.ids(), "stranger"]
    ids = data.draw(st.lists(st.sampled_from(everyone), min_size=1, max_size=6))
    k = data.draw(st.integers(1, 100))
    top = model.recommend(ids, k=k)
    for row, one in enumerate(ids):
        shown = ids_of(top, row)
        assert len(set(shown)) == len(shown)
        assert (len(shown) == k) == (top.shortfall[row] is None)
        user_row = model.users.row(one)
        if user_row >= 0:
            touched = set(model.items.ids(model.seen[user_row].indices))
            assert not touched & set(shown)
            own = np.flatnonzero(model.dataset.author_rows == user_row)
            assert not set(model.items.ids(own.astype(np.int32))) & set(shown)
        assert np.all(np.diff(top.scores[row, : len(shown)]) <= 0)
    longer = model.recommend(ids, k=k + 5)
    assert longer.item_ids[:, :k].tolist() == top.item_ids.tolist()


def test_permuting_people_permutes_their_lists() -> None:
    model = made_up_model()
    ids = model.users.ids()[:20]
    forward, backward = model.recommend(ids, k=5), model.recommend(ids[::-1], k=5)
    assert forward.item_ids.tolist() == backward.item_ids[::-1].tolist()


def test_the_order_of_the_events_changes_nothing() -> None:
    events = tiny_events()
    turned = events.select(np.arange(events.n_events)[::-1])
    config = recsys.RecommenderConfig(preset="fast")
    one = recsys.Recommender.fit(events, tiny_catalog(), config=config)
    other = recsys.Recommender.fit(turned, tiny_catalog(), config=config)
    ids = one.users.ids()
    np.testing.assert_allclose(
        one.recommend(ids, k=3).scores, other.recommend(ids, k=3).scores, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize(
    "model", ["popularity", "content", "als", "bpr", "ease", "spectral", "feature_als", "item_knn"]
)
def test_each_part_alone_serves_known_people_and_newcomers(model: str) -> None:
    fitted = tiny_model(model=model)
    top = fitted.recommend(["ana", "stranger"], k=3, explain=True)
    assert len(ids_of(top, 0)) == 3
    assert len(ids_of(top, 1)) == 3


@pytest.mark.parametrize("factor", [0.25, 8.0])
def test_scaling_all_weights_keeps_the_order(factor: float) -> None:
    blocks = [{"kind": "popularity"}, {"kind": "content"}, {"kind": "spectral"}]
    lists = []
    for scale in (1.0, factor):
        weights = {"popularity": [0.5 * scale], "content": [scale], "spectral": [0.7 * scale]}
        model = tiny_model(hybrid={"blocks": blocks, "weights": weights})
        lists.append(model.recommend([*model.users.ids(), "stranger"], k=4).item_ids.tolist())
    assert lists[0] == lists[1]


def test_a_model_is_never_pickled_and_its_copy_is_itself() -> None:
    model = tiny_model()
    for _ in range(2):  # before and after its first answers
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(recsys.DataError, match=r"model\.save\(path\), and recsys\.load"):
                pickle.dumps(model, protocol)
        assert copy.copy(model) is model
        assert copy.deepcopy({"model": model})["model"] is model
        model.recommend(["ana"], k=3, where={"format": "video"}, explain=True)
        model.similar_items(model.items.ids()[:1].tolist())


@pytest.mark.parametrize("value", ["ana", 5, 2.0, True, None, np.datetime64("2026-01-01")])
def test_an_array_without_dimensions_is_no_list_of_ids(value: Any) -> None:
    model = tiny_model()
    for ask in (model.recommend, model.similar_items):
        with pytest.raises(recsys.DataError, match="must be a list of ids"):
            ask(np.array(value))


@pytest.mark.parametrize("weight", [0.25, 1.0, 7.5])
@pytest.mark.parametrize("kind", ["view", "like", "answer", "lurk"])
def test_kinds_of_the_settings_weigh_as_kinds_of_the_events_do(kind: str, weight: float) -> None:
    frame = tiny_events().to_frame()
    given = recsys.EventLog.from_frame(frame, kinds={kind: weight})
    by_events = recsys.Recommender.fit(given, tiny_catalog())
    config = recsys.RecommenderConfig(kinds={kind: weight})
    by_settings = recsys.Recommender.fit(tiny_events(), tiny_catalog(), config=config)
    one, other = (each.recommend(["ana", "bo", "eli"], k=4) for each in (by_events, by_settings))
    assert one.item_ids.tolist() == other.item_ids.tolist()
    assert one.scores.tolist() == other.scores.tolist()


def test_measurements_of_the_fit_are_kept_while_observing() -> None:
    model = tiny_model()
    assert {"validation", "index"} <= set(model.measured)
    assert model.observe({"user_id": ["zed"], "item_id": ["g1"]}).measured == model.measured
