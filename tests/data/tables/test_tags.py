"""Tags as a matrix."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ArtifactError
from recsys.data.tables.tags import TagTable

entries = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from("abc"),
        st.sampled_from([0.5, 1.0, 2.0]),
        st.sampled_from([None, "format"]),
    )
)
Entry = tuple[int, str, float, str | None]


def table(given_entries: list[Entry]) -> TagTable:
    rows, names, weights, families = (
        list(column) for column in (zip(*given_entries, strict=True) if given_entries else [()] * 4)
    )
    return TagTable.of(
        np.array(rows, np.int32),
        pa.array(names, pa.large_string()),
        n_rows=4,
        weights=np.array(weights, np.float32),
        families=pa.array(families, pa.large_string()),
    )


def as_dict(tags: TagTable) -> dict[tuple[int, str, str], float]:
    coo = tags.weights.tocoo()
    return {
        (int(row), tags.families[column], tags.names[column]): float(weight)
        for row, column, weight in zip(coo.row, coo.col, coo.data, strict=True)
    }


def oracle(given_entries: list[Entry]) -> dict[Any, float]:
    out: dict[Any, float] = {}
    for row, name, weight, family in given_entries:
        key = (row, family or "topic", name)
        out[key] = max(out.get(key, 0.0), weight)
    return out


@given(entries)
def test_the_heaviest_of_repeated_tags_counts(given_entries: list[Entry]) -> None:
    assert as_dict(table(given_entries)) == oracle(given_entries)


@given(entries, entries)
def test_joining_is_having_been_given_both(a: list[Entry], b: list[Entry]) -> None:
    assert as_dict(table(a).joined(table(b))) == oracle(a + b)


@given(entries, entries)
def test_overlaying_replaces_the_rows_that_the_other_speaks_of(
    a: list[Entry], b: list[Entry]
) -> None:
    rows = {row for row, *_ in b}
    assert as_dict(table(a).overlaid(table(b))) == oracle([e for e in a if e[0] not in rows] + b)


@given(entries, st.lists(st.integers(-1, 3)))
def test_rows_are_picked_and_minus_one_has_none(
    given_entries: list[Entry], rows: list[int]
) -> None:
    tags = table(given_entries)
    dense = np.vstack([tags.weights.toarray(), np.zeros(len(tags.names))])
    found = tags.rerowed(np.array(rows, np.int32)).weights
    assert np.array_equal(found.toarray(), dense[np.array(rows, np.int32)])


def test_columns_come_in_order_of_appearance() -> None:
    tags = table([(2, "b", 1.0, None), (0, "a", 1.0, "format"), (1, "b", 1.0, "format")])
    assert tags.names == ("b", "a", "b")
    assert tags.families == ("topic", "format", "format")


def test_lists_are_tags_of_weight_one() -> None:
    lists = pa.array([["x", "y"], None, [], ["y"]], pa.large_list(pa.large_string()))
    tags = TagTable.of_lists(lists, n_rows=4)
    assert tags.weights.toarray().tolist() == [[1, 1], [0, 0], [0, 0], [0, 1]]


def test_a_mask_finds_a_tag_in_any_family() -> None:
    tags = table([(0, "a", 1.0, None), (2, "a", 1.0, "format"), (1, "b", 1.0, None)])
    assert tags.mask("a").tolist() == [True, False, True, False]
    assert not tags.mask("z").any()


@given(entries)
def test_tags_survive_being_saved(given_entries: list[Entry]) -> None:
    tags = table(given_entries)
    back = TagTable.from_arrays(tags.to_arrays())
    assert (as_dict(back), back.names) == (as_dict(tags), tags.names)


def test_damaged_arrays_are_refused() -> None:
    arrays = table([(0, "a", 1.0, None)]).to_arrays()
    with pytest.raises(ArtifactError, match="damaged"):
        TagTable.from_arrays({**arrays, "tags/indices": np.array([9], np.int32)})
