import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.digest.compose import DigestCaps, pairs_in, pick_items


def caps_of(
    authors: list[int], topics: list[set[int]], max_author: int | None, max_topic: int | None
) -> DigestCaps:
    stored = sp.lil_matrix((len(authors), 8), dtype=np.float32)
    for item, tags in enumerate(topics):
        for tag in tags:
            stored[item, tag] = 1
    return DigestCaps(np.array(authors, np.int32), sp.csr_matrix(stored), max_author, max_topic)


def naive(candidates: list[int], allowed: list[bool], k: int, caps: DigestCaps) -> list[int]:
    """Go down the list with plain lists, obviously right."""
    taken: list[int] = []
    for row, may in zip(candidates, allowed, strict=True):
        if len(taken) == k or row < 0 or not may or row in taken:
            continue
        author = caps.author_of[row]
        n_same = sum(caps.author_of[one] == author for one in taken) if author >= 0 else 0
        if caps.max_per_author is not None and n_same >= caps.max_per_author:
            continue
        if caps.max_per_topic is not None and any(
            sum(tag in caps.topics[one].indices for one in taken) >= caps.max_per_topic
            for tag in caps.topics[row].indices
        ):
            continue
        taken.append(row)
    return taken


def scores_like(rows: np.ndarray) -> np.ndarray:
    falling = -np.arange(rows.size, dtype=np.float32).reshape(rows.shape)
    return np.where(rows < 0, -np.inf, falling).astype(np.float32)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, DigestCaps]:
    n_items, n_people, width = (
        draw(st.integers(1, 8)),
        draw(st.integers(0, 4)),
        draw(st.integers(0, 9)),
    )
    items = st.integers(-1, n_items - 1)
    rows = draw(
        st.lists(
            st.lists(items, min_size=width, max_size=width), min_size=n_people, max_size=n_people
        )
    )
    allowed = draw(
        st.lists(
            st.lists(st.booleans(), min_size=width, max_size=width),
            min_size=n_people,
            max_size=n_people,
        )
    )
    authors = draw(st.lists(st.integers(-1, 2), min_size=n_items, max_size=n_items))
    topics = draw(
        st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=n_items, max_size=n_items)
    )
    most = st.none() | st.integers(1, 3)
    shape = (n_people, width)
    return (
        np.array(rows, np.int32).reshape(shape),
        np.array(allowed, bool).reshape(shape),
        draw(st.integers(1, 6)),
        caps_of(authors, topics, draw(most), draw(most)),
    )


@given(worlds())
def test_composing_agrees_with_the_naive_oracle(
    world: tuple[np.ndarray, np.ndarray, int, DigestCaps],
) -> None:
    rows, allowed, k, caps = world
    best = pick_items(rows, scores_like(rows), k=k, allowed=allowed, caps=caps)
    assert best.rows.shape == (len(rows), k)
    for line, candidates in enumerate(rows.tolist()):
        wanted = naive(candidates, allowed[line].tolist(), k, caps)
        assert best.rows[line].tolist() == wanted + [-1] * (k - len(wanted))


@given(worlds())
def test_no_item_comes_twice_and_caps_hold_and_order_is_kept(
    world: tuple[np.ndarray, np.ndarray, int, DigestCaps],
) -> None:
    rows, allowed, k, caps = world
    best = pick_items(rows, scores_like(rows), k=k, allowed=allowed, caps=caps)
    for line, n_found in enumerate(best.n_found):
        items = best.rows[line, :n_found]
        assert (np.diff(best.scores[line, :n_found]) < 0).all()
        assert len(set(items.tolist())) == len(items)
        assert set(items.tolist()) <= set(rows[line][allowed[line]].tolist())
        authors = caps.author_of[items]
        counts = np.bincount(authors[authors >= 0], minlength=1)
        assert caps.max_per_author is None or counts.max() <= caps.max_per_author
        of_topic = np.asarray((caps.topics[items] != 0).sum(axis=0)).max() if n_found else 0
        assert caps.max_per_topic is None or of_topic <= caps.max_per_topic


def test_more_k_extends_the_list() -> None:
    caps = caps_of([0, 0, 1, 1, 2], [{0}, {1}, {0}, {1}, {2}], 1, 2)
    rows = np.array([[0, 1, 2, 3, 4]])
    short = pick_items(rows, scores_like(rows), k=2, allowed=rows >= 0, caps=caps)
    long = pick_items(rows, scores_like(rows), k=4, allowed=rows >= 0, caps=caps)
    assert long.rows[0, :2].tolist() == short.rows[0].tolist()


def test_without_caps_the_best_that_are_allowed_stay() -> None:
    caps = caps_of([0] * 4, [{0}] * 4, None, None)
    rows, allowed = np.array([[3, 1, 0]]), np.array([[False, True, True]])
    out = pick_items(rows, scores_like(rows), k=2, allowed=allowed, caps=caps)
    assert out.rows.tolist() == [[1, 0]]


def test_people_do_not_share_counts() -> None:
    caps = caps_of([0, 0], [set(), set()], 1, None)
    rows = np.array([[0, 1], [1, 0]])
    out = pick_items(rows, scores_like(rows), k=2, allowed=rows >= 0, caps=caps)
    assert out.rows.tolist() == [[0, -1], [1, -1]]


def test_shapes_that_differ_are_refused() -> None:
    caps = caps_of([0], [set()], None, None)
    with pytest.raises(DataError, match="one shape"):
        pick_items(np.zeros((1, 2), np.int32), np.zeros((1, 2), np.float32), k=1,
               allowed=np.ones((1, 3), bool), caps=caps)  # fmt: skip


def test_caps_say_what_they_are() -> None:
    assert str(caps_of([0], [set()], 2, 4)) == "2 per author and 4 per topic"
    assert str(caps_of([0], [set()], None, 4)) == "4 per topic"


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=12),
    st.lists(st.lists(st.integers(-1, 5), min_size=3, max_size=3), min_size=1, max_size=5),
)
def test_pairs_are_found_where_they_are(
    pairs: list[tuple[int, int]], rows: list[list[int]]
) -> None:
    people = np.arange(len(rows), dtype=np.int32)
    columns = np.array(pairs, np.int32).reshape(-1, 2)
    found = pairs_in(
        people, np.array(rows, np.int32), pairs=(columns[:, 0], columns[:, 1]), n_items=6
    )
    assert found.tolist() == [
        [(who, row) in pairs for row in line] for who, line in enumerate(rows)
    ]
