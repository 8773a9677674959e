import subprocess
import sys
import threading

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ConfigError
from recsys.core.threads import (
    _pools,
    for_tiles,
    n_cores,
    run_parts,
    thread_budget,
)


def blas_threads() -> list[int]:
    return [pool.get_num_threads() for pool in _pools()[0]]


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


def test_every_row_is_worked_on_once_and_reported() -> None:
    hits, reports = np.zeros(10, int), []

    def work(start: int, stop: int) -> None:
        hits[start:stop] += 1

    def report(stage: str, done: int, total: int) -> None:
        reports.append((stage, done, total))

    for_tiles(work, 10, tile=3, progress=report, stage="s")
    assert hits.tolist() == [1] * 10
    assert reports[-1] == ("s", 4, 4)


def test_an_error_in_a_tile_is_raised() -> None:
    def work(start: int, stop: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        for_tiles(work, 1, tile=1)


def test_there_is_at_least_one_thread() -> None:
    assert n_cores() >= 1


def test_no_rows_is_no_work() -> None:
    for_tiles(lambda start, stop: pytest.fail("called"), 0, tile=5)
    assert sp.csr_matrix((0, 0)).nnz == 0


def test_a_blas_that_is_loaded_later_is_held_too() -> None:
    code = (
        "from recsys.core.threads import one_blas_thread\n"
        "with one_blas_thread(): pass\n"
        "import faiss\n"
        "from threadpoolctl import threadpool_info\n"
        "with one_blas_thread():\n"
        "    print({one['num_threads'] for one in threadpool_info() if one['user_api'] == 'blas'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{1}"
