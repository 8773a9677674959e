import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.core.errors import ConfigError, DataError
from recsys.ranking.caps import Cap, CapTable, apply_caps

N_ITEMS = 12
cells = st.lists(st.booleans(), min_size=N_ITEMS * 3, max_size=N_ITEMS * 3)


@st.composite
def lists_of_rows(draw: st.DrawFn) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    width = draw(st.integers(0, N_ITEMS))
    one = st.permutations(range(N_ITEMS)).map(lambda rows: rows[:width])
    rows = draw(st.lists(st.tuples(one, st.integers(0, width)), min_size=1, max_size=4))
    return np.array(
        [[row if at < n else -1 for at, row in enumerate(line)] for line, n in rows], dtype=np.int32
    ).reshape(len(rows), width)


def naive(rows: list[int], k: int, caps: list[tuple[list[set[int]], int]]) -> list[int]:
    """One list, one candidate at a time."""
    kept: list[int] = []
    for row in rows:
        full = any(
            sum(group in groups[other] for other in kept) >= most
            for groups, most in caps
            for group in groups[row]
        )
        if row >= 0 and len(kept) < k and not full:
            kept.append(row)
    return kept


@settings(deadline=None)  # the first call compiles
@given(
    lists_of_rows(),
    st.integers(1, 8),
    st.lists(st.integers(-1, 3), min_size=N_ITEMS, max_size=N_ITEMS),
    cells,
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_greedy_caps_are_those_of_a_loop(
    rows: np.ndarray[tuple[int, int], np.dtype[np.int32]],
    k: int,
    authors: list[int],
    topics: list[bool],
    per_author: int,
    per_topic: int,
) -> None:
    matrix = np.array(topics, dtype=np.float32).reshape(N_ITEMS, 3)
    scores = -np.tile(np.arange(rows.shape[1], dtype=np.float32), (len(rows), 1))
    caps = [
        Cap.of_rows(np.array(authors, dtype=np.int32), max_per_list=per_author),
        Cap(sp.csr_matrix(matrix), per_topic),
    ]
    best = apply_caps(rows, scores, k=k, caps=caps)
    plain = [
        ([{author} - {-1} for author in authors], per_author),
        ([set(np.flatnonzero(line).tolist()) for line in matrix], per_topic),
    ]
    for line in range(len(rows)):
        expected = naive(rows[line].tolist(), k, plain)
        found = int(best.n_found[line])
        assert best.rows[line, :found].tolist() == expected
        assert (best.rows[line, found:] == -1).all()
        places = [rows[line].tolist().index(row) for row in expected]
        assert best.scores[line, :found].tolist() == scores[line, places].tolist()
        assert np.isneginf(best.scores[line, found:]).all()


def test_without_caps_the_best_k_stay() -> None:
    rows = np.array([[3, 1, 2], [4, -1, -1]], dtype=np.int32)
    scores = np.array([[3, 2, 1], [1, -np.inf, -np.inf]], dtype=np.float32)
    assert apply_caps(rows, scores, k=2, caps=[]).rows.tolist() == [[3, 1], [4, -1]]
    assert apply_caps(rows, scores, k=5, caps=[]).rows.shape == (2, 5)


@given(lists_of_rows(), st.integers(1, 14), st.data())
def test_gaps_are_closed_alike_without_caps_and_with_a_cap_that_forbids_nothing(
    rows: np.ndarray[tuple[int, int], np.dtype[np.int32]], k: int, data: st.DataObject
) -> None:
    is_gap = data.draw(st.lists(st.booleans(), min_size=rows.size, max_size=rows.size))
    rows = np.where(np.array(is_gap, dtype=np.bool_).reshape(rows.shape), np.int32(-1), rows)
    scores = -np.tile(np.arange(rows.shape[1], dtype=np.float32), (len(rows), 1))
    loose = Cap.of_rows(np.zeros(N_ITEMS, dtype=np.int32), max_per_list=N_ITEMS)
    best, same = (apply_caps(rows, scores, k=k, caps=caps) for caps in ([], [loose]))
    assert best.rows.tolist() == same.rows.tolist()
    assert best.scores.tolist() == same.scores.tolist()


def test_without_caps_a_gap_in_mid_list_is_closed() -> None:
    rows = np.array([[-1, 3, -1, 1, 2], [4, -1, -1, -1, 0]], dtype=np.int32)
    scores = np.array([[9, 3, 8, 2, 1], [5, 4, 3, 2, 1]], dtype=np.float32)
    best = apply_caps(rows, scores, k=3, caps=[])
    assert best.rows.tolist() == [[3, 1, 2], [4, 0, -1]]
    assert best.scores.tolist() == [[3.0, 2.0, 1.0], [5.0, 1.0, -np.inf]]


def test_a_list_that_caps_cut_short_says_so() -> None:
    cap = Cap.of_rows(np.zeros(4, dtype=np.int32), max_per_list=1)
    best = apply_caps(np.array([[0, 1, 2]], np.int32), np.ones((1, 3), np.float32), k=3, caps=[cap])
    assert best.n_found.tolist() == [1]


def test_a_table_made_once_gives_the_same() -> None:
    cap = Cap.of_rows(np.array([0, 0, 1], dtype=np.int32), max_per_list=1)
    rows, scores = np.array([[1, 0, 2]], np.int32), np.ones((1, 3), np.float32)
    for caps in ([cap], CapTable.of([cap])):
        assert apply_caps(rows, scores, k=3, caps=caps).rows.tolist() == [[1, 2, -1]]


def test_the_same_cap_of_lists_one_after_another_starts_afresh() -> None:
    cap = Cap.of_rows(np.array([0, 0], dtype=np.int32), max_per_list=1)
    rows = np.array([[0, 1], [1, 0]], np.int32)
    best = apply_caps(rows, np.ones((2, 2), np.float32), k=2, caps=[cap])
    assert best.rows.tolist() == [[0, -1], [1, -1]]


def test_a_cap_of_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_per_list must be at least 1; got 0"):
        Cap.of_rows(np.zeros(2, dtype=np.int32), max_per_list=0)


def test_caps_over_different_items_are_refused() -> None:
    caps = [Cap.of_rows(np.zeros(n, dtype=np.int32), max_per_list=1) for n in (2, 3)]
    with pytest.raises(DataError, match=r"over the same items; got \[2, 3\]"):
        CapTable.of(caps)
