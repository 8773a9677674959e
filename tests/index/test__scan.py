"""Every allowed code is looked at, once."""

import numpy as np
import pytest

from recsys.index._scan import BLOCK, _marked, _next_allowed, _next_rows


@pytest.mark.parametrize("n", [1, 7, 8, 9, 64, 1000, 3 * BLOCK + 5])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_a_mask_is_read_whole_in_blocks(n: int, share: float) -> None:
    allowed = np.random.default_rng(n).random(n) < share
    block, at, rows = np.empty(BLOCK, np.int32), 0, []
    while True:
        n_block, at = _next_allowed(allowed, at, block)
        if not n_block:
            break
        rows += block[:n_block].tolist()
    assert rows == np.flatnonzero(allowed).tolist()


@pytest.mark.parametrize("n", [1, 63, 64, 65, 1000])
def test_places_are_marked_by_their_rows(n: int) -> None:
    rng = np.random.default_rng(n)
    places = rng.permutation(n).astype(np.int32)
    allowed = rng.random(n) < 0.3
    rows = np.flatnonzero(allowed).astype(np.int32)
    for known in (np.zeros(0, np.int32), rows):
        bits = _marked(places, n, (allowed, known))
        found = np.flatnonzero(np.unpackbits(bits.view(np.uint8), bitorder="little"))
        assert found.tolist() == sorted(places[rows].tolist())


def test_without_a_mask_the_last_comes_first() -> None:
    none = (np.zeros(0, np.bool_), np.zeros(0, np.int32))
    block = np.empty(4, np.int32)
    assert _next_rows(6, none, 0, block) == (4, 4)
    assert block.tolist() == [5, 4, 3, 2]
    assert _next_rows(6, none, 4, block) == (2, 6)
    assert block[:2].tolist() == [1, 0]
