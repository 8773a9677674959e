import numpy as np

from recsys.index import _kernels as kernels
from recsys.index.request import Exclusion, empty_heap


def exclusion(*rows: int) -> Exclusion:
    return np.array([0, len(rows)], dtype=np.int64), np.array(rows, dtype=np.int32)


def test_pick_scores_candidates_in_any_order_and_breaks_ties_by_row() -> None:
    queries = np.ones((1, 2), dtype=np.float32)
    vectors = np.array([[1, 1], [2, 0], [0, 0], [0, 2]], dtype=np.float32)
    candidates = np.array([[3, -1, 1, 2, 0]], dtype=np.int32)
    heap = empty_heap(1, 3)
    kernels.pick((queries, vectors), candidates, exclusion(3), heap)
    kernels.order(heap)
    assert heap[0].tolist() == [[0, 1, 2]]
    assert heap[1].tolist() == [[2.0, 2.0, 0.0]]


def test_the_kernels_compute_in_the_order_that_is_written() -> None:
    # the same sum in numpy, eight lanes at a time: a compiler that reordered it would differ
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(50, 37)).astype(np.float32)
    vectors = rng.normal(size=(50, 37)).astype(np.float32)
    out = np.empty((50, 1), dtype=np.float32)
    kernels.score_pairs(queries, vectors, np.arange(50, dtype=np.int32)[:, None], out)
    lanes = np.zeros((50, 8), dtype=np.float32)
    products = queries * vectors
    for start in range(0, 32, 8):
        lanes += products[:, start : start + 8]
    for f in range(32, 37):
        lanes[:, 0] += products[:, f]
    s = lanes.T
    expected = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    assert out[:, 0].tolist() == expected.tolist()


def test_a_scan_goes_on_from_what_earlier_tiles_found() -> None:
    scores = np.array([[5, 1, 4, 2, 3]], dtype=np.float32)
    rows = np.arange(5, dtype=np.int32)
    nothing = np.zeros((0, 0), dtype=np.float32)
    no_mask, error_bound = np.zeros(0, dtype=np.bool_), np.zeros(1, dtype=np.float32)
    heap = empty_heap(1, 2)
    for part in (slice(0, 2), slice(2, 5)):
        tile = np.ascontiguousarray(scores[:, part])
        kernels.scan(tile, rows[part], (nothing, nothing), exclusion(0), no_mask, error_bound, heap)
    kernels.order(heap)
    assert heap[0].tolist() == [[2, 4]]
