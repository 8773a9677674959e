"""CSV files as tables of text, with line numbers for bad rows."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from recsys.core.errors import DataError, clip
from recsys.data.readers.source import BLOCK_BYTES, BadRow, SourceTable

WHOLE_ROW = "(the row)"


def csv_source(raw: bytes, name: str) -> SourceTable:
    """Read CSV: the first row names the columns, every field stays text, "" is null.

    Parameters
    ----------
    raw : bytes
        UTF-8 without byte order mark. Fields are separated by commas; by tabs or semicolons if
        the header has those and no comma outside of quotes. A first line ``sep=;`` is left out.
    name : str
        What to call the file in a message.

    Raises
    ------
    DataError
        If a quote is never closed, there is no header, or fields are separated by other signs.
    """
    raw = _after_separator_line(raw)
    delimiter = _delimiter(raw, name)
    header = [one.strip() for one in next(_records(raw, delimiter))[1]]
    _refuse_no_header(header, delimiter, name)
    _refuse_open_quote(raw, delimiter, name)
    fast = _fast_table(raw, delimiter, len(header))
    ragged: tuple[BadRow, ...] = ()
    table: Any = fast
    if fast is None:
        table, ragged = _slow_table(raw, delimiter, len(header), name)
    if b'"' in raw and _has_breaks(table):
        _refuse_stray_quote(raw, delimiter, name)
    named = [at for at, one in enumerate(header) if one]  # a comma at the end of each line
    table = table.select(named).rename_columns([header[at] for at in named])

    def lines_of(positions: Sequence[int]) -> list[int]:
        return _lines(raw, delimiter, len(header), positions)

    return SourceTable(table, name, "line", lines_of, ragged)


def _after_separator_line(raw: bytes) -> bytes:
    """Return CSV without the first line of a spreadsheet's export that names the separator."""
    first, _, rest = raw.partition(b"\n")
    is_separator = re.fullmatch(rb'"?sep=.{1,2}"?', first.strip()) is not None
    return b"\n" + rest if is_separator and rest.strip() else raw


def header_line(raw: bytes) -> str:
    """Return the first line that is not blank."""
    start = len(raw[:4096]) - len(raw[:4096].lstrip(b"\r\n"))
    end = raw.find(b"\n", start)
    return (raw[start:] if end < 0 else raw[start:end]).decode(errors="replace").strip("\r")


def _delimiter(raw: bytes, name: str) -> str:
    """Return the separator of the header: a comma, a tab or a semicolon outside of quotes."""
    header = header_line(raw)
    bare = re.sub(r'"[^"]*"', "", header)
    for mark in (",", "\t", ";"):
        if mark in bare:
            return mark
    words = "must have fields separated by commas, tabs or semicolons"
    for mark, label in (("::", "::"), ("|", "|"), ("  ", "spaces"), (" ", "spaces")):
        parts = [one.strip() for one in bare.split(mark) if one.strip()]
        if len(parts) > 1 and (label != "spaces" or any("_" in one for one in parts)):
            raise DataError(f"{name} {words}; they are separated by {label}. Write commas instead.")
    return ","


def _refuse_no_header(header: list[str], delimiter: str, name: str) -> None:
    numbers = [one for one in header if re.fullmatch(r"[+-]?\d+(\.\d+)?", one)]
    if len(header) > 1 and 2 * len(numbers) > len(header):
        shown = clip(repr(delimiter.join(header)))
        raise DataError(
            f"{name} must begin with the names of its columns; there is no header, its first line "
            f"is {shown}. Add a line like user_id{delimiter}item_id."
        )


def _has_breaks(table: Any) -> bool:
    """Say whether a field holds a line break."""
    import pyarrow.compute as pc

    return any(pc.any(pc.match_substring(column, "\n")).as_py() for column in table.columns)


def _refuse_stray_quote(raw: bytes, delimiter: str, name: str) -> None:
    """Refuse quotes that open, swallow whole lines, and end in the middle of a field."""
    try:
        for _ in _records(raw, delimiter, strict=True):
            pass
    except csv.Error as err:
        raise DataError(
            f"{name}, line {err.args[-1]}: a quoted field must end before a separator; a quote "
            "that opens there goes on over line ends to one in the middle of a field. Double the "
            "quotes inside fields, or close them."
        ) from err


def _fast_table(raw: bytes, delimiter: str, width: int) -> Any:
    """Read with Arrow; None if it finds a row that is not regular."""
    import pyarrow as pa
    import pyarrow.csv as pc

    names = [str(at) for at in range(width)]
    try:
        table = pc.read_csv(
            pa.BufferReader(raw),
            read_options=pc.ReadOptions(column_names=names, block_size=BLOCK_BYTES),
            parse_options=pc.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in raw, ignore_empty_lines=True
            ),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.slice(1)  # the header itself


def _slow_table(
    raw: bytes, delimiter: str, width: int, name: str
) -> tuple[Any, tuple[BadRow, ...]]:
    """Read row by row, and name the rows whose number of fields is wrong."""
    import pyarrow as pa

    rows, ragged = [], []
    for line, fields in list(_records(raw, delimiter))[1:]:
        if len(fields) == width:
            rows.append(fields)
        else:
            reason = f"must have {width} fields, as the header has; got {len(fields)}."
            ragged.append(BadRow(name, line, WHOLE_ROW, reason))
    columns = zip(*rows, strict=True) if rows else [()] * width
    arrays = [pa.array([one or None for one in column], pa.large_string()) for column in columns]
    return pa.table(arrays, names=[str(at) for at in range(width)]), tuple(ragged)


def _records(
    raw: bytes, delimiter: str, *, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line where it begins, fields) of each row that is not blank, the header first."""
    text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=strict)
    with _any_length():
        line = 1
        try:
            for fields in reader:
                if fields:
                    yield line, fields
                line = reader.line_num + 1
        except csv.Error as err:
            raise csv.Error(str(err), line) from err


def _lines(raw: bytes, delimiter: str, width: int, positions: Sequence[int]) -> list[int]:
    """Return the line of each of the rising positions among the regular rows."""
    regular = (line for line, fields in _records(raw, delimiter) if len(fields) == width)
    next(regular)  # the header
    wanted, found = set(positions), {}
    for at, line in enumerate(regular):
        if at in wanted:
            found[at] = line
            if len(found) == len(wanted):
                break
    return [found.get(at, -1) for at in positions]


def _refuse_open_quote(raw: bytes, delimiter: str, name: str) -> None:
    if raw.count(b'"') % 2 == 0:
        return
    line = 1
    try:
        for line, _ in _records(raw, delimiter, strict=True):  # noqa: B007  # the last one counts
            pass
    except csv.Error as err:
        if "unexpected end" in str(err):
            last = _last_start(raw, delimiter, line)
            raise DataError(
                f"{name}, line {last}: a quoted field must end; the quote that opens there never "
                "closes. Double the quotes inside fields, or close it."
            ) from err


def _last_start(raw: bytes, delimiter: str, fallback: int) -> int:
    starts = [line for line, _ in _records(raw, delimiter)]
    return starts[-1] if starts else fallback


@contextmanager
def _any_length() -> Iterator[None]:
    # The csv module refuses fields over 128 kB, and its limit is one for the whole process.
    before = csv.field_size_limit(sys.maxsize if sys.platform != "win32" else 2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)
