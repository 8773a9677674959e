from __future__ import annotations

import numpy as np
import pytest

import recsys
from recsys.core.errors import ConfigError, DataError
from recsys.evaluation import EvaluationOptions, RollingWindows, evaluate_rolling

POPULAR = recsys.RecommenderConfig.from_dict(
    {
        "hybrid": {
            "blocks": [{"kind": "popularity", "settings": {"half_life_days": None}}],
            "weights": {"popularity": [1.0]},
        }
    }
)
OPTIONS = EvaluationOptions(ks=(1,), n_resamples=50)
TWO_DAYS = RollingWindows(window_days=1.0, n_windows=2)


def log(*rows: tuple[str, str, str]) -> recsys.EventLog:
    users, items, times = zip(*rows, strict=True)
    columns = {"user_id": list(users), "item_id": list(items), "occurred_at": list(times)}
    return recsys.EventLog.from_frame(columns)


EVENTS = log(
    ("a", "x", "2024-01-01"), ("b", "x", "2024-01-01"), ("c", "y", "2024-01-01"),
    ("d", "y", "2024-01-02"), ("e", "y", "2024-01-02"),
    # the first window: c takes x, the most popular by then; a takes y, not yet so
    ("c", "x", "2024-01-03T12:00"), ("f", "x", "2024-01-03T13:00"),
    # the second window: a takes z, which was not there before it; b takes y
    ("a", "z", "2024-01-04T13:00"), ("b", "y", "2024-01-05"),
)  # fmt: skip


def test_two_windows_worked_by_hand() -> None:
    found = evaluate_rolling(EVENTS, TWO_DAYS, config=POPULAR, options=OPTIONS)
    assert found.user_ids.tolist() == ["c", "b"]
    assert found.per_user["recall@1"].tolist() == [1.0, 1.0]
    assert [line["n_users"] for line in found.record["windows"]] == [1, 1]
    assert found.record["n_unpublished"] == 1


def test_people_unknown_at_the_cut_and_old_pairs_are_not_measured() -> None:
    again = EVENTS.concat(log(("b", "x", "2024-01-04T12:00"), ("g", "x", "2024-01-04T12:00")))
    found = evaluate_rolling(again, TWO_DAYS, config=POPULAR, options=OPTIONS)
    assert found.user_ids.tolist() == ["c", "b"]


def test_what_is_published_later_is_no_candidate() -> None:
    catalog = recsys.Catalog.from_frame(
        {
            "item_id": ["x", "y", "z", "new"],
            "published_at": ["2024-01-01", "2024-01-01", "2024-01-04T12:00", "2024-01-04T00:00"],
        }
    )
    found = evaluate_rolling(EVENTS, TWO_DAYS, catalog=catalog, config=POPULAR, options=OPTIONS)
    assert [line["n_items"] for line in found.record["windows"]] == [2, 3]
    assert found.record["n_unpublished"] == 1


def test_cuts_are_a_window_apart_and_end_at_the_last_event() -> None:
    cuts = RollingWindows(window_days=2.0, n_windows=2).cuts(EVENTS)
    assert [str(cut)[:10] for cut, _ in cuts] == ["2024-01-01", "2024-01-03"]
    assert cuts[0][1] == cuts[1][0]
    assert cuts[1][1] == EVENTS.last_time


def test_the_end_can_be_given() -> None:
    earlier = RollingWindows(window_days=1.0, n_windows=1, until="2024-01-04")
    found = evaluate_rolling(EVENTS, earlier, config=POPULAR, options=OPTIONS)
    assert found.user_ids.tolist() == ["c"]


@pytest.mark.parametrize("settings", [{"window_days": 0.0}, {"n_windows": 0}])
def test_windows_of_no_length_or_number_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="greater than 0"):
        RollingWindows(**settings)  # type: ignore[arg-type]


def test_events_without_times_or_targets_are_refused() -> None:
    untimed = recsys.EventLog.from_frame({"user_id": ["a"], "item_id": ["x"]})
    with pytest.raises(DataError, match="must have times"):
        evaluate_rolling(untimed, config=POPULAR)
    with pytest.raises(DataError, match="longer or more"):
        nothing = RollingWindows(window_days=0.1, n_windows=1, until="2024-01-03")
        evaluate_rolling(EVENTS, nothing, config=POPULAR)


def test_the_means_are_over_all_windows() -> None:
    found = evaluate_rolling(EVENTS, TWO_DAYS, config=POPULAR, options=OPTIONS)
    for name, values in found.per_user.items():
        assert found.metrics[name] == pytest.approx(np.mean(values))
        low, high = found.intervals[name]
        assert low <= found.metrics[name] <= high
