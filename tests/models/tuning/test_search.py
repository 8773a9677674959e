from __future__ import annotations

import math

import pytest

from recsys.models.tuning.search import Budget, OutOfTimeError


class Watch:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def budget(
    seconds: float = math.inf, n_trials: int | None = None
) -> tuple[Budget, list[tuple[str, int, int]]]:
    said: list[tuple[str, int, int]] = []

    def progress(*report: object) -> None:
        said.append(report)  # type: ignore[arg-type]

    return Budget(seconds, n_trials, progress=progress, clock=Watch()), said


def test_a_fit_is_interrupted_when_the_time_is_over() -> None:
    short, _ = budget(seconds=3)
    with pytest.raises(OutOfTimeError):
        for _ in range(10):
            short.watch("fit", 0, 1)


def test_a_fit_is_not_interrupted_while_a_search_is_resumed() -> None:
    short, _ = budget(seconds=3)
    short.interrupts = False
    for _ in range(10):
        short.watch("fit", 0, 1)


def test_a_trial_that_would_pass_the_time_is_not_begun() -> None:
    some, _ = budget(seconds=10)
    assert some.over(2.0) == ""
    assert some.over(9.0) == "time"


def test_trials_after_the_first_are_counted() -> None:
    some, _ = budget(n_trials=2)
    some.n_done = 2  # the first, and one more
    assert some.over(1e9) == ""
    some.n_done = 3
    assert some.over(0.0) == "trials"


def test_progress_is_the_time_used() -> None:
    some, said = budget(seconds=60)
    some.show()
    some.show()
    assert [done for _, done, _ in said] == [1, 2]
    assert {total for _, _, total in said} == {60}


def test_progress_is_the_trials_done_where_time_has_no_limit() -> None:
    some, said = budget(n_trials=9)
    some.n_done = 4
    some.show()
    assert said == [(some.stage, 4, 10)]
