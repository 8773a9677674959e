"""Both tables of ids against a plain dict."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.ids import stores
from recsys.data.ids.stores import IntStore, TextStore, index_in

encodable = st.characters(exclude_categories=["Cs"])
words = st.lists(st.text(encodable, min_size=1, max_size=8), unique=True, max_size=30)
ints = st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=30)


@given(known=words, asked=words)
def test_a_text_is_found_where_a_dict_has_it(known: list[str], asked: list[str]) -> None:
    store = TextStore.of(pa.array(known, pa.large_string()))
    place = {one: row for row, one in enumerate(known)}
    wanted = asked + known
    expected = [place.get(one, -1) for one in wanted]
    assert [store.row_of(one) for one in wanted] == expected
    assert store.rows_of(pa.array(wanted, pa.large_string())).tolist() == expected
    assert index_in(pa.array(wanted, pa.large_string()), store.values()).tolist() == expected


@given(known=ints, asked=ints)
def test_an_integer_is_found_where_a_dict_has_it(known: list[int], asked: list[int]) -> None:
    store = IntStore.of(pa.array(known, pa.int64()))
    place = {one: row for row, one in enumerate(known)}
    wanted = asked + known
    expected = [place.get(one, -1) for one in wanted]
    assert [store.row_of(one) for one in wanted] == expected
    assert store.rows_of(pa.array(wanted, pa.int64())).tolist() == expected


def test_an_integer_beyond_64_bits_is_unknown() -> None:
    assert IntStore.of(pa.array([1, 2])).row_of(2**70) == -1


def test_a_lone_surrogate_is_unknown() -> None:
    assert TextStore.of(pa.array(["a"], pa.large_string())).row_of("\ud800") == -1


def test_equal_hashes_are_told_apart_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_hash", lambda raw: 7)
    store = TextStore.of(pa.array(["a", "b", "c"], pa.large_string()))
    assert [store.row_of(one) for one in ("c", "a", "b", "d")] == [2, 0, 1, -1]


@pytest.mark.parametrize("n_rows", [3, 500])
def test_rows_turn_back_into_texts_in_small_and_large_batches(n_rows: int) -> None:
    known = [f"é{row}" for row in range(n_rows)]
    store = TextStore.of(pa.array(known, pa.large_string()))
    rows = np.array([*range(n_rows), -1], np.int32)
    assert store.ids_of(rows) == [*known, None]


def test_a_slice_of_an_array_is_stored_alone() -> None:
    whole = pa.array(["aa", "b", "ccc", "d"], pa.large_string())
    assert TextStore.of(whole.slice(1, 2)).values().to_pylist() == ["b", "ccc"]


def test_saved_arrays_are_searched_where_they_lie(tmp_path: Path) -> None:
    store = TextStore.of(pa.array([f"u{row}" for row in range(1000)], pa.large_string()))
    for name, array in store.to_arrays().items():
        np.save(tmp_path / name, array)
    mapped = {name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in store.to_arrays()}
    loaded = TextStore.from_arrays(mapped)
    assert loaded.row_of("u777") == 777
    assert np.shares_memory(loaded.table, mapped["bytes"])


def test_integers_survive_being_saved() -> None:
    loaded = IntStore.from_arrays(IntStore.of(pa.array([9, 3, 7])).to_arrays())
    assert (loaded.row_of(3), loaded.ids_of(np.array([2, -1], np.int32))) == (1, [7, None])


def test_nothing_is_in_an_empty_store() -> None:
    assert TextStore.of(pa.array([], pa.large_string())).row_of("a") == -1
    assert IntStore.of(pa.array([], pa.int64())).ids_of(np.array([-1], np.int32)) == [None]
