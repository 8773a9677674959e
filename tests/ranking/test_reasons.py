import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.contribution import Contribution, Source, total
from recsys.core.errors import ConfigError
from recsys.data import KindTable
from recsys.profiles import TagVocabulary
from recsys.ranking.reasons import TEMPLATES, Reason, ReasonNames, Wording, word_reasons

TAGS = TagVocabulary(
    ("quantum-gates", "video", "ana", "proof"),
    ("topic", "format", "author", "text"),
    np.ones(4, dtype=np.float32),
)
NAMES = ReasonNames(
    item_id=lambda row: row + 100,
    title={0: "How do {gates} work?", 1: "  two\n lines "}.get,
    kind={0: "answer", 1: "upvote", 2: "rate"}.get,
    tags=TAGS,
    followed=frozenset({0}),
)


def reasons_of(*parts: Contribution, wording: Wording | None = None) -> tuple[Reason, ...]:
    return word_reasons(parts, n_items=1, names=NAMES, wording=wording)[0]


def part(source: Source, values: dict[int, float], block: str = "als") -> Contribution:
    numbers = np.array([[one] for one in values.values()], dtype=np.float32)
    return Contribution(block, source, np.array(list(values), dtype=np.int32), numbers)


@st.composite
def parts(draw: st.DrawFn) -> list[Contribution]:
    out = []
    for source in draw(st.lists(st.sampled_from(list(Source)), max_size=5)):
        is_named = source in (Source.ITEM, Source.TAG)
        rows = draw(st.lists(st.integers(0, 3), unique=True, max_size=4)) if is_named else [-1]
        size = len(rows) * 2
        numbers = draw(st.lists(st.floats(-2, 2, width=32), min_size=size, max_size=size))
        values = np.array(numbers, dtype=np.float32).reshape(len(rows), 2)
        out.append(Contribution("block", source, np.array(rows), values))
    return out


@given(parts(), st.integers(0, 4))
def test_reasons_add_up_to_the_score(contributions: list[Contribution], max_reasons: int) -> None:
    wording = Wording(max_reasons=max_reasons)
    worded = word_reasons(contributions, n_items=2, names=NAMES, wording=wording)
    sums = [sum(one.value for one in reasons) for reasons in worded]
    assert sums == pytest.approx(total(contributions, 2).tolist(), abs=1e-3)
    for reasons in worded:
        named = [one for one in reasons if one.text != TEMPLATES["other"]]
        assert len(named) <= max_reasons
        assert len(reasons) <= len(named) + 1
        assert [one.value for one in named] == sorted((one.value for one in named), reverse=True)
        assert all(one.value > 0 for one in named)


@given(parts(), st.lists(st.floats(-3, 3), min_size=2, max_size=2))
def test_reasons_add_up_to_a_score_that_has_more_in_it(
    contributions: list[Contribution], scores: list[float]
) -> None:
    worded = word_reasons(contributions, n_items=2, names=NAMES, scores=scores)
    assert [sum(r.value for r in one) for one in worded] == pytest.approx(scores, abs=1e-3)


def test_one_cause_of_two_blocks_is_one_reason() -> None:
    same = [part(Source.ITEM, {0: 0.25}, block) for block in ("als", "item_knn")]
    assert [(one.id, one.value) for one in reasons_of(*same)] == [(100, 0.5)]


@pytest.mark.parametrize(
    ("source", "row", "text", "id_"),
    [
        (Source.ITEM, 0, "because you answered “How do {gates} work?”", 100),
        (Source.ITEM, 1, "because of “two lines”", 101),
        (Source.ITEM, 2, "because you rated “102”", 102),
        (Source.ITEM, 3, "because of “103”", 103),
        (Source.TAG, 0, "you follow tag quantum-gates", "quantum-gates"),
        (Source.TAG, 1, "format video", "video"),
        (Source.TAG, 2, "by ana", "ana"),
        (Source.TAG, 3, "about proof", "proof"),
        (Source.FRESHNESS, -1, "new", None),
        (Source.POPULARITY, -1, "popular", None),
    ],
)
def test_each_cause_has_its_words(source: Source, row: int, text: str, id_: object) -> None:
    (reason,) = reasons_of(part(source, {row: 1.0}))
    assert (reason.text, reason.source, reason.id) == (text, source, id_)


@pytest.mark.parametrize(
    ("days", "text"),
    [(1, "now"), (7, "this week"), (30, "this month"), (365, ""), (None, "")],
)  # fmt: skip
def test_the_words_for_popularity_follow_its_half_life(days: float | None, text: str) -> None:
    wording = Wording(popularity_half_life_days=days)
    assert (
        reasons_of(part(Source.POPULARITY, {-1: 1.0}), wording=wording)[0].text
        == f"popular {text}".strip()
    )


def test_the_rest_is_one_last_reason() -> None:
    many = part(Source.ITEM, {0: 0.5, 1: 0.25, 2: 0.125, 3: 0.125})
    person = part(Source.PERSON, {-1: -0.5})
    reasons = reasons_of(many, person, wording=Wording(max_reasons=2))
    assert [(one.text, one.value) for one in reasons[-1:]] == [("other signals", -0.25)]
    assert len(reasons) == 3


def test_a_part_too_small_to_matter_goes_to_the_rest() -> None:
    reasons = reasons_of(part(Source.ITEM, {0: 1.0, 1: 0.001}))
    assert [one.text for one in reasons][1:] == ["other signals"]


def test_a_score_of_nothing_has_no_reasons() -> None:
    assert word_reasons([], n_items=2, names=NAMES) == ((), ())


def test_every_kind_of_event_without_settings_has_its_own_words() -> None:
    positive = {kind.name for kind in KindTable.default().kinds if kind.role != "negative"}
    assert {f"item.{name}" for name in positive} <= set(TEMPLATES)


def test_a_very_long_title_is_cut() -> None:
    names = ReasonNames(item_id=str, title=lambda _: "word " * 100_000)
    parts_of_one = [part(Source.ITEM, {0: 1.0})]
    assert len(word_reasons(parts_of_one, n_items=1, names=names)[0][0].text) < 110


def test_templates_make_another_language() -> None:
    wording = Wording(
        {"item.answer": "weil du „{title}“ beantwortet hast", "item.upvote": "{title} +1",
         "other": "Sonstiges", "tag.mood": "Laune {tag}"}
    )  # fmt: skip
    reasons = reasons_of(
        part(Source.ITEM, {0: 1.0, 1: 0.5}), part(Source.PERSON, {-1: 0.5}), wording=wording
    )
    assert [one.text for one in reasons] == [
        "weil du „How do {gates} work?“ beantwortet hast", "two lines +1", "Sonstiges",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ({"freshnes": "neu"}, "'freshnes' is none. Nearest: 'freshness'"),
        ({"item": "wegen {titel}"}, r"only \{title\} is filled"),
        ({"item": "wegen {title.__class__}"}, r"only \{title\} is filled"),
        ({"tag": "{}"}, r"only \{tag\} is filled"),
        ({"other": "{title}"}, "nothing is filled"),
        ({"item": "wegen {title"}, "cannot be read: expected"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(
    templates: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Wording(templates)


def test_an_item_the_person_may_not_see_moves_the_score_but_is_not_named() -> None:
    names = dataclasses.replace(NAMES, unnamed=frozenset({0}))
    worded = word_reasons([part(Source.ITEM, {0: 0.5, 1: 0.25})], n_items=1, names=names)[0]
    assert [one.id for one in worded] == [101, None]
    assert worded[1].text == TEMPLATES["other"]
    assert sum(one.value for one in worded) == 0.75


@pytest.mark.parametrize(
    "word",
    ["about", "been", "because", "don", "from", "have", "just", "the", "which", "would", "your"],
)
@pytest.mark.parametrize(("family", "is_named"), [("text", False), ("topic", True)])
def test_a_stop_word_of_a_text_is_no_reason(word: str, family: str, is_named: bool) -> None:
    tags = TagVocabulary((word, "qubit"), (family, "text"), np.ones(2, dtype=np.float32))
    names = dataclasses.replace(NAMES, tags=tags, followed=frozenset())
    worded = word_reasons([part(Source.TAG, {0: 0.5, 1: 0.25})], n_items=1, names=names)[0]
    assert (word in [one.id for one in worded]) == is_named
    assert "about qubit" in [one.text for one in worded]
    assert sum(one.value for one in worded) == pytest.approx(0.75)
