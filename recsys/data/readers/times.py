"""Columns of times and numbers, parsed in bulk; bad rows are reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, TimeArray
from recsys.core.clock import DAY
from recsys.core.errors import DataError, clip
from recsys.data.readers.source import RowReport, SourceTable

CHUNK = 4096

FEW = 16
"""Texts up to which they are parsed one by one first."""

EPOCH_S = (1e8, 2e9, 1e11)
"""Years 1973, 2033 and 5138 in epoch seconds: numbers between the first two are no date in another
form, and from the last one on they are milliseconds or finer."""

NAIVE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"

ZONED = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}(:?\d{2})?)$"

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)$"

_NAIVE, _ZONED = (re.compile(one, re.ASCII) for one in (NAIVE, ZONED))

_COMPACT = {
    r"^((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$": "{}-{}-{}",
    r"^((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])(?:[0-5]\d){0,2}$": (
        "{}-{}-{}T{}:00"
    ),
    r"^((?:19|20)\d\d)(0[1-9]|1[0-2])$": "{}-{}-01",
    r"^((?:19|20)\d\d)$": "{}-01-01, if it is a year",
}
"""Dates written as one number, and how they are written instead."""

WHAT = "must be ISO 8601 (2018-03-12T09:30:00Z) or epoch seconds"

NAT = np.datetime64("NaT", "us")


def time_column(
    source: SourceTable, report: RowReport, name: str, *, now: np.datetime64 | None = None
) -> TimeArray | None:
    """Read a column of times.

    Parameters
    ----------
    source, report : SourceTable, RowReport
        The table, and where bad rows are noted.
    name : str
        The contract's name of the column.
    now : datetime64 or None
        Times later than this and a day are refused; None skips that check.

    Returns
    -------
    (n_rows,) datetime64[us] or None
        UTC; NaT where not given. None if there is no such column.

    Raises
    ------
    DataError
        If the whole column is of a type that is no time.
    """
    if not source.has(name):
        return None
    array = source.column(name)
    times, wrong = parse_times(array, name=f"{source.name}, column {source.file_name(name)}")
    report.bad(wrong, name, lambda at: f"{WHAT}; got {_shown(array, at)}.{_hint(array, at)}")
    if now is not None:
        with np.errstate(invalid="ignore"):
            future = times > now + DAY
        report.bad(
            future,
            name,
            lambda at: (
                f"must not be in the future; got {_shown(array, at)}, and now is "
                f"{now.astype('datetime64[s]')}Z."
            ),
        )
    return times


def parse_times(array: Any, *, name: str) -> tuple[TimeArray, BoolArray]:
    """Turn an Arrow array into times.

    Returns
    -------
    times : (n,) datetime64[us]
        UTC; NaT for null and for what is no time.
    wrong : (n,) bool
        What is given and no time.

    Raises
    ------
    DataError
        If the type of the whole array is no time.
    """
    import pyarrow.types as pt

    array = plain_array(array)
    kind = array.type
    if pt.is_timestamp(kind) or pt.is_date(kind):
        return _from_timestamps(array), np.zeros(len(array), np.bool_)
    if pt.is_null(kind):
        return np.full(len(array), NAT), np.zeros(len(array), np.bool_)
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return _from_seconds(_doubles(array))
    if pt.is_large_string(kind):
        return _from_text(array)
    raise DataError(f"{name} {WHAT}; it holds {clip(str(kind))}. Convert the column.")


def number_column(source: SourceTable, report: RowReport, name: str) -> DoubleArray | None:
    """Read a column of numbers.

    Returns
    -------
    (n_rows,) float64 or None
        NaN where not given; None if there is no such column. Infinite values are bad rows.
    """
    if not source.has(name):
        return None
    array = source.column(name)
    numbers, wrong = parse_numbers(array)
    report.bad(wrong, name, lambda at: f"must be a finite number; got {_shown(array, at)}.")
    return numbers


def parse_numbers(array: Any) -> tuple[DoubleArray, BoolArray]:
    """Turn an Arrow array into numbers.

    Returns
    -------
    numbers : (n,) float64
        NaN for null and for what is no finite number of float32's range.
    wrong : (n,) bool
        What is given and no such number.
    """
    import pyarrow as pa
    import pyarrow.types as pt

    array = plain_array(array)
    kind = array.type
    given = np.asarray(array.is_valid())
    if pt.is_null(kind):
        numbers = np.full(len(array), np.nan)
    elif pt.is_large_string(kind):
        numbers = _cast(array, pa.float64(), _slow_number)
    elif pt.is_boolean(kind) or not (
        pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind)
    ):
        numbers = np.full(len(array), np.nan)
    else:
        numbers = _doubles(array)
        given &= ~np.isnan(numbers)  # a NaN in a frame is a missing number
    wrong = given & ~(np.abs(numbers) <= np.finfo(np.float32).max)
    numbers[wrong] = np.nan
    return numbers, wrong


def plain_array(array: Any) -> Any:
    """Return an Arrow array without dictionary, and with all text as ``large_string``."""
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pt.is_string(array.type) or str(array.type) == "string_view":
        array = array.cast(pa.large_string())
    return array


def _doubles(array: Any) -> DoubleArray:
    import pyarrow as pa

    return np.array(array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)


def _from_timestamps(array: Any) -> TimeArray:
    import pyarrow as pa

    # Arrow keeps zoned times as UTC, so that dropping the zone is the conversion.
    zoneless = pa.timestamp("us")
    zone = getattr(array.type, "tz", None)
    if zone is not None:
        array = array.cast(pa.timestamp("us", "UTC"), safe=False)
        return (
            np.array(array.view(pa.int64()).to_numpy(zero_copy_only=False)).astype("datetime64[us]")
            if not array.null_count
            else _with_nat(array)
        )
    return np.array(array.cast(zoneless, safe=False).to_numpy(zero_copy_only=False)).astype(
        "datetime64[us]"
    )


def _with_nat(array: Any) -> TimeArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = np.asarray(array.is_null())
    ticks = pc.fill_null(array.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    times = np.array(ticks, np.int64).astype("datetime64[us]")
    times[missing] = NAT
    return times


def is_epoch(numbers: Any, *, is_text: bool = False) -> Any:
    """Say of numbers whether they are epoch seconds, and no date in another form.

    Parameters
    ----------
    numbers : float64 array
    is_text : bool
        Whether they come from text: then every number from 2 up to 1e8 (1973) is refused too.

    Notes
    -----
    Other forms are 20240301, 202403, 2024030109, 2024 and 45352, a day of a spreadsheet.
    """
    low, plain, high = EPOCH_S
    if ((numbers >= low) & (numbers < plain)).all():
        return np.ones(len(numbers), np.bool_)
    size = np.abs(numbers)
    is_odd = (size >= high) | _is_spreadsheet_day(size)
    is_odd |= (size >= 1900) & (size <= 2100) & (size % 1 == 0)
    is_odd |= _is_compact_date(size) | _is_compact_date(size * 100)
    is_odd |= _is_compact_date(size // 100) & (size >= 2e9) & (size % 100 < 24)
    return ~is_odd & ~(is_text & (size >= 2) & (size < low))


def _is_spreadsheet_day(numbers: Any) -> Any:
    """Say of numbers whether they are days from 1954 to 2064 as spreadsheets count them."""
    return (numbers >= 20_000) & (numbers <= 60_000)


def _is_compact_date(numbers: Any) -> Any:
    """Say of numbers whether they are a date from 1900 to 2099 written as 20240301; day 0 too."""
    day, month, year = numbers % 100, numbers // 100 % 100, numbers // 10_000
    in_year = (year >= 1900) & (year < 2100) & (month >= 1) & (month <= 12)
    return in_year & (day <= 31) & (numbers % 1 == 0)


def _from_seconds(seconds: DoubleArray, *, is_text: bool = False) -> tuple[TimeArray, BoolArray]:
    given = ~np.isnan(seconds)
    with np.errstate(invalid="ignore"):
        fine = given & is_epoch(seconds, is_text=is_text)
    times = np.full(len(seconds), NAT)
    ticks = np.rint(np.where(fine, seconds, 0.0) * 1e6).astype(np.int64)
    times[fine] = ticks[fine].astype("datetime64[us]")
    return times, given & ~fine


def _from_text(array: Any) -> tuple[TimeArray, BoolArray]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(array) <= FEW:
        times = np.array([strict_time(one) for one in array.to_pylist()], "datetime64[us]")
        if not np.isnat(times).any():
            return times, np.zeros(len(array), np.bool_)
    times = np.full(len(array), NAT)
    left = np.asarray(array.is_valid())
    for pattern, kind in ((ZONED, pa.timestamp("us", "UTC")), (NAIVE, pa.timestamp("us"))):
        fits = _matches(array, pattern) & left if left.any() else left
        if fits.any():
            times[fits] = _cast(array.filter(pa.array(fits)), kind, _slow_time)
            left &= ~fits
    fits = _matches(array, NUMBER) & left if left.any() else left
    if fits.any():
        seconds = array.filter(pa.array(fits)).cast(pa.float64())
        times[fits] = _from_seconds(_doubles(seconds), is_text=True)[0]
        left &= ~fits
    rest = np.flatnonzero(left) if left.any() else ()
    for at in rest:
        times[at] = _slow_time(array[int(at)].as_py())
    given = np.asarray(pc.is_valid(array))
    return times, given & np.isnat(times)


def strict_time(text: str | None) -> np.datetime64:
    """Parse one usual text, without Arrow's machinery; NaT for all others."""
    if text is None or not (_NAIVE.fullmatch(text) or _ZONED.fullmatch(text)):
        return NAT
    return _slow_time(text)


def _matches(array: Any, pattern: str) -> BoolArray:
    import pyarrow.compute as pc

    found = pc.fill_null(pc.match_substring_regex(array, pattern), False)
    return np.array(found.to_numpy(zero_copy_only=False), np.bool_)


def _cast(array: Any, kind: Any, slow: Callable[[str], Any]) -> npt.NDArray[Any]:
    """Cast text in one go; where that fails, the failing stretches go through ``slow``."""
    import pyarrow as pa

    try:
        return _numpy(array.cast(kind))
    except pa.ArrowInvalid:
        if len(array) > CHUNK:
            size = max(CHUNK, len(array) // 64)
            parts = [array.slice(start, size) for start in range(0, len(array), size)]
            return np.concatenate([_cast(part, kind, slow) for part in parts])
    return np.array([slow(one) for one in array.to_pylist()])


def _numpy(array: Any) -> npt.NDArray[Any]:
    import pyarrow.types as pt

    return _from_timestamps(array) if pt.is_timestamp(array.type) else _doubles(array)


def _slow_time(text: str | None) -> np.datetime64:
    """Parse one odd text; NaT if it is no time."""
    try:
        when = datetime.fromisoformat((text or "").strip())
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        return np.datetime64(when.replace(tzinfo=None), "us")
    except (ValueError, OverflowError):
        return NAT


def _slow_number(text: str | None) -> float:
    try:
        return float(text) if text is not None and "_" not in text else np.nan
    except ValueError:
        return np.nan


def _shown(array: Any, at: int) -> str:
    value = array[at].as_py()
    return clip(repr(value))


def _hint(array: Any, at: int) -> str:
    """Return what a wrong time most likely is, and how to write it; "" if that is unknown."""
    text = str(array[at].as_py()).strip()
    if re.match(r"^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}", text):
        return " Day and month cannot be told apart there: write year-month-day."
    if not re.match(NUMBER, text):
        return ""
    digits = text.removesuffix(".0")
    for pattern, form in _COMPACT.items():
        if found := re.match(pattern, digits):
            return f" Write the date as {form.format(*found.groups())}."
    return _size_hint(abs(float(text)), float(text))


def _size_hint(size: float, number: float) -> str:
    if size >= EPOCH_S[-1]:
        unit, factor = _unit(size)
        return f" That looks like {unit}: divide by {factor} until it is seconds."
    if _is_spreadsheet_day(size):
        day = np.datetime64("1899-12-30") + int(size)
        return f" If it is a day of a spreadsheet, write {day}."
    shown = np.datetime64("1970-01-01T00:00:00") + int(number)
    return f" As epoch seconds that is {shown}Z: write it so if it is meant."


def _unit(number: float) -> tuple[str, str]:
    """Return the unit that makes a number of today's date, and what to divide it by."""
    for power, unit in ((3, "milliseconds"), (6, "microseconds")):
        if number < EPOCH_S[-1] * 10**power:
            return unit, f"1000{'' if power == 3 else '000'}"
    return "nanoseconds", "1000000000"
