from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import recsys
from recsys.datasets import read_split, synthetic_world
from recsys.evaluation import EvaluationOptions, evaluate
from recsys.testing.oracles import naive_user_metrics

ALL_TIME = recsys.RecommenderConfig.from_dict(
    {
        "hybrid": {
            "blocks": [{"kind": "popularity", "settings": {"half_life_days": None}}],
            "weights": {"popularity": [1.0]},
        }
    }
)


def log(*rows: tuple[str, str, str]) -> recsys.EventLog:
    users, items, kinds = zip(*rows, strict=True)
    return recsys.EventLog.from_frame(
        {"user_id": list(users), "item_id": list(items), "kind": list(kinds)}
    )


TRAIN = log(
    ("a", "x", "view"), ("b", "x", "view"), ("c", "x", "view"),
    ("a", "y", "view"), ("b", "y", "view"), ("a", "z", "view"), ("d", "w", "view"),
)  # fmt: skip


def test_a_result_worked_by_hand() -> None:
    test = log(("c", "y", "view"), ("c", "v", "view"), ("d", "z", "view"))
    found = evaluate(TRAIN, test, config=ALL_TIME, options=EvaluationOptions(ks=(1, 2)))
    # c gets y first: one of two; v is no candidate but counts. d gets x, y: nothing.
    assert found.metrics["recall@1"] == pytest.approx(0.25)
    assert found.metrics["precision@2"] == pytest.approx(0.25)
    assert found.metrics["mrr@2"] == pytest.approx(0.5)
    assert found.metrics["ndcg@1"] == pytest.approx(0.5)
    assert found.record["n_outside"] == 1
    assert found.record["n_users"] == 2


def test_masked_pairs_are_not_recommended() -> None:
    test = log(("d", "y", "view"))
    options = EvaluationOptions(ks=(1,))
    plain = evaluate(TRAIN, test, config=ALL_TIME, options=options)
    masked = evaluate(TRAIN, test, mask=log(("d", "x", "view")), config=ALL_TIME, options=options)
    assert plain.metrics["recall@1"] == 0.0
    assert masked.metrics["recall@1"] == 1.0


def test_negative_and_authoring_kinds_are_no_targets() -> None:
    test = log(("c", "y", "hide"), ("c", "z", "ask"), ("d", "y", "view"))
    found = evaluate(TRAIN, test, config=ALL_TIME, options=EvaluationOptions(ks=(2,)))
    assert found.record["n_users"] == 1
    assert found.record["target_kinds"] == ["view"]


def test_target_kinds_choose_what_counts() -> None:
    test = log(("c", "y", "view"), ("d", "y", "like"))
    options = EvaluationOptions(ks=(2,), target_kinds=["like"])
    assert evaluate(TRAIN, test, config=ALL_TIME, options=options).record["n_users"] == 1


def test_a_positive_filter_chooses_ratings() -> None:
    test = recsys.EventLog.from_frame(
        {"user_id": ["c", "d"], "item_id": ["y", "y"], "kind": ["rate"] * 2, "value": [5, 2]}
    )
    options = EvaluationOptions(ks=(2,), positive="value >= 4")
    assert evaluate(TRAIN, test, config=ALL_TIME, options=options).record["n_users"] == 1


def test_nothing_to_measure_is_an_error_that_names_the_kinds() -> None:
    with pytest.raises(recsys.DataError, match="Kinds in the file: hide"):
        evaluate(TRAIN, log(("c", "y", "hide")), config=ALL_TIME)


def test_candidates_limit_the_lists() -> None:
    test = log(("c", "z", "view"))
    options = EvaluationOptions(ks=(1,), candidates=["z", "w"])
    assert evaluate(TRAIN, test, config=ALL_TIME, options=options).metrics["recall@1"] == 1.0


@pytest.mark.parametrize("ks", [(), (0,), (-1,)])
def test_wrong_list_lengths_are_refused(ks: tuple[int, ...]) -> None:
    with pytest.raises(recsys.ConfigError, match="k must be whole numbers"):
        EvaluationOptions(ks=ks)


def test_the_record_has_what_the_contract_names() -> None:
    events, catalog, people = synthetic_world(60, 40, seed=1)
    cut = events.n_events * 9 // 10
    order = np.argsort(events.occurred_at, kind="stable")
    found = evaluate(
        events.select(np.sort(order[:cut])),
        events.select(np.sort(order[cut:])),
        catalog=catalog,
        users=people,
        config=recsys.RecommenderConfig(preset="fast"),
    )
    wanted = {"metrics", "n_users", "n_items", "seconds", "peak_rss_mb", "config", "seed",
              "target_kinds", "versions"}  # fmt: skip
    assert wanted <= set(found.record)
    assert set(found.record["seconds"]) == {"load", "tune", "fit", "recommend"}
    for name in ("recall", "precision", "ndcg", "map", "mrr", "hit_rate", "coverage", "gini"):
        assert 0 <= found.metrics[f"{name}@20"] <= 1
        assert f"{name}@10" in found.metrics
    low, high = found.intervals["ndcg@20"]
    assert low <= found.metrics["ndcg@20"] <= high


def test_the_values_per_person_are_those_of_the_plain_definitions() -> None:
    events, catalog, people = synthetic_world(50, 30, seed=2)
    train, test = events.select(np.arange(0, 800)), events.select(np.arange(800, events.n_events))
    config = recsys.RecommenderConfig(preset="fast")
    found = evaluate(train, test, catalog=catalog, users=people, config=config)
    model = recsys.Recommender.fit(train, catalog, users=people, config=config)
    positive = [kind.name for kind in test.kinds if kind.role == "positive"]
    table = test.to_frame().to_pylist()
    for at in range(0, len(found.user_ids), 7):
        user = found.user_ids[at]
        relevant = {r["item_id"] for r in table if r["user_id"] == user and r["kind"] in positive}
        top = model.recommend([user], k=10, include_own=True)
        ranked = [one for one in top.item_ids[0] if one is not None]
        for name, value in naive_user_metrics(ranked, relevant, 10).items():
            assert found.per_user[f"{name}@10"][at] == pytest.approx(value), (user, name)


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "recall", "ndcg"), [("gowalla", 0.0416, 0.0317), ("ml-1m-temporal", 0.0944, 0.0665)]
)
def test_popularity_has_the_published_digits(folder: str, recall: float, ndcg: float) -> None:
    split = read_split(Path(os.environ["RECSYS_DATA"]) / folder)
    options = EvaluationOptions(ks=(20,), n_resamples=10)
    found = evaluate(split.train, split.test, config=ALL_TIME, options=options)
    assert found.metrics["recall@20"] == pytest.approx(recall, abs=1e-4)
    assert found.metrics["ndcg@20"] == pytest.approx(ndcg, abs=1e-4)


def test_masked_pairs_of_people_unknown_to_train_are_excluded_too() -> None:
    test, mask = log(("new", "y", "view")), log(("new", "x", "view"))
    options = EvaluationOptions(ks=(1,))
    plain = evaluate(TRAIN, test, config=ALL_TIME, options=options)
    masked = evaluate(TRAIN, test, mask=mask, config=ALL_TIME, options=options)
    assert plain.metrics["recall@1"] == 0.0  # x is the most popular
    assert masked.metrics["recall@1"] == 1.0


def test_people_unknown_to_train_are_measured_with_the_newcomer_list() -> None:
    found = evaluate(
        TRAIN, log(("new", "x", "view"), ("other", "y", "view")), config=ALL_TIME,
        options=EvaluationOptions(ks=(1, 2)),
    )  # fmt: skip
    assert found.user_ids.tolist() == ["new", "other"]
    assert found.per_user["recall@1"].tolist() == [1.0, 0.0]
    assert found.per_user["recall@2"].tolist() == [1.0, 1.0]
    top = recsys.Recommender.fit(TRAIN, config=ALL_TIME).recommend(["new"], k=2)
    assert top.item_ids.tolist() == [["x", "y"]]


def test_ties_go_to_the_item_that_came_first() -> None:
    train = log(("a", "p", "view"), ("b", "q", "view"), ("c", "r", "view"))
    options = EvaluationOptions(ks=(1,))
    first = evaluate(train, log(("new", "p", "view")), config=ALL_TIME, options=options)
    second = evaluate(train, log(("new", "q", "view")), config=ALL_TIME, options=options)
    assert first.metrics["recall@1"] == 1.0
    assert second.metrics["recall@1"] == 0.0


def test_as_of_is_the_moment_of_the_lists() -> None:
    rows = {
        "user_id": ["a", "b", "c", "d"],
        "item_id": ["old", "old", "old", "new"],
        "occurred_at": ["2024-01-01", "2024-01-01", "2024-01-01", "2024-03-01"],
    }
    train = recsys.EventLog.from_frame(rows)
    catalog = recsys.Catalog.from_frame(
        {"item_id": ["old", "new"], "expires_at": [None, "2024-03-15"]}
    )
    found = {
        moment: evaluate(
            train, log(("e", "new", "view")), catalog=catalog, config=ALL_TIME,
            options=EvaluationOptions(ks=(1,), as_of=moment),
        )
        for moment in (None, "2024-03-02", "2024-04-01T00:00:00Z")
    }  # fmt: skip
    assert [one.record["as_of"][:10] for one in found.values()] == [
        "2024-03-01", "2024-03-02", "2024-04-01",
    ]  # fmt: skip


def test_training_pairs_are_not_recommended_whatever_their_kind() -> None:
    train = log(("a", "x", "hide"), ("b", "x", "view"), ("c", "x", "view"), ("b", "y", "view"))
    found = evaluate(train, log(("a", "y", "view")), config=ALL_TIME,
                     options=EvaluationOptions(ks=(1,)))  # fmt: skip
    assert found.metrics["recall@1"] == 1.0


@pytest.mark.parametrize("k", [1.5, "3", True, np.float64(2)])
def test_a_list_length_that_is_no_whole_number_is_refused(k: object) -> None:
    with pytest.raises(recsys.ConfigError, match="k must be whole numbers"):
        EvaluationOptions(ks=(k,))  # type: ignore[arg-type]


def test_a_list_longer_than_the_catalog_is_measured() -> None:
    found = evaluate(TRAIN, log(("c", "y", "view")), config=ALL_TIME,
                     options=EvaluationOptions(ks=(1, 500)))  # fmt: skip
    assert found.metrics["recall@500"] == 1.0
    assert found.metrics["precision@500"] == pytest.approx(1 / 500)


def test_candidates_that_nobody_knows_are_refused() -> None:
    test = log(("c", "y", "view"))
    for candidates, error in ((["no"], recsys.DataError), (["y", "no"], recsys.UnknownIdError)):
        with pytest.raises(error, match="no"):
            evaluate(TRAIN, test, config=ALL_TIME, options=EvaluationOptions(candidates=candidates))


def test_masked_pairs_of_train_are_not_fitted() -> None:
    events, catalog, people = synthetic_world(n_users=80, n_items=60, seed=3)
    part = np.random.default_rng(0).integers(0, 4, events.n_events)
    train, mask, test = (events.select(which) for which in (part < 3, part == 2, part == 3))
    masked = set(zip(mask.user_rows.tolist(), mask.item_rows.tolist(), strict=True))
    pairs = zip(train.user_rows.tolist(), train.item_rows.tolist(), strict=True)
    less = train.select(np.array([pair not in masked for pair in pairs]))

    def metrics(fitted: recsys.EventLog) -> dict[str, float]:
        return evaluate(
            fitted, test, mask=mask, catalog=catalog, users=people,
            config=recsys.RecommenderConfig(preset="fast"),
            options=EvaluationOptions(ks=(10,), n_resamples=5, as_of=events.last_time),
        ).metrics  # fmt: skip

    assert metrics(train) == metrics(less)


def test_concentration_and_coverage_are_over_the_candidates() -> None:
    test = log(("d", "y", "view"), ("d", "x", "view"))
    options = EvaluationOptions(ks=(2,), candidates=["x", "y"])
    found = evaluate(TRAIN, test, config=ALL_TIME, options=options).metrics
    assert found["coverage@2"] == 1.0
    assert found["gini@2"] == 0.0
