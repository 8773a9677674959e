"""Popularity after events."""

import numpy as np

import recsys
from recsys.serving.observe.popularity import days_between
from tests.serving.world import tiny_model


def popularity_of(model: recsys.Recommender, item: str) -> float:
    return float(np.expm1(model.score(["stranger"], [item])[0, 0]))


def model() -> recsys.Recommender:
    blocks = [{"kind": "popularity", "settings": {"half_life_days": None}}]
    hybrid = {"blocks": blocks, "weights": {"popularity": [1.0]}}
    config = recsys.RecommenderConfig.from_dict({"hybrid": hybrid})
    return tiny_model(**config.to_dict())


def test_events_are_counted_and_what_is_taken_back_is_not() -> None:
    start = model()
    scale = popularity_of(start, "n1")
    liked = start.observe({"user_id": ["new"], "item_id": ["n1"], "kind": ["like"],
                           "occurred_at": ["2024-03-10T00:00:00Z"]})  # fmt: skip
    assert popularity_of(liked, "n1") > scale
    hidden = liked.observe({"user_id": ["new"], "item_id": ["n1"], "kind": ["hide"],
                            "occurred_at": ["2024-03-11T00:00:00Z"]})  # fmt: skip
    np.testing.assert_allclose(popularity_of(hidden, "n1"), scale, rtol=1e-5)


def test_days_are_negative_for_what_is_yet_to_come() -> None:
    times = np.array(["2024-01-03", "2024-01-01", "NaT"], "datetime64[us]")
    days = days_between(np.datetime64("2024-01-02", "us"), times)
    assert days[:2].tolist() == [-1.0, 1.0]
    assert np.isnan(days[2])
