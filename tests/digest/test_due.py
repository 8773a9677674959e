import numpy as np
import pytest

from recsys.core.clock import to_utc
from recsys.data import IdMap, People
from recsys.digest import DigestConfig
from recsys.digest.due import Eligibility, due, wait
from recsys.digest.received import Received

NOW = to_utc("2018-09-08T09:00:00Z")
PEOPLE = People.from_frame(
    {
        "user_id": ["ana", "bo", "cy", "di", "ed", "flo"],
        "consent": [None, "personalise", "digest", None, None, None],
        "status": ["active", "active", "active", "silenced", "banned", "deleted"],
    }
)


def received(**last: str) -> Received:
    people = IdMap.of(list(last))
    times = np.array([to_utc(at) for at in last.values()], dtype="datetime64[us]")
    return Received(people, np.zeros(len(last) + 1, np.int64), np.zeros(0, np.int32), times)


def who_is_due(history: Received, **settings: object) -> list[str]:
    ids = ["ana", "bo", "cy", "di", "ed", "flo", "stranger"]
    standing = Eligibility.of(PEOPLE)
    is_due, counts = due(
        ids, eligibility=standing, received=history, as_of=NOW, config=DigestConfig(**settings)
    )
    assert counts.n_people == 7
    assert counts.n_declined + counts.n_inactive + counts.n_recent + is_due.sum() == 7
    return [one for one, yes in zip(ids, is_due, strict=True) if yes]


def test_who_declined_or_is_not_active_gets_none() -> None:
    assert who_is_due(received()) == ["ana", "cy", "stranger"]


def test_who_had_one_within_the_period_waits() -> None:
    assert who_is_due(received(ana="2018-09-03T09:00:00Z", cy="2018-09-01T09:00:00Z")) == [
        "cy",
        "stranger",
    ]


def test_a_weekly_job_that_starts_a_minute_early_does_not_skip_a_week() -> None:
    assert "ana" in who_is_due(received(ana="2018-09-01T09:01:00Z"))
    assert "ana" not in who_is_due(received(ana="2018-09-01T09:01:00Z"), grace_hours=0)


def test_a_stranger_to_the_model_can_still_have_had_one() -> None:
    assert "stranger" not in who_is_due(received(stranger="2018-09-07T09:00:00Z"))


def test_a_digest_from_later_than_the_run_counts_as_recent() -> None:
    assert "ana" not in who_is_due(received(ana="2018-10-01T09:00:00Z"))


@pytest.mark.parametrize("hours", [0.0, 6.0, 1000.0])
def test_nobody_is_due_twice_at_one_moment(hours: float) -> None:
    assert wait(DigestConfig(period_days=0.01, grace_hours=hours)) > np.timedelta64(0, "us")


@pytest.mark.parametrize(
    ("last", "as_of", "period_days", "is_due"),
    [
        ("2026-01-05T12:15", "2026-01-12", 7, True),
        ("2026-01-05T23:59", "2026-01-12", 7, True),
        ("2026-01-05T00:00", "2026-01-12", 7, True),
        ("2026-01-06T00:00", "2026-01-12", 7, False),
        ("2026-01-06T23:59", "2026-01-12", 7, False),
        ("2026-01-05T12:15", "2026-01-12T00:01", 7, False),
        ("2026-01-11T11:59", "2026-01-12", 1, True),
        ("2026-01-11T12:01", "2026-01-12", 1, False),
        ("2026-01-11T23:59", "2026-01-12", 0.5, False),
        ("2026-01-12T09:00", "2026-01-12", 7, False),
        ("2026-01-13T09:00", "2026-01-12", 7, False),
    ],
)
def test_a_date_counts_by_dates(last: str, as_of: str, period_days: float, is_due: bool) -> None:
    found, _ = due(
        ["ana"],
        eligibility=Eligibility.of(PEOPLE),
        received=received(ana=last),
        as_of=to_utc(as_of),
        config=DigestConfig(period_days=period_days),
    )
    assert found.tolist() == [is_due]
