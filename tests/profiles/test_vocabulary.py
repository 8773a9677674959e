import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.profiles.vocabulary import TagVocabulary, packed, plain_name, unpacked

names_of_a_family = st.lists(st.text(max_size=8), unique=True, max_size=6)


def vocabulary(**families: list[str]) -> TagVocabulary:
    names = tuple(name for one in families.values() for name in one)
    kinds = tuple(family for family, one in families.items() for _ in one)
    return TagVocabulary(names, kinds, np.ones(len(names), dtype=np.float32))


@given(names_of_a_family, names_of_a_family)
def test_saving_and_loading_changes_nothing(topics: list[str], terms: list[str]) -> None:
    tags = vocabulary(topic=topics, text=terms)
    again = TagVocabulary.from_arrays(tags.to_arrays())
    assert (again.names, again.families) == (tags.names, tags.families)
    assert np.array_equal(again.idf, tags.idf)
    assert all(array.dtype != object for array in tags.to_arrays().values())


@given(st.lists(st.text(st.characters(), max_size=5), max_size=8))
def test_packed_texts_come_back_even_broken_ones(texts: list[str]) -> None:
    assert unpacked("names", packed("names", texts)) == tuple(texts)


def test_rows_are_exact_and_of_one_family() -> None:
    tags = vocabulary(topic=["video", "gates"], format=["video"])
    assert tags.rows(["video", "Video", "tea"], family="format").tolist() == [2, -1, -1]
    assert tags.rows(["video"], family="mood").tolist() == [-1]
    assert tags.family_rows("topic").tolist() == [0, 1]


@pytest.mark.parametrize(
    "typed", ["quantum-gates", " Quantum Gates ", "QUANTUM_GATES", "quantum  gates"]
)
def test_typed_names_match_whatever_their_case_and_gaps(typed: str) -> None:
    assert vocabulary(topic=["noise", "quantum-gates"]).match([typed]).tolist() == [1]


def test_an_exact_name_wins_over_one_that_differs_in_case() -> None:
    assert vocabulary(topic=["Python", "python"]).match(["python", "PYTHON"]).tolist() == [1, 0]


def test_a_topic_wins_over_a_word_of_the_same_name() -> None:
    tags = vocabulary(text=["gate"], format=["gate"], topic=["gate"])
    assert tags.match(["gate"]).tolist() == [2]
    assert tags.match_all("gate").tolist() == [2, 1, 0]


def test_a_family_of_the_callers_own_stands_with_the_topics() -> None:
    assert vocabulary(text=["calm"], mood=["calm"]).match(["calm"]).tolist() == [1]


def test_unknown_names_have_no_row() -> None:
    assert TagVocabulary.empty().match(["gate"]).tolist() == [-1]
    assert len(TagVocabulary.empty().match_all("gate")) == 0


def test_a_name_twice_in_a_family_is_refused() -> None:
    with pytest.raises(DataError, match="each name once"):
        vocabulary(topic=["gate", "gate"])


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(DataError, match="one length; got 1, 1 and 2"):
        TagVocabulary(("gate",), ("topic",), np.ones(2, dtype=np.float32))


@given(st.text(max_size=20))
def test_a_plain_name_is_plain_already(name: str) -> None:
    once = plain_name(name)
    assert once == once.strip()
    assert "_" not in once
