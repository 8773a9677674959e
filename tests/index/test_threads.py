import threading

import pytest

from recsys.core.errors import ConfigError
from recsys.index.threads import _shared_pools, n_cores, run_parts, thread_budget


def blas_threads() -> list[int]:
    return [pool.get_num_threads() for pool in _shared_pools()]


def test_every_part_is_done_once() -> None:
    done: list[int] = []
    run_parts(done.append, list(range(20)), n_threads=3)
    assert sorted(done) == list(range(20))


def test_blas_has_one_thread_inside_and_its_own_number_after() -> None:
    before = blas_threads()
    inside: list[list[int]] = []
    run_parts(lambda _: inside.append(blas_threads()), [0, 1], n_threads=2)
    assert inside == [[1] * len(before)] * 2
    assert blas_threads() == before


def test_overlapping_callers_leave_blas_as_it_was() -> None:
    before = blas_threads()
    first_in, second_done = threading.Event(), threading.Event()

    def first(_: int) -> None:
        first_in.set()
        assert second_done.wait(5)
        assert blas_threads() == [1] * len(before)

    caller = threading.Thread(target=run_parts, args=(first, [0]), kwargs={"n_threads": 1})
    caller.start()
    assert first_in.wait(5)
    run_parts(lambda _: None, [0], n_threads=1)
    second_done.set()
    caller.join()
    assert blas_threads() == before


def test_a_failure_is_raised_and_blas_restored() -> None:
    before = blas_threads()
    done: list[float] = []
    with pytest.raises(ZeroDivisionError):
        run_parts(lambda part: done.append(1 / part), [1, 0, 1], n_threads=2)
    assert blas_threads() == before


def test_the_budget_is_one_for_small_work_else_what_is_allowed() -> None:
    assert thread_budget(None, is_small=True) == 1
    assert thread_budget(5, is_small=False) == 5
    assert thread_budget(None, is_small=False) == n_cores() >= 1
    with pytest.raises(ConfigError, match="n_threads must be > 0"):
        thread_budget(0, is_small=True)
