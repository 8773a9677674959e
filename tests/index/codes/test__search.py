"""The compiled search among codes, against the plain one."""

from typing import Any

import numpy as np
import pytest

from recsys.core.arrays import FloatMatrix, RowArray
from recsys.index.codes._product import CodeMatrix
from recsys.index.codes._search import encode, rescore, search_codes
from recsys.index.request import Exclusion, empty_heap

NOTHING = (np.array([0, 0, 0], dtype=np.int64), np.zeros(0, dtype=np.int32))
EVERY = np.zeros(0, dtype=np.bool_)
NO_ROWS = np.zeros(0, dtype=np.int32)
UNLINKED = (np.zeros((0, 0), np.int32), NO_ROWS, NO_ROWS, NO_ROWS)
WIDTH = 21  # sixteen at once, and the rest


def world() -> tuple[CodeMatrix, FloatMatrix, np.ndarray]:
    rng = np.random.default_rng(0)
    codes = rng.integers(-100, 100, size=(70, WIDTH)).astype(np.int8)
    queries = rng.normal(size=(2, WIDTH)).astype(np.float32)
    return codes, queries, np.argsort(-(queries @ codes.T), axis=1)


def ring(n: int) -> RowArray:
    rows = np.arange(n)
    return np.stack([(rows + step) % n for step in (1, 2, 5, 11)], axis=1).astype(np.int32)


def linked(entry_points: list[int]) -> tuple[RowArray, RowArray, RowArray, RowArray]:
    return ring(70), np.array(entry_points, dtype=np.int32), NO_ROWS, NO_ROWS


def candidates(
    effort: int,
    graph: Any = UNLINKED,
    *,
    filter_mask_and_rows: tuple[np.ndarray, RowArray] = (EVERY, NO_ROWS),
    exclude: Exclusion = NOTHING,
    budget: int = 0,
) -> list[list[int]]:
    codes, queries, _ = world()
    if len(graph[2]):
        codes = codes[graph[2].clip(0, 69)]
    found = np.empty((2, effort), np.int32)
    coded = (np.eye(WIDTH, dtype=np.float32), codes, np.ones(WIDTH, np.float32))
    nothing = empty_heap(2, 0)
    search_codes(
        queries, queries[:0], coded, graph, filter_mask_and_rows, exclude, budget, (found, *nothing)
    )
    return [[row for row in line if row >= 0] for line in found.tolist()]


@pytest.mark.parametrize("effort", [1, 7, 40])
def test_a_scan_keeps_the_best_codes_in_their_order(effort: int) -> None:
    _, _, best = world()
    assert candidates(effort) == best[:, :effort].tolist()


@pytest.mark.parametrize("is_known", [False, True])
def test_a_scan_of_some_rows_gives_none_else(is_known: bool) -> None:
    _, _, best = world()
    allowed = np.arange(70) % 3 == 0
    allowed[8:40] = False  # whole words of the mask without a bit
    rows = np.flatnonzero(allowed).astype(np.int32)
    found = candidates(4, filter_mask_and_rows=(allowed, rows if is_known else NO_ROWS))
    assert found == [[row for row in line if allowed[row]][:4] for line in best.tolist()]


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("turned", [False, True])
def test_a_walk_that_keeps_all_finds_all_that_is_allowed(step: int, turned: bool) -> None:
    _, _, best = world()
    allowed = np.arange(70) % step == 0 if step > 1 else EVERY
    exclude = (np.array([0, 1, 1], dtype=np.int64), np.array([0], dtype=np.int32))
    rows = np.arange(70, dtype=np.int32)[::-1].copy()
    graph = (*linked([3])[:2], rows, rows) if turned else linked([3])
    found = candidates(
        70, graph, filter_mask_and_rows=(allowed, NO_ROWS), exclude=exclude, budget=1000
    )
    for q, line in enumerate(best.tolist()):
        assert found[q] == [r for r in line if r % step == 0 and not (q == 0 and r == 0)]


def test_a_walk_that_keeps_few_finds_the_best_allowed_on_a_ring_that_reaches_all() -> None:
    _, _, best = world()
    allowed = np.arange(70) % 2 == 0
    found = candidates(20, linked([3, 50]), filter_mask_and_rows=(allowed, NO_ROWS), budget=1000)
    for line, rows in zip(best.tolist(), found, strict=True):
        wanted = [row for row in line if allowed[row]][:20]
        assert len(rows) == 20
        assert len(set(rows) & set(wanted)) >= 18


def test_a_walk_without_budget_left_gives_what_a_scan_does() -> None:
    for budget in range(1, 20, 3):
        assert candidates(20, linked([3]), budget=budget) == candidates(20)


def test_a_walk_meets_no_item_twice_and_no_row_outside() -> None:
    links = np.concatenate([ring(70), np.full((70, 1), 70, np.int32)], axis=1)
    entry_points = np.array([1, 2, 3, 1000, -5], dtype=np.int32)
    for line in candidates(20, (links, entry_points, NO_ROWS, NO_ROWS), budget=1000):
        assert len(set(line)) == len(line) == 20
        assert all(0 <= row < 70 for row in line)


@pytest.mark.parametrize("wrong", [-3, 70, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("budget", [0, 1000])
def test_rows_and_places_that_are_no_items_are_never_given(wrong: int, budget: int) -> None:
    some = np.arange(70, dtype=np.int32)
    some[::2] = wrong
    allowed = np.ones(70, dtype=np.bool_)
    for filter_mask_and_rows in ((EVERY, NO_ROWS), (allowed, NO_ROWS), (allowed, some)):
        graph = (*linked([3])[:2], some, some)
        for line in candidates(20, graph, filter_mask_and_rows=filter_mask_and_rows, budget=budget):
            assert all(0 <= row < 70 for row in line)


def test_lists_are_scored_by_whole_vectors() -> None:
    codes, queries, best = world()
    heap = empty_heap(2, 5)
    found = np.empty((2, 20), np.int32)
    coded = (np.eye(WIDTH, dtype=np.float32), codes, np.ones(WIDTH, np.float32))
    sides = (codes.astype(np.float32), coded, UNLINKED)
    search_codes(queries, *sides, (EVERY, NO_ROWS), NOTHING, 0, (found, *heap))
    assert heap[0].tolist() == best[:, :5].tolist()
    scores = np.take_along_axis(queries @ codes.T, best[:, :5], axis=1)
    np.testing.assert_allclose(heap[1], scores, rtol=1e-5)


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
