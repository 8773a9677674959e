"""From data to a snapshot."""

from typing import Any

import numpy as np
import pytest

import recsys
from recsys.core.errors import DataError
from recsys.data import Dataset
from recsys.serving.fit.build import item_times
from tests.serving.world import FAST, tiny_catalog, tiny_events, tiny_model, tiny_shared

NAMES = ["g1", "g2", "g3", "g4", "n1", "n2", "n3", "new"]


def test_now_is_the_last_event_unless_it_is_given() -> None:
    assert tiny_shared().now == np.datetime64("2024-03-09T12:00:00")
    later = recsys.Recommender.fit(
        tiny_events(), config=recsys.RecommenderConfig(**FAST), now="2024-04-01"
    )
    assert later.now == np.datetime64("2024-04-01")


def test_without_times_there_is_no_now_and_nothing_expires() -> None:
    events = recsys.EventLog.from_frame({"user_id": ["a"], "item_id": ["n1"]})
    catalog = tiny_catalog(expires_at=["2001-01-01"] * 8)
    model = recsys.Recommender.fit(events, catalog, config=recsys.RecommenderConfig(**FAST))
    assert np.isnat(model.now)
    assert model.snapshot.eligible.all()


def test_what_expires_at_this_very_moment_has_expired() -> None:
    moment = "2024-03-09T12:00:00Z"
    model = tiny_model(tiny_catalog(expires_at=[moment, "2024-03-09T12:00:01Z", *[None] * 6]))
    assert model.snapshot.eligible.tolist() == [False, *[True] * 7]


def test_an_item_is_as_old_as_its_publication_else_its_first_event() -> None:
    catalog = tiny_catalog(published_at=["2024-01-01", *[None] * 7])
    dataset = Dataset.join(tiny_events(), catalog)
    times = item_times(dataset.catalog, dataset.events)
    assert times[0] == np.datetime64("2024-01-01")
    assert times[1] == np.datetime64("2024-03-02T12:00:00")
    assert np.isnat(times[7])


@pytest.mark.parametrize("name", ["popularity", "content", "ease", "spectral"])
def test_one_part_alone_is_that_part_and_popularity_for_newcomers(name: str) -> None:
    model = tiny_model(model=name).snapshot.model
    kinds = [block.name for block in model.blocks]
    assert kinds == ([name] if name == "popularity" else [name, "popularity"])
    if name != "popularity":
        assert model.weights[1:, 1].tolist() == [0.0] * (model.n_buckets - 1)
        assert model.weights[0, 1] == 1.0


def test_the_seed_of_the_recommender_is_that_of_its_blocks() -> None:
    config = recsys.RecommenderConfig(preset="fast", seed=5)
    model = recsys.Recommender.fit(tiny_events(), tiny_catalog(), config=config)
    seeds = {spec.settings["seed"] for spec in model.snapshot.specs if "seed" in spec.settings}
    assert seeds == {5}


def test_the_version_follows_what_was_learned() -> None:
    assert tiny_model().version == tiny_shared().version
    assert tiny_model(model="popularity").version != tiny_shared().version


def test_stages_are_told_while_it_fits() -> None:
    told: list[str] = []

    def progress(stage: str, done: int, total: int) -> None:
        told.append(stage)

    config = recsys.RecommenderConfig(**FAST)
    recsys.Recommender.fit(tiny_events(), tiny_catalog(), config=config, progress=progress)
    assert {"profiles", "people", "index", "fit"} <= set(told)


@pytest.mark.parametrize("name", ["events", "catalog", "users"])
def test_data_of_the_wrong_sort_is_refused_by_name(name: str) -> None:
    given: dict[str, Any] = {"events": tiny_events(), "catalog": None, "users": None, name: 5}
    with pytest.raises(recsys.DataError, match=f"{name} must be a .*; got int"):
        recsys.Recommender.fit(given["events"], given["catalog"], users=given["users"])


def test_a_moment_before_every_event_is_refused() -> None:
    events = recsys.EventLog.from_frame(
        {"user_id": ["a"], "item_id": ["x"], "occurred_at": ["2025-01-01"]}
    )
    with pytest.raises(DataError, match="now must not lie before the first event"):
        recsys.Recommender.fit(events, now="2020-01-01")
