"""Every allowed code is looked at that may be good enough, once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.index._kernels import BLOCK
from recsys.index.codes._pool import ENOUGH, N_ALLOWED, N_STATE, SIZE, key_of, row_of
from recsys.index.codes._product import to_whole_numbers
from recsys.index.codes._scan import _cannot_improve, _marked, _next_down, _norm, scan_one
from recsys.testing.contracts import quick

EVERY = np.zeros(0, np.bool_)
NO_ROWS = np.zeros(0, np.int32)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 64, 1000, 3 * BLOCK + 5])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("is_turned", [False, True])
def test_a_mask_is_read_whole_in_blocks_from_the_end(n: int, share: float, is_turned: bool) -> None:
    rng = np.random.default_rng(n)
    allowed = rng.random(n) < share
    rows = rng.permutation(n).astype(np.int32) if is_turned else NO_ROWS
    block, at, found = np.empty(BLOCK, np.int32), n, []
    while at > 0:
        n_block, at = _next_down(rows, n, allowed, at, block)
        found += block[:n_block].tolist()
    of_places = allowed[rows] if is_turned else allowed
    assert found == np.flatnonzero(of_places)[::-1].tolist()


def test_without_a_mask_every_place_is_read() -> None:
    block = np.empty(4, np.int32)
    assert _next_down(NO_ROWS, 6, EVERY, 6, block) == (4, 2)
    assert block.tolist() == [5, 4, 3, 2]
    assert _next_down(NO_ROWS, 6, EVERY, 2, block) == (2, 0)
    assert block[:2].tolist() == [1, 0]


@pytest.mark.parametrize("n", [1, 63, 64, 65, 1000])
def test_places_are_marked_by_their_rows(n: int) -> None:
    rng = np.random.default_rng(n)
    places = rng.permutation(n).astype(np.int32)
    rows = np.flatnonzero(rng.random(n) < 0.3).astype(np.int32)
    bits = _marked(places, n, rows)
    found = np.flatnonzero(np.unpackbits(bits.view(np.uint8), bitorder="little"))
    assert found.tolist() == sorted(places[rows].tolist())


def scanned(n: int, enough: int, *, seed: int, share: float, is_known: bool) -> list[list[int]]:
    """Return the places that a scan keeps, knowing that codes stand by length, and not."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(-127, 128, (n, 19)) * rng.lognormal(-1, 1, (n, 1))
    codes = np.clip(drawn, -127, 127).astype(np.int8)
    steps = rng.uniform(0.1, 3, 19).astype(np.float32)
    codes = codes[np.argsort(np.linalg.norm(codes * steps, axis=1), kind="stable")]
    small = np.empty(19, np.int16)
    to_whole_numbers(rng.normal(size=19).astype(np.float32), small)
    allowed = rng.random(n) < share if share < 1 else EVERY
    known = np.flatnonzero(allowed).astype(np.int32) if is_known else NO_ROWS
    out = []
    for rows in (np.arange(n, dtype=np.int32), NO_ROWS):
        pool, state = np.empty(enough + 1, np.int64), np.zeros(N_STATE, np.int64)
        state[ENOUGH] = enough
        graph = (np.zeros((n, 0), np.int32), NO_ROWS, rows, rows)
        scan_one(small, (codes, steps), graph, (allowed, known), NO_ROWS, pool, state)
        out.append([row_of(key) for key in pool[: state[SIZE]]])
    return out


@quick
@given(
    n=st.integers(1, 1500),
    enough=st.integers(1, 40),
    seed=st.integers(0, 1000),
    share=st.sampled_from([0.01, 0.3, 1.0]),
    is_known=st.booleans(),
)
def test_codes_too_short_to_matter_are_left_out_and_nothing_else(
    n: int, enough: int, seed: int, share: float, is_known: bool
) -> None:
    soon_ended, whole = scanned(n, enough, seed=seed, share=share, is_known=is_known)
    assert soon_ended == whole


def test_a_scan_ends_where_no_product_can_be_larger_than_the_worst_kept() -> None:
    codes, steps = np.array([[30, 40], [60, 80]], np.int8), np.array([0.5, 0.5], np.float32)
    length = _norm(np.array([6, 8], np.int16), steps)
    assert length == pytest.approx(20.0)
    state = np.zeros(N_STATE, np.int64)
    state[ENOUGH] = state[N_ALLOWED] = state[SIZE] = 1
    # the code at place 0 is 25 long: no product with it is above 500; at place 1 above 1000
    for worst, ends in ((499, [False, False]), (501, [True, False]), (1001, [True, True])):
        pool = np.array([key_of(worst, 1)], np.int64)
        found = [bool(_cannot_improve(length, (codes, steps), at, pool, state)) for at in (0, 1)]
        assert found == ends
    state[N_ALLOWED] = 0  # a pool with room left takes whatever comes
    assert not _cannot_improve(length, (codes, steps), 0, pool, state)
