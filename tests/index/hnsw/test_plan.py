from hypothesis import given
from hypothesis import strategies as st

from recsys.index.hnsw.plan import graph_effort, scan_is_cheaper


@given(
    n_excluded=st.integers(0, 10_000),
    k=st.integers(1, 500),
    ef_search=st.integers(1, 1000),
    share=st.floats(0.001, 1),
)
def test_the_effort_has_room_for_the_list_and_what_is_excluded(
    n_excluded: int, k: int, ef_search: int, share: float
) -> None:
    effort = graph_effort(n_excluded, k=k, ef_search=ef_search, share=share)
    assert effort >= max(2 * k, ef_search) + n_excluded
    assert effort * share >= k


def test_a_narrow_filter_is_scanned_and_a_wide_one_walked() -> None:
    sizes = {"n_items": 1_000_000, "n_factors": 64}
    for share, is_scanned in ((0.001, True), (0.01, True), (0.5, False), (1.0, False)):
        effort = graph_effort(0, k=10, ef_search=128, share=share)
        n_allowed = int(share * 1_000_000)
        assert scan_is_cheaper(effort, n_allowed=n_allowed, **sizes) is is_scanned


def test_a_small_catalog_is_always_scanned() -> None:
    assert scan_is_cheaper(128, n_allowed=5000, n_items=5000, n_factors=64)
