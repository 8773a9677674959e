"""Attribute tables."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recsys.core.errors import ArtifactError, DataError
from recsys.data.readers.frames import frame_source
from recsys.data.readers.source import RowReport
from recsys.data.tables.attributes import (
    column_values,
    empty_table,
    filled,
    load_table,
    merged_table,
    read_attributes,
    read_columns,
    rerowed_table,
    save_table,
)

KNOWN = {"title": "text", "published_at": "time", "muted_tags": "list"}


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["1", "2.5", None, ""], [1.0, 2.5, None, None]),
        (["01234", "99999"], ["01234", "99999"]),
        (["1", "x"], ["1", "x"]),
        (["-0.5", "1e3"], [-0.5, 1000.0]),
        ([3, None], [3.0, None]),
        ([True, None], [True, None]),
        ([["a", "b"], None], [["a", "b"], None]),
        ([{"k": 1}, None], ['{"k": 1}', None]),
        ([None, None], [None, None]),
    ],
)
def test_the_type_of_an_attribute_is_found_out(column: Any, expected: Any) -> None:
    found = read_attributes(frame_source({"x": column}), known=())
    assert found["x"].to_pylist() == expected


def test_dates_become_times_and_mixtures_stay_text() -> None:
    found = read_attributes(
        frame_source({"a": ["2018-01-02", "2018-01-02T03:00:00Z"], "b": ["2018-01-02", "soon"]}),
        known=(),
    )
    assert pa.types.is_timestamp(found["a"].type)
    assert found["b"].to_pylist() == ["2018-01-02", "soon"]


def test_known_columns_are_no_attributes() -> None:
    assert set(read_attributes(frame_source({"x": [1], "y": [1]}), known=("x",))) == {"y"}


def test_only_columns_that_are_there_are_read() -> None:
    source = frame_source({"title": ["a"], "published_at": ["2018-01-01"], "author_id": [7]})
    report = RowReport(source, "stop")
    found = read_columns(
        source,
        report,
        texts=("title", "text"),
        ids=("author_id",),
        times=("published_at",),
        lists=("tags",),
    )
    assert set(found) == {"title", "published_at", "author_id"}


def test_columns_become_arrays_with_what_is_missing_marked() -> None:
    table = pa.table(
        {
            "title": ["a", None],
            "price": [1.5, None],
            "published_at": pa.array([0, None], pa.timestamp("us")),
            "muted_tags": pa.array([["x"], None], pa.large_list(pa.large_string())),
        }
    )
    found = {name: column_values(table, name, known=KNOWN) for name in table.column_names}
    assert found["title"].tolist() == ["a", None]
    assert np.isnan(found["price"]).tolist() == [False, True]
    assert np.isnat(found["published_at"]).tolist() == [False, True]
    assert found["muted_tags"].tolist() == [("x",), ()]
    assert not found["title"].flags.writeable


def test_a_contract_column_that_was_not_given_is_all_missing() -> None:
    table = empty_table(2)
    assert column_values(table, "title", known=KNOWN).tolist() == [None, None]
    assert column_values(table, "muted_tags", known=KNOWN).tolist() == [(), ()]
    assert np.isnat(column_values(table, "published_at", known=KNOWN)).all()


def test_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(DataError, match="'titel'; known: title"):
        column_values(empty_table(1), "titel", known=KNOWN)


def test_missing_words_are_filled() -> None:
    assert filled(np.array([None, "b"], object), "a").tolist() == ["a", "b"]


def test_rows_are_picked_and_minus_one_is_null() -> None:
    table = pa.table({"a": [1, 2]})
    assert rerowed_table(table, np.array([1, -1], np.int32)).to_pydict() == {"a": [2, None]}


def test_a_merge_keeps_the_old_where_the_new_says_nothing() -> None:
    old, new = pa.table({"a": [1, 2], "b": ["x", "y"]}), pa.table({"a": [None, 9], "c": [0.5, 0.5]})
    found = merged_table(
        old, new, old_rows=np.array([0, 1, -1], np.int32), new_rows=np.array([-1, 0, 1], np.int32)
    )
    assert found.to_pydict() == {"a": [1, 2, 9], "b": ["x", "y", None], "c": [None, 0.5, 0.5]}


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [
        ([1.5], ["x"], False),
        ([1.5], ["2"], True),
        ([True], ["no"], True),
        ([True], ["soon"], False),
        ([["a"]], ["a"], False),
        (["a"], [2], True),
        (["a"], [2.5], False),
        ([2**60], [0.5], False),
        ([None], ["x"], True),
    ],
)
def test_a_column_keeps_its_type(old: Any, new: Any, fits: bool) -> None:
    row = np.array([0], np.int32)
    tables = (pa.table(read_attributes(frame_source({"a": one}), known=())) for one in (old, new))
    before, after = tables
    if fits:
        found = merged_table(before, after, old_rows=row, new_rows=row).column("a")
        assert before.column("a").null_count or found.type == before.column("a").type
    else:
        with pytest.raises(DataError, match="column 'a' must"):
            merged_table(before, after, old_rows=row, new_rows=row)


def test_a_saved_table_is_mapped_not_read(tmp_path: Path) -> None:
    table = pa.table({"a": list(range(10_000))})
    save_table(table, tmp_path / "t.arrow")
    before = pa.total_allocated_bytes()
    loaded = load_table(tmp_path / "t.arrow")
    assert pa.total_allocated_bytes() - before < 10_000
    assert loaded.equals(table)


def test_a_damaged_or_missing_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.arrow").write_bytes(b"nothing")
    for name in ("bad.arrow", "none.arrow"):
        with pytest.raises(ArtifactError, match="must be a saved table"):
            load_table(tmp_path / name)
