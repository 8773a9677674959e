"""The map between ids and rows."""

import pickle
import uuid
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.data.ids.id_map import IdMap, ids_column, moved_rows, same_rows

UUIDS = [uuid.UUID(int=n) for n in (5, 3, 9)]
text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
id_lists = st.one_of(
    st.lists(text, unique=True, max_size=100),
    st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=100),
    st.lists(st.uuids(), unique=True, max_size=100),
)


@given(id_lists)
def test_ids_come_back_exactly_as_given(ids: list[Any]) -> None:
    back = IdMap.of(ids).ids().tolist()
    assert back == ids
    assert [type(one) for one in back] == [type(one) for one in ids]


@given(id_lists)
def test_rows_and_ids_undo_each_other(ids: list[Any]) -> None:
    assert IdMap.of(ids).rows(ids).tolist() == list(range(len(ids)))


@given(id_lists, id_lists)
def test_a_union_keeps_the_rows_of_the_first(a: list[Any], b: list[Any]) -> None:
    first, second = IdMap.of(a), IdMap.of(b)
    if a and b and first.kind != second.kind:
        with pytest.raises(DataError, match="one sort everywhere"):
            first.union(second)
        return
    assert list(first.union(second)) == a + [one for one in b if one not in set(a)]


@pytest.mark.parametrize("known", [["1", "2"], [1, 2], UUIDS])
@pytest.mark.parametrize("n_copies", [1, 100])
def test_an_id_of_another_sort_is_unknown_and_no_error(known: list[Any], n_copies: int) -> None:
    strange: list[Any] = ["1", 1, UUIDS[0], 1.0, None, True, b"1", (1,), "\ud800", 2**80]
    found = IdMap.of(known).rows(strange * n_copies)[: len(strange)].tolist()
    expected = [known.index(o) if type(o) is type(known[0]) and o in known else -1 for o in strange]
    assert found == expected


@pytest.mark.parametrize("asked", [np.arange(100), np.array(["2"] * 100), [2] * 99 + ["2"]])
def test_bulk_and_single_lookups_agree(asked: Any) -> None:
    for known in (["1", "2"], [1, 2]):
        ids = IdMap.of(known)
        assert ids.rows(asked).tolist() == [ids.row(one) for one in asked]


def test_the_answer_has_the_shape_of_the_rows() -> None:
    assert IdMap.of(["a", "b"]).ids([[1, -1], [0, 0]]).tolist() == [["b", None], ["a", "a"]]


def test_a_row_out_of_range_is_refused() -> None:
    with pytest.raises(DataError, match=r"rows must lie in -1\.\.1; got 0\.\.2"):
        IdMap.of(["a", "b"]).ids([0, 2])


@pytest.mark.parametrize(
    ("given_ids", "message"),
    [
        (["a", "b", "a"], "'a' is given twice"),
        (["a", None], "row 1 is"),
        ([""], "row 0 has 0"),
        (["x" * 1025], "row 0 has 1,025"),
    ],
)
def test_ids_that_break_the_contract_are_refused(given_ids: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        IdMap.of(given_ids)


def test_an_id_of_1024_characters_is_the_longest() -> None:
    assert "é" * 1024 in IdMap.of(["é" * 1024])


@pytest.mark.parametrize("known", [["a", "b"], [4, 2], UUIDS, []])
def test_saving_and_pickling_change_nothing(known: list[Any]) -> None:
    ids = IdMap.of(known)
    for copy in (IdMap.from_arrays(ids.to_arrays()), pickle.loads(pickle.dumps(ids))):
        assert copy.equals(ids)
        assert copy.rows(known).tolist() == list(range(len(known)))


def test_maps_differ_by_order_sort_or_length() -> None:
    a = IdMap.of(["a", "b"])
    assert a.equals(IdMap.of(["a", "b"]))
    assert not a.equals(IdMap.of(["b", "a"]))
    assert not a.equals(IdMap.of([1, 2]))


def test_new_ids_are_appended_once() -> None:
    assert list(IdMap.of([1, 2]).extended([3, 2, 3])) == [1, 2, 3]
    assert IdMap.of([1]).extended([]).equals(IdMap.of([1]))
    assert list(IdMap.of(UUIDS[:1]).extended(UUIDS)) == UUIDS


def test_a_union_that_adds_nothing_is_the_same_object() -> None:
    ids = IdMap.of(["a", "b"])
    assert ids.union(IdMap.of(["b"])) is ids


def test_a_subset_has_the_rows_asked_for() -> None:
    assert list(IdMap.of(["a", "b", "c"]).subset(np.array([2, 0], np.int32))) == ["c", "a"]


def test_an_id_column_keeps_its_sort() -> None:
    rows = np.array([1, -1], np.int32)
    assert ids_column(IdMap.of([7, 8]), rows).equals(pa.array([8, None], pa.int64()))
    assert ids_column(IdMap.of(UUIDS), rows).to_pylist() == [UUIDS[1], None]


def test_rows_move_to_another_map() -> None:
    old, new = IdMap.of(["a", "b"]), IdMap.of(["c", "b", "a"])
    assert moved_rows(np.array([0, 1, 0], np.int32), old, new).tolist() == [2, 1, 2]
    assert same_rows(old, new).tolist() == [-1, 1, 0]


def test_rows_do_not_move_to_a_map_that_lacks_an_id_in_use() -> None:
    with pytest.raises(DataError, match="must hold every id in use; 1 lack"):
        moved_rows(np.array([0, 1], np.int32), IdMap.of(["a", "b"]), IdMap.of(["a"]))
    with pytest.raises(DataError, match="2 lack"):
        moved_rows(np.array([0, 1], np.int32), IdMap.of(["a", "b"]), IdMap.of([1, 2]))


def test_a_map_says_what_it_is() -> None:
    assert repr(IdMap.of([1, 2])) == "IdMap(2 int ids)"
