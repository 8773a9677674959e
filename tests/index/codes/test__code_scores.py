"""Scores of all items by their codes, against the plain product."""

import numpy as np
import pytest

from recsys.index.codes._code_scores import score_codes


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("width", [3, 16, 37])
def test_every_row_gets_the_product_of_its_code(width: int, is_turned: bool) -> None:
    rng = np.random.default_rng(width)
    codes = rng.integers(-127, 128, (50, width)).astype(np.int8)
    queries = rng.normal(size=(4, width)).astype(np.float32)
    queries[2] = 0
    rows = rng.permutation(50).astype(np.int32) if is_turned else np.zeros(0, np.int32)
    coded = (np.eye(width, dtype=np.float32), codes, np.ones(width, np.float32))
    out = np.full((4, 50), np.nan, np.float32)
    score_codes(queries, coded, rows, out)
    by_place = queries @ codes.T.astype(np.float32)
    expected = np.empty_like(by_place)
    expected[:, rows if is_turned else np.arange(50)] = by_place
    np.testing.assert_allclose(out, expected, rtol=1e-3, atol=1e-2 * np.abs(expected).max())
    assert (out[2] == 0).all()
