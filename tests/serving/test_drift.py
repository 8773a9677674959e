"""Whether a refit is due."""

from pathlib import Path

import recsys
from recsys.serving.drift import DUE
from tests.serving.world import tiny_shared


def test_a_fit_is_up_to_date() -> None:
    drift = tiny_shared().drift
    assert (drift.value, drift.refit_due) == (0.0, False)


def test_events_on_what_the_fit_knows_do_not_count_as_drift() -> None:
    later = tiny_shared().observe({"user_id": ["ana"], "item_id": ["n1"]})
    assert (later.drift.value, later.drift.n_since) == (0.0, 1)


def test_events_on_unknown_people_and_items_add_up_over_calls_and_files(tmp_path: Path) -> None:
    model = tiny_shared()
    for at in range(3):
        before = model.drift.value
        model = model.observe({"user_id": [f"p{at}"], "item_id": ["n1"]})
        assert model.drift.value > before
    assert model.drift.refit_due == (model.drift.value >= DUE)
    assert "3 of 3 events" in model.drift.reason
    model.save(tmp_path / "model")
    assert recsys.load(tmp_path / "model").drift == model.drift


def test_repeated_events_do_not_count() -> None:
    event = {"user_id": ["p"], "item_id": ["n1"]}
    once = tiny_shared().observe(event)
    assert once.observe(event).drift == once.drift
