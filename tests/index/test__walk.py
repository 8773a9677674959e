"""The compiled search among codes, against the plain one."""

import numpy as np
import pytest

from recsys.index._walk import encode, rescore, scan_codes, walk
from recsys.index.request import empty_heap

NOTHING = (np.array([0, 0, 0], dtype=np.int64), np.zeros(0, dtype=np.int32))
EVERY = np.zeros(0, dtype=np.bool_)


def world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    codes = rng.integers(-100, 100, size=(70, 5)).astype(np.int8)
    queries = rng.normal(size=(2, 5)).astype(np.float32)
    return codes, queries, np.argsort(-(queries @ codes.T), axis=1)


def ring(n: int) -> np.ndarray:
    rows = np.arange(n)
    return np.stack([(rows + step) % n for step in (1, 2, 5, 11)], axis=1).astype(np.int32)


def test_a_scan_keeps_the_best_codes() -> None:
    codes, queries, best = world()
    found = empty_heap(2, 7)
    scan_codes(queries, codes, np.zeros(0, np.int32), EVERY, NOTHING, found)
    assert [set(line) for line in found[0].tolist()] == [set(line[:7]) for line in best.tolist()]


def test_a_scan_of_some_rows_gives_none_else() -> None:
    codes, queries, best = world()
    found = empty_heap(2, 4)
    some = np.arange(0, 70, 3, dtype=np.int32)
    scan_codes(queries, codes, some, EVERY, NOTHING, found)
    wanted = [[row for row in line if row % 3 == 0][:4] for line in best.tolist()]
    assert [set(line) for line in found[0].tolist()] == [set(line) for line in wanted]


@pytest.mark.parametrize("step", [1, 3])
def test_a_walk_that_keeps_all_finds_all_that_is_allowed(step: int) -> None:
    codes, queries, best = world()
    allowed = np.arange(70) % step == 0
    exclude = (np.array([0, 1, 1], dtype=np.int64), np.array([0], dtype=np.int32))
    found = empty_heap(2, 70)
    graph = (ring(70), np.array([3], dtype=np.int32))
    walk(queries, codes, graph, allowed if step > 1 else EVERY, exclude, found)
    for q, line in enumerate(best.tolist()):
        wanted = {row for row in line if row % step == 0 and not (q == 0 and row == 0)}
        assert {row for row in found[0][q].tolist() if row >= 0} == wanted


def test_a_walk_meets_no_item_twice_and_no_row_outside() -> None:
    codes, queries, _ = world()
    links = np.concatenate([ring(70), np.full((70, 1), 70, np.int32)], axis=1)
    hubs = np.array([1, 2, 3, 1000, -5], dtype=np.int32)
    found = empty_heap(2, 20)
    walk(queries, codes, (links, hubs), EVERY, NOTHING, found)
    for line in found[0].tolist():
        real = [row for row in line if row >= 0]
        assert len(set(real)) == len(real)
        assert all(row < 70 for row in real)


def test_scores_come_from_whole_vectors() -> None:
    vectors = np.eye(3, dtype=np.float32)
    heap = empty_heap(1, 2)
    query = np.array([[1, 3, 2]], np.float32)
    rescore(query, vectors, np.array([[0, -1, 2, 1]], np.int32), heap)
    assert sorted(zip(heap[1][0].tolist(), heap[0][0].tolist(), strict=True)) == [
        (2.0, 2),
        (3.0, 1),
    ]


def test_a_code_of_a_query_is_its_product_with_the_map() -> None:
    rng = np.random.default_rng(1)
    queries, table = (rng.normal(size=shape).astype(np.float32) for shape in ((3, 6), (6, 4)))
    out = np.empty((3, 4), np.float32)
    encode(queries, table, out)
    np.testing.assert_allclose(out, queries @ table, rtol=1e-5)
