import gc
import weakref

import numpy as np
import numpy.typing as npt
import pytest

from recsys.core.arrays import BoolArray
from recsys.core.errors import ConfigError
from recsys.data import Catalog, People
from recsys.ranking.filters.columns import TypedColumns


def catalog() -> Catalog:
    return Catalog.from_frame(
        {"item_id": ["a", "b"], "tags": ["gates", None], "format": ["video", None], "level": [1, 2]}
    )


class Own:
    """A table of the caller's."""

    names = ("kind",)

    def column(self, name: str) -> npt.NDArray[np.object_]:
        assert name == "kind"
        return np.array(["view", "like"], dtype=object)

    def tag_mask(self, name: str) -> BoolArray:
        return np.array([name == "hot", name in ("hot", "new")])


def test_a_catalog_has_its_ids_and_tags_beside_its_columns() -> None:
    columns = TypedColumns.of(catalog())
    assert {"item_id", "tags", "format", "level", "published_at"} <= set(columns.names)
    assert columns.column("item_id").compare("=", "b").tolist() == [False, True]
    assert columns.column("tags").has(["gates"], every=False).tolist() == [True, False]
    assert columns.column("tags").is_null().tolist() == [False, True]
    assert columns.n_rows == 2


def test_people_have_their_ids_and_what_they_declared() -> None:
    people = People.from_frame(
        {"user_id": [1, 2], "declared_tags": ["gates", None], "communities": [None, "physics"]}
    )
    columns = TypedColumns.of(people)
    assert columns.column("user_id").compare("=", "2").tolist() == [False, True]
    for name in ("tags", "declared_tags"):
        assert columns.column(name).has(["gates"], every=False).tolist() == [True, False]
    assert columns.column("communities").has(["physics"], every=False).tolist() == [False, True]


def test_a_table_of_the_callers_own_is_enough() -> None:
    columns = TypedColumns.of(Own())
    assert columns.column("kind").compare("=", "like").tolist() == [False, True]
    tags = columns.column("tags")
    assert tags.has(["hot", "new"], every=False).tolist() == [True, True]
    assert tags.has(["hot", "new"], every=True).tolist() == [False, True]
    assert tags.compare("!=", "new").tolist() == [True, False]
    assert tags.is_in([]).tolist() == [False, False]


def test_what_its_tags_cannot_say_is_refused() -> None:
    tags = TypedColumns.of(Own()).column("tags")
    with pytest.raises(ConfigError, match="must not ask whether 'tags' is null here"):
        tags.is_null()
    with pytest.raises(ConfigError, match="must not use < on 'tags'"):
        tags.compare("<", "new")


def test_an_unknown_column_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"'fromat' is none; nearest: 'format'. Known: item_id, "):
        TypedColumns.of(catalog()).column("fromat")


def test_a_catalog_is_coded_once_for_all_filters() -> None:
    one = catalog()
    assert TypedColumns.of(one).column("format") is TypedColumns.of(one).column("format")


def test_what_was_coded_goes_when_the_catalog_goes() -> None:
    one = catalog()
    TypedColumns.of(one).column("tags")
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None


def test_typed_columns_are_taken_as_they_are() -> None:
    columns = TypedColumns.of(catalog())
    assert TypedColumns.of(columns) is columns
