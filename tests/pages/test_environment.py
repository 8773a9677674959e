import re
from html.parser import HTMLParser

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.pages import render

OUTSIDE = re.compile(r"""<script|<link|<img|<iframe|@import|url\(|\son\w+\s*=""")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.inside: list[str] = []
        self.heading = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "br"}:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.inside and self.inside[-1] == "h1":
            self.heading += data


def parse(page: str) -> _Text:
    parser = _Text()
    parser.feed(page)
    parser.close()
    return parser


def test_a_page_is_whole_and_loads_nothing() -> None:
    page = render("message.html", title="Hello", lines=["One", "Two"])
    parsed = parse(page)
    assert page.startswith("<!doctype html>")
    assert parsed.inside == []
    assert not OUTSIDE.search(page)
    assert 'lang="en"' in page


def test_a_page_follows_the_reader_into_the_dark() -> None:
    assert "prefers-color-scheme: dark" in render("message.html", title="x", lines=[])


def test_the_language_is_the_callers() -> None:
    assert '<html lang="zh-Hans">' in render("message.html", title="x", lines=[], lang="zh-Hans")


def test_a_missing_name_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="lines"):
        render("message.html", title="x")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_title_is_shown_as_it_is_and_never_becomes_markup(title: str) -> None:
    parsed = parse(render("message.html", title=title, lines=[]))
    assert parsed.heading == title
    assert parsed.tags.count("h1") == 1
    assert "script" not in parsed.tags


def test_a_script_in_a_title_is_text() -> None:
    page = render("message.html", title="<script>alert(1)</script>", lines=['"><img src=x>'])
    assert "<script" not in page
    assert "<img" not in page
