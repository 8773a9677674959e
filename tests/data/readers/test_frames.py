"""Dataframes of every library."""

import uuid
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from recsys.core.errors import DataError
from recsys.data.readers.frames import (
    FRAME,
    frame_backend,
    frame_source,
    refuse_repeated_names,
    to_table,
)

COLUMNS = {"user_id": ["a", "b"], "item_id": [1, 2], "value": [1.5, None]}
UUIDS = [uuid.UUID(int=1), uuid.UUID(int=2)]
MAKERS = {
    "dict": lambda c: c,
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "lazy polars": lambda c: pl.DataFrame(c).lazy(),
    "pyarrow": pa.table,
    "record batch": pa.RecordBatch.from_pydict,
}


@pytest.mark.parametrize("maker", MAKERS)
def test_every_library_gives_the_same_columns(maker: str) -> None:
    table = to_table(MAKERS[maker](COLUMNS))
    assert table.to_pydict() == COLUMNS


@pytest.mark.parametrize("maker", ["dict", "pandas", "polars", "pyarrow"])
def test_uuids_of_every_library_stay_uuids(maker: str) -> None:
    from recsys.data.ids.values import id_values, ids_of_kind

    column = to_table(MAKERS[maker]({"user_id": UUIDS})).column("user_id")
    assert ids_of_kind(*id_values(column, name="user_id")) == UUIDS


def test_a_duckdb_relation_is_read() -> None:
    relation = duckdb.sql("select 'a' as user_id, 7 as item_id")
    assert to_table(relation).to_pydict() == {"user_id": ["a"], "item_id": [7]}


def test_a_pandas_index_is_no_column() -> None:
    frame = pd.DataFrame({"user_id": ["a", "b"]}, index=[5, 9])
    assert to_table(frame).column_names == ["user_id"]


@pytest.mark.parametrize("frame", [None, 7, "events.csv", [1, 2]])
def test_what_is_no_table_is_refused(frame: Any) -> None:
    with pytest.raises(DataError, match="must be a dataframe"):
        to_table(frame)


@pytest.mark.parametrize("maker", ["dict", "pandas"])
def test_a_column_of_mixed_sorts_is_named(maker: str) -> None:
    frame = MAKERS[maker]({"user_id": ["a", 1]})
    with pytest.raises(
        DataError, match=r"column user_id .* str \(row 0: 'a'\) and int \(row 1: 1\)"
    ):
        to_table(frame)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1], "b": [1, 2]}, "one length; got a: 1, b: 2"),
        ({"a": "abc"}, "sequence of values; got one text"),
        ({"a": 7}, "sequence of values; got int"),
        ({"a": pd.DataFrame({"x": [1]}).to_numpy()}, "one-dimensional"),
        ({"a": [object()]}, "cannot be read"),
    ],
)
def test_columns_that_are_no_columns_are_refused(columns: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_table(columns)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="'a' is there 2 times"):
        refuse_repeated_names(["a", "b", "a"], FRAME)
    with pytest.raises(DataError, match="2 times"):
        frame_source(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_rows_of_a_frame_are_counted_from_0() -> None:
    source = frame_source(COLUMNS)
    assert (source.unit, source.lines_of([0, 1])) == ("row", [0, 1])


def test_the_library_to_answer_in_is_remembered() -> None:
    backends = [frame_backend(MAKERS[one](COLUMNS)) for one in ("pandas", "lazy polars", "dict")]
    assert backends == ["pandas", "polars", "pyarrow"]
