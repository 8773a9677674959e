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
