import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.pages import safe_url


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a?b=c&d=é",
        "http://example.org",
        "mailto:ana@example.org",
        "HTTPS://example.org/x",
    ],
)
def test_ordinary_addresses_are_links(url: str) -> None:
    assert safe_url(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        " \tjavascript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org/x",
        "q/7",
        "https:",
        "https:///path",
        "http://[broken",
        "mailto:",
        "",
        None,
        7,
        float("nan"),
    ],
)
def test_anything_else_is_plain_text(url: object) -> None:
    assert safe_url(url) is None


def test_a_relative_address_is_joined_to_the_base() -> None:
    assert safe_url("/q/7", base="https://example.org/app/") == "https://example.org/q/7"


def test_a_base_does_not_let_scripts_in() -> None:
    assert safe_url("javascript:alert(1)", base="https://example.org/") is None


@given(st.text())
def test_whatever_comes_out_has_a_harmless_scheme(url: str) -> None:
    out = safe_url(url)
    assert out is None or out.lower().startswith(("http://", "https://", "mailto:"))
