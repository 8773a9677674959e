"""Notes as records and as sentences."""

import pytest

from recsys.core.note import Note


@pytest.mark.parametrize(
    "text",
    [
        "ease: 300 items are few enough for a dense item-item matrix",
        "spectral: 256 factors; low-rank structure",
        "weights: learnt on 5 people; nDCG@20 .1; popularity .05",
        "index: exact, 300 items are few enough to look at every one",
    ],
)
def test_a_sentence_that_was_saved_is_the_same_when_it_is_read(text: str) -> None:
    assert str(Note.parse(text)) == text


def test_a_note_is_its_topic_value_and_reason() -> None:
    note = Note("weights", "defaults", "too few people to learn from")
    assert str(note) == "weights: defaults; too few people to learn from"
    assert Note.parse(str(note)) == note
    assert Note.parse("blocks: as configured") == Note("blocks", "as configured")
