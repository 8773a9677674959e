"""Times and numbers, against the standard library's own parser."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.data.readers.frames import frame_source
from recsys.data.readers.source import RowReport
from recsys.data.readers.times import (
    CHUNK,
    FEW,
    number_column,
    parse_numbers,
    parse_times,
    time_column,
)

moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


def times(values: Any) -> list[str | None]:
    found, wrong = parse_times(pa.array(values), name="occurred_at")
    assert (np.isnat(found) | ~wrong).all()
    shown = [None if np.isnat(one) else str(one) for one in found]
    return ["wrong" if bad else one for one, bad in zip(shown, wrong, strict=True)]


@given(st.lists(st.one_of(moments, moments.flatmap(lambda m: zones.map(m.astimezone)))))
def test_what_python_writes_as_iso_8601_is_read_back(given_times: list[datetime]) -> None:
    found, wrong = parse_times(
        pa.array([one.isoformat() for one in given_times], pa.string()), name="t"
    )
    utc = [m.replace(tzinfo=UTC) if m.tzinfo is None else m.astimezone(UTC) for m in given_times]
    expected = np.array([m.replace(tzinfo=None) for m in utc], "datetime64[us]")
    assert (found == expected).all()
    assert not wrong.any()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-03-12T09:30:00Z", "2018-03-12T09:30:00.000000"),
        ("2018-03-12T09:30:00+02:00", "2018-03-12T07:30:00.000000"),
        ("2018-03-12T09:30-0530", "2018-03-12T15:00:00.000000"),
        ("2018-03-12 09:30:00.25", "2018-03-12T09:30:00.250000"),
        ("2018-03-12T09:30:00.123456789Z", "2018-03-12T09:30:00.123456"),
        ("2018-03-12", "2018-03-12T00:00:00.000000"),
        (" 2018-03-12 ", "2018-03-12T00:00:00.000000"),
        ("20180312T093000Z", "2018-03-12T09:30:00.000000"),
        ("1520845200", "2018-03-12T09:00:00.000000"),
        ("1520845200.5", "2018-03-12T09:00:00.500000"),
        ("-1", "1969-12-31T23:59:59.000000"),
        ("0", "1970-01-01T00:00:00.000000"),
        (None, None),
        ("yesterday", "wrong"),
        ("2018-02-30", "wrong"),
        ("2018-13-01T00:00:00Z", "wrong"),
        ("12/03/2018", "wrong"),
        ("20180312", "wrong"),
        ("1520845200000", "wrong"),
        ("1e9", "wrong"),
        ("nan", "wrong"),
    ],
)
def test_each_form_of_a_time_is_read_or_refused(text: str | None, expected: str | None) -> None:
    assert times(pa.array([text], pa.string())) == [expected]


def test_one_odd_time_among_thousands_does_not_spoil_the_others() -> None:
    column = ["2018-03-12T09:30:00Z"] * (3 * CHUNK)
    column[CHUNK + 7] = "2018-02-30T09:30:00Z"
    found, wrong = parse_times(pa.array(column), name="t")
    assert np.flatnonzero(wrong).tolist() == [CHUNK + 7]
    assert (found[~wrong] == np.datetime64("2018-03-12T09:30:00")).all()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1520845200, None]), ["2018-03-12T09:00:00.000000", None]),
        (pa.array([1.5, float("nan")]), ["1970-01-01T00:00:01.500000", None]),
        (pa.array([float("inf")]), ["wrong"]),
        (pa.array([0, None], pa.timestamp("ns", "Asia/Shanghai")),
         ["1970-01-01T00:00:00.000000", None]),
        (pa.array([1], pa.timestamp("s")), ["1970-01-01T00:00:01.000000"]),
        (pa.array([1], pa.date32()), ["1970-01-02T00:00:00.000000"]),
        (pa.array(["2018-03-12"]).dictionary_encode(), ["2018-03-12T00:00:00.000000"]),
        (pa.nulls(2), [None, None]),
    ],
)  # fmt: skip
def test_columns_of_every_type_of_time_are_read(column: Any, expected: list[str | None]) -> None:
    assert times(column) == expected


def test_a_column_that_is_no_time_is_refused_as_a_whole() -> None:
    with pytest.raises(DataError, match=r"must be ISO 8601 .*; it holds bool"):
        parse_times(pa.array([True]), name="occurred_at")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1520845200000", "divide by 1000"),
        ("20180312", "Write the date as 2018-03-12"),
        ("12/03/2018", "year-month-day"),
    ],
)
def test_a_wrong_time_that_looks_like_something_gets_a_hint(text: str, hint: str) -> None:
    source = frame_source({"occurred_at": [text]})
    report = RowReport(source, "stop")
    time_column(source, report, "occurred_at")
    with pytest.raises(DataError, match=hint):
        report.finish()


def test_a_day_ahead_is_clock_trouble_and_more_is_refused() -> None:
    source = frame_source({"t": ["2025-01-01T23:00:00Z", "2025-01-02T00:00:01Z", None]})
    report = RowReport(source, "skip")
    time_column(source, report, "t", now=np.datetime64("2025-01-01", "us"))
    assert report.wrong.tolist() == [1]


@given(st.lists(st.floats(-1e30, 1e30)))
def test_numbers_written_as_text_are_read_back(numbers: list[float]) -> None:
    found, wrong = parse_numbers(pa.array([repr(one) for one in numbers], pa.string()))
    assert found.tolist() == numbers
    assert not wrong.any()


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-inf", "abc", "1_0", "3,5", "0x10", "1e300", "true"]
)
def test_what_is_no_finite_number_is_wrong(text: str) -> None:
    found, wrong = parse_numbers(pa.array([text]))
    assert wrong.tolist() == [True]
    assert np.isnan(found).all()


def test_nan_in_a_frame_is_a_missing_number_and_infinity_is_wrong() -> None:
    found, wrong = parse_numbers(pa.array([1.5, float("nan"), None, float("inf")]))
    assert wrong.tolist() == [False, False, False, True]
    assert np.isnan(found).tolist() == [False, True, True, True]


def test_a_boolean_is_no_number() -> None:
    assert parse_numbers(pa.array([True, None]))[1].tolist() == [True, False]


def test_a_column_that_is_not_there_is_none() -> None:
    source = frame_source({"user_id": ["a"]})
    assert number_column(source, RowReport(source, "stop"), "value") is None
    assert time_column(source, RowReport(source, "stop"), "occurred_at") is None


@pytest.mark.parametrize(
    "text",
    [
        "2018-03-12T09:30:00Z", "2018-03-12 09:30:00.5+02", "2018-03-12", "0000-01-01",
        "2018-03-12T24:00:00", "2018-02-30", "2018-03-12T09:30:00+99:99", "20180312", "1520847000",
        " 2018-03-12", "2018-03-12\n", "2018-03-12T09:30:60Z", "٢٠١٨-٠٣-١٢", "", None,
    ],
)  # fmt: skip
def test_few_texts_are_read_as_many_are(text: str | None) -> None:
    values = pa.array([text], pa.string())
    assert times(values) == times(pa.concat_arrays([values] * (FEW + 1)))[:1]
