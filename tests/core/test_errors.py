"""Errors: one tree, one string each, alive after a trip to another process."""

import inspect
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core import errors
from recsys.core.errors import DataError, RecsysError, UnknownIdError, clip

CLASSES = [
    one
    for _, one in inspect.getmembers(errors, inspect.isclass)
    if issubclass(one, Exception) and one.__module__ == errors.__name__
]
BUILT_INS = {
    "ConfigError": ValueError,
    "DataError": ValueError,
    "UnknownIdError": LookupError,
    "NotFittedError": RuntimeError,
    "ArtifactError": RuntimeError,
    "MissingDependencyError": ImportError,
    "RecsysWarning": UserWarning,
}


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_survives_pickling_with_its_message(cls: type[Exception]) -> None:
    back = pickle.loads(pickle.dumps(cls("k must be >= 1; got 0.")))
    assert type(back) is cls
    assert str(back) == "k must be >= 1; got 0."


@pytest.mark.parametrize(("name", "built_in"), BUILT_INS.items())
def test_an_error_is_also_the_built_in_that_a_stranger_would_catch(
    name: str, built_in: type[Exception]
) -> None:
    assert issubclass(getattr(errors, name), built_in)


def test_every_error_but_the_warning_is_a_recsys_error() -> None:
    strangers = {cls.__name__ for cls in CLASSES if not issubclass(cls, RecsysError)}
    assert strangers == {"RecsysWarning"}


def test_the_tree_at_the_top_of_the_module_names_every_class() -> None:
    assert errors.__doc__ is not None
    assert [cls.__name__ for cls in CLASSES if cls.__name__ not in errors.__doc__] == []


def test_an_unknown_id_error_names_at_most_five_ids_and_counts_the_rest() -> None:
    error = UnknownIdError.of("item", [f"q{n}" for n in range(8)], n_known=3)
    assert str(error) == (
        "item ids must be known to the model; 8 unknown: 'q0', 'q1', 'q2', 'q3', 'q4' and 3 more "
        "(3 known). Ids must have the type they had in the data."
    )


def test_an_unknown_id_error_built_from_ids_survives_pickling() -> None:
    error = UnknownIdError.of("user", [42], n_known=1)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_an_unknown_id_error_is_caught_as_a_data_error() -> None:
    with pytest.raises(DataError, match="1 unknown: 'ana'"):
        raise UnknownIdError.of("user", ["ana"], n_known=0)


@given(st.text(), st.integers(min_value=3, max_value=80))
def test_clipped_text_is_never_longer_than_asked(text: str, max_length: int) -> None:
    assert len(clip(text, max_length)) <= max_length


@given(st.text(max_size=60))
def test_short_text_is_not_clipped(text: str) -> None:
    assert clip(text) == text


def test_a_million_characters_never_reach_the_message() -> None:
    error = UnknownIdError.of("user", ["x" * 1_000_000] * 7, n_known=0)
    assert len(str(error)) < 500
