"""What a call of observe counts."""

from recsys.serving import Change
from tests.serving.world import tiny_shared


def test_a_fitted_model_changed_nothing() -> None:
    assert tiny_shared().last_change == Change()
    assert set(Change().to_dict().values()) == {0}


def test_everything_that_came_is_counted() -> None:
    later = tiny_shared().observe(
        {
            "user_id": ["ana", "ana", "zed"],
            "item_id": ["n1", "g1", "fresh"],
            "kind": ["view", "answer", "view"],
            "occurred_at": ["2024-03-02T00:00:00Z", "2024-03-01T12:00:00Z", "2024-04-01T00:00:00Z"],
        },
        {"item_id": ["g2", "told"], "status": ["blocked", None]},
        users={"user_id": ["bo", "yan"], "declared_tags": ["noise", "noise"]},
    )
    counts = later.last_change.to_dict()
    assert counts == {
        "n_events": 2,
        "n_repeated_events": 1,
        "n_late_events": 1,
        "n_new_users": 2,
        "n_new_items": 2,
        "n_described_users": 1,
        "n_described_items": 1,
        "n_retired_items": 1,
        "n_folded_users": 4,
        "n_moved_items": 2,
    }
