"""Tiles of rows."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.models.parallel import for_tiles, n_threads


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
    assert n_threads() >= 1


def test_no_rows_is_no_work() -> None:
    for_tiles(lambda start, stop: pytest.fail("called"), 0, tile=5)
    assert sp.csr_matrix((0, 0)).nnz == 0
