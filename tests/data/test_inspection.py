import numpy as np
import pytest

from recsys.data import Catalog, Dataset, EventLog
from recsys.data.inspection import InspectionConfig, floods, gaps, inspect_dataset, self_events


def log(**columns: object) -> EventLog:
    return EventLog.from_frame(columns)


@pytest.fixture
def data() -> Dataset:
    events = log(
        user_id=["ana", "ana", "bo", "bo", "cy"],
        item_id=["q1", "q2", "q1", "q1", "q3"],
        kind=["ask", "comment", "like", "like", "rate"],
        value=[None, None, None, None, 4.0],
        occurred_at=["2024-01-02T10:00", "2024-01-03T10:00", "2024-01-04", "2024-01-05", None],
    )
    catalog = Catalog.from_frame(
        {
            "item_id": ["q1", "q2", "q3", "q4"],
            "tags": ["gates|noise", "gates", None, None],
            "title": ["One", None, None, None],
            "author_id": [None, "ana", None, None],
            "published_at": ["2024-01-03", None, None, None],
        }
    )
    return Dataset.join(events, catalog)


def test_everything_is_counted(data: Dataset) -> None:
    counts = inspect_dataset(data)["counts"]
    assert (counts["n_events"], counts["n_users"], counts["n_items"]) == (5, 3, 4)
    assert (counts["n_pairs"], counts["most_events_of_a_pair"]) == (4, 2)
    assert counts["n_items_with_events"] == 3


def test_kinds_tell_their_values_and_whether_they_are_dates_only(data: Dataset) -> None:
    kinds = {one["kind"]: one for one in inspect_dataset(data)["kinds"]}
    assert kinds["like"]["n_events"] == 2
    assert kinds["like"]["dates_only"]
    assert not kinds["comment"]["dates_only"]
    assert kinds["rate"]["values"] == [4.0, 4.0]
    assert kinds["like"]["values"] is None


def test_the_time_is_told_and_events_without_one_counted(data: Dataset) -> None:
    time = inspect_dataset(data)["time"]
    assert time == {
        "first": "2024-01-02T10:00:00Z", "last": "2024-01-05T00:00:00Z", "n_without": 1,
    }  # fmt: skip


def test_asking_is_no_event_on_ones_own_item_but_commenting_is(data: Dataset) -> None:
    found = self_events(data)
    assert found["n_events"] == 1
    assert found["share"] == 0.25
    assert found["n_items_with_author"] == 2


def test_cold_people_and_items_are_shares(data: Dataset) -> None:
    cold = inspect_dataset(data)["cold"]
    assert cold["users"] == 1.0
    assert cold["items"] == 0.75
    assert cold["items_without_events"] == 1


def test_tags_used_once_and_bare_items_are_found(data: Dataset) -> None:
    catalog = inspect_dataset(data)["catalog"]
    assert catalog["n_tags"] == 2
    assert catalog["tags_used_once"] == ["noise"]
    assert catalog["items_without_tags_and_text"] == 2
    assert catalog["events_before_publication"] == 1


def test_one_person_with_a_burst_floods() -> None:
    start = np.datetime64("2024-01-01T08:00:01", "us")
    burst = [str(start + np.timedelta64(20 * at, "s")) for at in range(100)]
    events = log(
        user_id=["bot"] * 100 + ["ana", "bo"],
        item_id=[f"q{at}" for at in range(100)] + ["q1", "q2"],
        occurred_at=[*burst, "2024-01-02T08:00:00", "2024-01-03T08:00:00"],
    )
    found = {one["user_id"]: one for one in floods(events, InspectionConfig())}
    assert found["bot"]["floods"]
    assert found["bot"]["busiest_hour"] == 100
    assert not found["ana"]["floods"]


def test_the_largest_of_a_few_people_does_not_flood() -> None:
    events = log(user_id=["ana", "ana", "bo"], item_id=["a", "b", "a"])
    assert not any(one["floods"] for one in floods(events, InspectionConfig()))


def test_a_long_silence_is_suspicious() -> None:
    days = [*np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]"), "2024-12-01"]
    times = [f"{day}T09:00:00" for day in days]
    events = log(user_id=["ana"] * len(times), item_id=times, occurred_at=times)
    found = gaps(events, InspectionConfig())
    assert found[0]["suspicious"]
    assert found[0]["from"] == "2024-02-29T09:00:00Z"
    assert found[0]["days"] == 276
    assert not found[1]["suspicious"]


@pytest.mark.parametrize("times", [[], ["2024-01-01"], [None, None]])
def test_few_times_have_no_gaps(times: list[str | None]) -> None:
    n = len(times)
    if n:
        events = log(user_id=["a"] * n, item_id=list(range(n)), occurred_at=times)
        assert gaps(events, InspectionConfig()) == []
    assert gaps(EventLog.empty(), InspectionConfig()) == []


def test_nothing_at_all_can_be_inspected() -> None:
    record = inspect_dataset(Dataset.join(EventLog.empty()))
    assert record["counts"]["n_events"] == 0
    assert record["floods"] == []
    assert record["cold"]["users"] == 0.0
