"""The cost model agrees with itself, and with what was measured."""

import pytest

from recsys.index.cost import graph_ns, jump_ns, read_ns, scan_ns


@pytest.mark.parametrize("n_bytes", [16, 64, 256, 2048])
def test_reading_in_order_is_cheaper_than_jumping(n_bytes: int) -> None:
    assert read_ns(n_bytes) < jump_ns(n_bytes)


@pytest.mark.parametrize("n_bytes", [32, 256])
def test_a_filter_never_makes_more_to_score_and_costs_its_mask(n_bytes: int) -> None:
    whole = scan_ns(1000, n_bytes)
    assert scan_ns(1000, n_bytes, n_allowed=1000) == whole + 1000
    assert 1000 < scan_ns(1000, n_bytes, n_allowed=10) < whole


def test_a_selective_filter_is_scanned_and_a_wide_one_searched_in_the_graph() -> None:
    # 128 candidates among a million vectors of 64 numbers, more the fewer are allowed
    for share, is_scanned in ((0.001, True), (0.01, True), (0.5, False), (1.0, False)):
        scan = scan_ns(1_000_000, 256, n_allowed=int(share * 1_000_000))
        assert (scan < graph_ns(128 / share, 256)) is is_scanned


def test_a_small_catalog_is_always_scanned() -> None:
    assert scan_ns(5000, 256) < graph_ns(128, 256)
