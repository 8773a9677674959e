import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.pages import page_name

HARMLESS = re.compile(r"[a-z0-9~_-]{1,80}\.html")


@pytest.mark.parametrize("some_id", ["ana", "user-7", "a_b", 42, "0"])
def test_a_plain_id_is_its_own_name(some_id: object) -> None:
    assert page_name(some_id) == f"{some_id}.html"


@pytest.mark.parametrize(
    "some_id",
    ["../../etc/passwd", "/etc/passwd", "..", ".", "a/b", "a\\b", "C:\\x", "con", "nul", "lpt1", "",
     "🐙", "x" * 1024, "a\x00b", "ana ", "-ana", "%2e%2e", "\ud800"],
)  # fmt: skip
def test_an_odd_id_has_a_harmless_name(some_id: str) -> None:
    name = page_name(some_id)
    assert HARMLESS.fullmatch(name)
    assert name.removesuffix(".html") not in {"con", "nul", "lpt1"}


def test_ids_that_differ_in_case_only_have_names_that_differ_in_more() -> None:
    assert len({page_name(one).lower() for one in ("ana", "Ana", "ANA")}) == 3


@given(st.lists(st.text(min_size=1, max_size=30), unique=True, max_size=30))
def test_different_ids_have_different_names_on_every_disk(ids: list[str]) -> None:
    names = [page_name(one) for one in ids]
    assert len({name.lower() for name in names}) == len(ids)
    assert all(HARMLESS.fullmatch(name) for name in names)
