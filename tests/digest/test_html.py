import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recsys.core.errors import DataError
from recsys.data import Catalog, Dataset, EventLog, People
from recsys.digest import Digest, DigestConfig, EntryReason, html
from recsys.digest.facts import ItemFacts
from recsys.digest.html import MARKER, index_name, new_pages, person_page

OUTSIDE = re.compile(r"""<script|<link|<img|<iframe|@import|url\(|\son\w+\s*=""")


@pytest.fixture
def facts(make_community: Callable[..., Dataset]) -> ItemFacts:
    return ItemFacts(make_community(), DigestConfig())


def write(folder: Path, digests: list[Digest], facts: ItemFacts) -> None:
    with new_pages(folder, iter(digests), facts=facts, n_digests=len(digests)):
        pass


def hrefs(page: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', page)


def test_each_person_has_a_page_that_the_index_links_to(
    tmp_path: Path, letter: Digest, facts: ItemFacts
) -> None:
    folder = tmp_path / "pages"
    write(folder, [letter, replace(letter, user_id="Bo")], facts)
    links = hrefs((folder / "index.html").read_text("utf-8"))
    assert len(links) == 2
    assert all((folder / link).is_file() for link in links)


@pytest.mark.parametrize("user_id", ["../../etc", "🐙", "x" * 1024, 'a"><b>', "con", "a/b\\c"])
def test_an_odd_id_stays_in_the_folder_and_harmless(
    tmp_path: Path, letter: Digest, facts: ItemFacts, user_id: str
) -> None:
    folder = tmp_path / "pages"
    write(folder, [replace(letter, user_id=user_id)], facts)
    pages = [path for path in tmp_path.rglob("*.html") if path.name != "index.html"]
    assert [path.parent for path in pages] == [folder / "people"]
    (link,) = hrefs((folder / "index.html").read_text("utf-8"))
    assert folder / link == pages[0]
    for page in (folder / "index.html", pages[0]):
        assert "<b>" not in page.read_text("utf-8")


def test_a_page_shows_title_reason_author_tags_and_how_to_mute(
    letter: Digest, facts: ItemFacts
) -> None:
    entry = replace(letter.items[0], item_id="q7", title="Why?", url="https://example.org/q7")
    page = person_page(replace(letter, items=(entry,)), facts=facts)
    for shown in (
        '<a href="https://example.org/q7" rel="noopener noreferrer">Why?</a>',
        "Because you answered ‹q1›",
        "author7",
        "<bdi>topic1</bdi>",
        "2018-08-01",
        "Some bold text.",
        "1 of 10 items",
        "Mute it in your profile",
    ):
        assert shown in page


def test_the_line_that_says_why_tells_two_real_reasons_at_most(
    letter: Digest, facts: ItemFacts
) -> None:
    parts = [
        ("other signals", "person", 0.9),
        ("popular now", "popularity", 0.5),
        ("tag gates", "tag", 0.4),
        ("new", "freshness", 0.3),
        ("old", "freshness", -0.2),
    ]
    entry = replace(letter.items[0], reasons=tuple(EntryReason(*part) for part in parts))
    page = person_page(replace(letter, items=(entry,)), facts=facts)
    assert ">Popular now · tag gates</p>" in page
    only_down = replace(entry, reasons=entry.reasons[-1:])
    assert 'class="why"' not in person_page(replace(letter, items=(only_down,)), facts=facts)


def test_a_page_loads_nothing_from_outside(letter: Digest, facts: ItemFacts) -> None:
    assert not OUTSIDE.search(person_page(letter, facts=facts))


def test_hostile_titles_and_reasons_are_text(letter: Digest, facts: ItemFacts) -> None:
    bad = "<script>alert(1)</script>"
    entry = letter.items[0]
    why = (replace(entry.reasons[0], text=bad),)
    entry = replace(entry, title=bad, url="javascript:alert(1)", reasons=why)
    page = person_page(replace(letter, subject=bad, items=(entry,)), facts=facts)
    assert "<script" not in page
    assert "javascript:" not in page


def test_somebody_unknown_is_told_that_the_list_is_everyones(
    letter: Digest, facts: ItemFacts
) -> None:
    assert "everyone values" in person_page(replace(letter, known=False), facts=facts)


def test_who_declined_to_be_personalised_is_not_told_of_what_they_read(letter: Digest) -> None:
    people = People.from_frame({"user_id": ["ana"], "consent": ["digest"]})
    facts = ItemFacts(Dataset.join(EventLog.empty(), Catalog.empty(), people), DigestConfig())
    page = person_page(letter, facts=facts)
    assert "everyone values" in page
    assert "your own" not in page


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("source", "value", "is_own"),
    [
        ("item", 0.5, True),
        ("tag", 0.1, True),
        ("item", -0.5, False),
        ("tag", 0.0, False),
        ("popularity", 0.9, False),
        ("freshness", 0.9, False),
        (None, 0.0, False),
    ],
)
def test_the_lead_speaks_of_the_persons_own_activity_only_if_a_reason_does(
    letter: Digest, facts: ItemFacts, known: bool, source: str | None, value: float, is_own: bool
) -> None:
    reasons = () if source is None else (EntryReason("because", source, value),)
    entry = replace(letter.items[0], reasons=reasons)
    page = person_page(replace(letter, known=known, items=(entry,)), facts=facts)
    assert ("by your own activity" in page) == (known and is_own)
    assert ("everyone values" in page) == (not known)
    assert "earlier digest" not in page


def test_an_item_the_catalog_lacks_is_shown_by_its_id(letter: Digest) -> None:
    events = EventLog.from_frame({"user_id": ["ana"], "item_id": ["bare"]})
    facts = ItemFacts(Dataset.join(events, Catalog.empty()), DigestConfig())
    entry = replace(letter.items[0], item_id="bare", title=None, reasons=())
    assert ">bare<" in person_page(replace(letter, items=(entry,)), facts=facts).replace("\n", "")


def test_pages_stop_at_the_limit_and_the_index_says_so(
    tmp_path: Path, letter: Digest, make_community: Callable[..., Dataset]
) -> None:
    facts = ItemFacts(make_community(), DigestConfig(html_limit=2))
    write(tmp_path / "pages", [replace(letter, user_id=f"u{at}") for at in range(5)], facts)
    index = (tmp_path / "pages" / "index.html").read_text("utf-8")
    assert len(list((tmp_path / "pages" / "people").iterdir())) == 2
    assert "first 2 people; 3 more" in index


def test_a_long_index_has_several_pages(
    tmp_path: Path, letter: Digest, facts: ItemFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "ROWS_PER_INDEX", 2)
    folder = tmp_path / "pages"
    write(folder, [replace(letter, user_id=f"u{at}") for at in range(5)], facts)
    found: list[Any] = []
    name: str | None = "index.html"
    while name is not None:
        page = (folder / name).read_text("utf-8")
        found.extend(link for link in hrefs(page) if link.startswith("people/"))
        after = re.search(r'rel="next" href="([^"]+)"', page)
        name = after.group(1) if after else None
    assert found == [f"people/u{at}.html" for at in range(5)]
    assert 'rel="prev" href="index-2.html"' in (folder / index_name(3)).read_text("utf-8")


def test_nobody_due_gives_an_index_that_says_so(tmp_path: Path, facts: ItemFacts) -> None:
    write(tmp_path / "pages", [], facts)
    assert "Nobody is due" in (tmp_path / "pages" / "index.html").read_text("utf-8")


def test_pages_appear_only_when_the_block_ends_well(
    tmp_path: Path, letter: Digest, facts: ItemFacts
) -> None:
    with (
        pytest.raises(RuntimeError),
        new_pages(tmp_path / "pages", [letter], facts=facts, n_digests=1),
    ):
        raise RuntimeError("later step failed")
    assert list(tmp_path.iterdir()) == []


def test_an_older_folder_of_ours_is_replaced(
    tmp_path: Path, letter: Digest, facts: ItemFacts
) -> None:
    folder = tmp_path / "pages"
    write(folder, [replace(letter, user_id="old")], facts)
    write(folder, [replace(letter, user_id="new")], facts)
    assert [path.name for path in (folder / "people").iterdir()] == ["new.html"]
    assert (folder / MARKER).exists()


def test_a_strangers_website_is_never_wiped(
    tmp_path: Path, letter: Digest, facts: ItemFacts
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "index.html").write_text("my site")
    with pytest.raises(DataError, match="holds other files"):
        write(folder, [letter], facts)
    assert (folder / "index.html").read_text() == "my site"
