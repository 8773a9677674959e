from __future__ import annotations

import numpy as np
import pytest

from recsys.core.errors import DataError
from recsys.data import EventLog
from recsys.models import BlockSpec, HybridConfig, TuningConfig, ValidationConfig
from recsys.serving import Recommender, RecommenderConfig, TunedRecommender, tune

POOR = BlockSpec(kind="spectral", settings={"n_factors": 2, "ridge": 0.5, "item_exponent": 1.0})
CONFIG = RecommenderConfig(
    preset="fast",
    seed=3,
    hybrid=HybridConfig(blocks=(POOR,), validation=ValidationConfig(min_users=10)),
)


@pytest.fixture(scope="module")
def events() -> EventLog:
    """90 people of three tastes."""
    rng = np.random.default_rng(11)
    own = np.arange(90)[:, None] % 3 == np.arange(60)[None, :] % 3
    users, items = np.nonzero(rng.random(own.shape) < np.where(own, 0.5, 0.05))
    return EventLog.from_frame(
        {"user_id": [f"u{one}" for one in users], "item_id": [f"q{one}" for one in items]}
    )


@pytest.fixture(scope="module")
def found(events: EventLog) -> TunedRecommender:
    """A search of eight trials."""
    return tune(events, config=CONFIG, tuning=TuningConfig(minutes=None, n_trials=8))


def test_what_was_found_can_be_fitted(events: EventLog, found: TunedRecommender) -> None:
    assert found.search.is_better
    model = Recommender.fit(events, config=found.config)
    assert model.recommend(["u0"], k=5).item_ids.shape == (1, 5)
    assert "blocks" in {note.topic for note in model.notes}


def test_all_other_settings_stay(found: TunedRecommender) -> None:
    changed = found.config.replace(hybrid=CONFIG.hybrid)
    assert changed == CONFIG
    assert found.config.hybrid.seed == CONFIG.seed


def test_a_part_alone_is_tuned_as_that_part(events: EventLog) -> None:
    config = RecommenderConfig(
        model="ease", hybrid=HybridConfig(validation=ValidationConfig(min_users=10))
    )
    found = tune(events, config=config, tuning=TuningConfig(minutes=None, n_trials=6)).config
    if found != config:
        assert found.hybrid.blocks is not None
        assert [spec.kind for spec in found.hybrid.blocks] == ["ease", "popularity"]
        assert found.hybrid.weights == {"ease": (1.0,), "popularity": (1.0, 0.0, 0.0, 0.0)}


def test_without_events_there_is_nothing_to_tune_on() -> None:
    with pytest.raises(DataError, match="at least one event"):
        tune(EventLog.empty())


def test_too_few_people_leave_the_configuration(events: EventLog) -> None:
    few = EventLog.from_frame({"user_id": ["ana", "bo"], "item_id": ["q1", "q2"]})
    found = tune(few, config=CONFIG)
    assert found.config == CONFIG
    assert found.search.stopped == "too few people"
