from hypothesis import given
from hypothesis import strategies as st

from recsys.pages import score_bars


def test_the_largest_part_is_full_and_the_rest_in_proportion() -> None:
    bars = score_bars([("a", 0.2), ("b", -0.8)])
    assert [(bar.percent, bar.is_negative) for bar in bars] == [(25.0, False), (100.0, True)]


def test_parts_that_say_nothing_are_left_out() -> None:
    assert score_bars([("a", 0.0), ("b", float("nan")), ("c", float("inf"))]) == ()


@given(st.lists(st.tuples(st.text(max_size=3), st.floats(allow_nan=False, allow_infinity=False))))
def test_every_bar_fits_its_track(parts: list[tuple[str, float]]) -> None:
    bars = score_bars(parts)
    assert all(0 <= bar.percent <= 100 for bar in bars)
    assert not bars or max(bar.percent for bar in bars) == 100
