"""CSV: the fast way, the slow way, and the line of every row."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.data.readers import csv_file
from recsys.data.readers.csv_file import csv_source

field = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=6)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(field, min_size=width, max_size=width), max_size=8)
)


def written(rows: list[list[str]], width: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([f"c{at}" for at in range(width)])
    writer.writerows(rows)
    return out.getvalue().encode()


@given(tables)
def test_what_python_writes_is_read_back_and_every_line_is_right(rows: list[list[str]]) -> None:
    width = len(rows[0]) if rows else 1
    source = csv_source(written(rows, width), "x.csv")
    found = [
        [source.table.column(at)[row].as_py() for at in range(width)]
        for row in range(source.n_rows)
    ]
    assert found == [[one or None for one in row] for row in rows]
    line, starts = 2, []
    for row in rows:
        starts.append(line)
        line += 1 + sum(one.count("\n") for one in row)
    assert source.lines_of(list(range(len(rows)))) == starts


@given(tables)
def test_the_fast_and_the_slow_way_agree(rows: list[list[str]]) -> None:
    width = len(rows[0]) if rows else 1
    raw = written(rows, width)
    fast = csv_file._fast_table(raw, ",", width)
    slow, ragged = csv_file._slow_table(raw, ",", width, "x.csv")
    assert fast.to_pydict() == slow.to_pydict()
    assert ragged == ()


def test_ragged_rows_are_listed_and_the_others_keep_their_lines() -> None:
    source = csv_source(b'a,b\n1,"x\ny"\n2\n3,z\n\n4,5,6\n7,w\n', "x.csv")
    assert source.table.to_pydict() == {"a": ["1", "3", "7"], "b": ["x\ny", "z", "w"]}
    assert [(one.line, one.reason) for one in source.ragged] == [
        (4, "must have 2 fields, as the header has; got 1."),
        (7, "must have 2 fields, as the header has; got 3."),
    ]
    assert source.lines_of([0, 1, 2]) == [2, 5, 8]


@pytest.mark.parametrize(
    "raw", [b"a,b\n1,2\n", b"a\tb\n1\t2\n", b"a;b\n1;2\n", b"a,b\r\n1,2\r\n", b"a,b\r1,2\r",
            b"\n\na,b\n1,2", b" a , b\n1,2\n", b"a,b,\n1,2,\n", b'"a","b"\n"1","2"\n'],
)  # fmt: skip
def test_common_dialects_are_understood(raw: bytes) -> None:
    assert csv_source(raw, "x.csv").table.to_pydict() == {"a": ["1"], "b": ["2"]}


def test_text_stays_text_and_empty_is_null() -> None:
    table = csv_source(b'a,b,c\n007,NA,""\nnan,1.0,true\n', "x.csv").table
    assert table.to_pydict() == {"a": ["007", "nan"], "b": ["NA", "1.0"], "c": [None, "true"]}


def test_a_quote_that_never_closes_is_named_by_its_line() -> None:
    with pytest.raises(DataError, match=r"x\.csv, line 3: a quoted field must end"):
        csv_source(b'a,b\n1,2\n3,"oh\n5,6\n7,8\n', "x.csv")


def test_an_odd_quote_within_a_field_is_just_a_quote() -> None:
    assert csv_source(b'a,b\n1,5" disk\n', "x.csv").table.to_pydict() == {
        "a": ["1"],
        "b": ['5" disk'],
    }


def test_a_field_longer_than_a_stretch_of_reading_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "BLOCK_BYTES", 1000)
    limit = csv.field_size_limit()
    source = csv_source(b'a,b\n1,"' + b"x" * 200_000 + b'"\n2,y\n', "x.csv")
    assert source.n_rows == 2
    assert csv.field_size_limit() == limit
