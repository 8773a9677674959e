from hypothesis import given
from hypothesis import strategies as st

from recsys.pages import excerpt


def test_a_short_text_stays_whole() -> None:
    assert excerpt("Two  words\n") == "Two words"


def test_markup_is_taken_out_but_a_comparison_stays() -> None:
    assert excerpt("<p>if a < b</p>") == "if a < b"


def test_a_text_without_blanks_is_cut_anywhere() -> None:
    assert excerpt("量" * 50, 10) == "量" * 9 + "…"


def test_what_is_not_text_is_empty() -> None:
    assert excerpt(None) == excerpt(float("nan")) == ""


@given(st.text(), st.integers(1, 50))
def test_an_excerpt_is_never_longer_than_asked(text: str, max_length: int) -> None:
    assert len(excerpt(text, max_length)) <= max_length
