"""Products of whole numbers, against numpy's."""

import numpy as np
import pytest

from recsys.index.codes._product import LARGEST, code_product, to_whole_numbers


@pytest.mark.parametrize("width", [1, 15, 16, 17, 32, 63, 64, 500])
def test_products_are_those_of_whole_numbers(width: int) -> None:
    rng = np.random.default_rng(width)
    codes = rng.integers(-128, 128, size=(9, width)).astype(np.int8)
    query = rng.integers(-16_000, 16_000, size=width).astype(np.int16)
    wanted = codes.astype(np.int64) @ query.astype(np.int64)
    assert [code_product(query, codes, row) for row in range(9)] == wanted.tolist()


@pytest.mark.parametrize("width", [1, 16, 256, 512, 4096])
@pytest.mark.parametrize("unit", [1e-30, 1.0, 1e30])
def test_the_largest_product_keeps_two_bits_free(width: int, unit: float) -> None:
    small = np.empty(width, np.int16)
    to_whole_numbers(np.full(width, -unit, np.float32), small)
    codes = np.full((1, width), -128, np.int8)
    found = code_product(small, codes, 0)
    assert 0 < found <= LARGEST
    assert found == 128 * width * abs(int(small[0]))


def test_whole_numbers_are_in_proportion() -> None:
    code = np.random.default_rng(0).normal(size=64).astype(np.float32)
    small = np.empty(64, np.int16)
    to_whole_numbers(code, small)
    np.testing.assert_allclose(small / small[0], code / code[0], atol=2e-3)


@pytest.mark.parametrize("value", [0.0, np.inf, np.nan])
def test_a_code_without_any_length_or_beyond_all_is_zeros(value: float) -> None:
    small = np.ones(3, np.int16)
    to_whole_numbers(np.array([value, value, value], np.float32), small)
    assert small.tolist() == [0, 0, 0]
