"""JSON Lines as a table, one object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from recsys.core.errors import DataError, clip
from recsys.data.readers.frames import whole_text
from recsys.data.readers.source import BLOCK_BYTES, BadRow, SourceTable

SNIFFED_LINES = 200

WHOLE_ROW = "(the line)"

_NONE: tuple[BadRow, ...] = ()


def json_source(raw: bytes, name: str) -> SourceTable:
    """Read JSON Lines; integers stay integers, texts stay texts, whatever they look like.

    Parameters
    ----------
    raw : bytes
        UTF-8 without byte order mark.
    name : str
        What to call the file in a message.

    Raises
    ------
    DataError
        If it is one JSON array, or a column mixes sorts of values.
    """
    if raw[:64].lstrip().startswith(b"["):
        raise DataError(
            f"{name} must be JSON Lines, one object a line; it is one array. "
            "Convert it with: jq -c '.[]'"
        )
    fast = _fast_table(raw)
    table, ragged = (fast, _NONE) if fast is not None else _slow_table(raw, name)
    if not table.num_rows and ragged:
        raise DataError(f"{name}, line {ragged[0].line}: {ragged[0].reason}")
    _refuse_wrapped(table, name)
    skipped = {one.line for one in ragged}

    def lines_of(positions: Sequence[int]) -> list[int]:
        lines = [line for line, _ in _objects(raw) if line not in skipped]
        return [lines[at] for at in positions]

    return SourceTable(table, name, "line", lines_of, ragged)


def _objects(raw: bytes) -> list[tuple[int, bytes]]:
    """Return (line, text) of the lines that are not blank."""
    lines = raw.split(b"\n")
    return [(at, line) for at, line in enumerate(lines, start=1) if line.strip()]


def _fast_table(raw: bytes) -> Any:
    """Read with Arrow, told which columns are text; None if a line is not regular."""
    import pyarrow as pa

    schema = _sniffed(raw)
    if schema is None:
        return None
    try:
        table = _arrow_table(raw, schema)
        texts = [
            pa.field(field.name, kind)
            for field in table.schema
            if (kind := _as_text_type(field.type)) != field.type
        ]
        if not texts:
            return table
        names = {field.name for field in texts}
        return _arrow_table(raw, pa.schema([*(f for f in schema if f.name not in names), *texts]))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _arrow_table(raw: bytes, schema: Any) -> Any:
    import pyarrow as pa
    import pyarrow.json as pj

    return pj.read_json(
        pa.BufferReader(raw),
        read_options=pj.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=pj.ParseOptions(explicit_schema=schema),
    )


def _as_text_type(kind: Any) -> Any:
    """Return a type with text in place of times, which Arrow makes of texts that look like them."""
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_timestamp(kind):
        return pa.string()
    if pt.is_list(kind):
        return pa.list_(_as_text_type(kind.value_type))
    if pt.is_struct(kind):
        return pa.struct([pa.field(one.name, _as_text_type(one.type)) for one in kind])
    return kind


def _sniffed(raw: bytes) -> Any:
    """Return a schema that keeps texts texts: Arrow would make times of what looks like them."""
    import pyarrow as pa

    kinds: dict[str, set[type]] = {}
    for line in raw[: 1 << 20].splitlines()[:SNIFFED_LINES]:
        try:
            record = json.loads(line) if line.strip() else {}
        except ValueError:
            return None
        if not isinstance(record, dict):
            return None
        for key, value in record.items():
            kinds.setdefault(key, set()).add(type(value))
    plain = {
        key: pa.string() if seen - {type(None)} == {str} else pa.int64()
        for key, seen in kinds.items()
        if seen - {type(None)} in ({str}, {int})
    }
    return pa.schema(list(plain.items()))


def _slow_table(raw: bytes, name: str) -> tuple[Any, tuple[BadRow, ...]]:
    """Read line by line, and name the lines that are no objects."""
    import pyarrow as pa

    records, lines, ragged = [], [], []
    for line, text in _objects(raw):
        reason = "must be a JSON object."
        try:
            record = json.loads(text)
            if b"\\u" in text:
                record = whole_text(record)
        except (ValueError, RecursionError) as err:
            record, reason = None, _reason(text, err)
        if isinstance(record, dict):
            records.append(record)
            lines.append(line)
        else:
            ragged.append(BadRow(name, line, WHOLE_ROW, reason))
    keys = dict.fromkeys(key for record in records for key in record)
    columns = {key: [record.get(key) for record in records] for key in keys}
    arrays = {
        key: _array(values, f"{name}, column {key}", lines) for key, values in columns.items()
    }
    return pa.table(arrays), tuple(ragged)


def _reason(text: bytes, err: Exception) -> str:
    """Return why a line is no JSON object, and what to do."""
    line = text.strip()
    if line.endswith(b"},") and line.startswith(b"{"):
        return "must be a JSON object; a comma follows it. Leave out the commas between lines."
    if line in (b"{", b"["):
        return (
            "must be a JSON object; it goes on over several lines. Write one object a line: jq -c ."
        )
    if line.startswith((b"{'", b"{ '")):
        return (
            "must be a JSON object; it is in single quotes, as Python prints a dict. Write it with "
            "json.dumps."
        )
    if "Extra data" in str(err):
        return "must be one JSON object; more follows on the line. Write one object a line: jq -c ."
    return f"must be a JSON object; {clip(str(err))}."


def _refuse_wrapped(table: Any, name: str) -> None:
    """Refuse one object that holds the rows as a list."""
    import pyarrow.types as pt

    if table.num_rows != 1 or any(one.lower().endswith("id") for one in table.column_names):
        return
    for column, kind in zip(table.column_names, table.schema.types, strict=True):
        if pt.is_list(kind) and pt.is_struct(kind.value_type):
            raise DataError(
                f"{name} must be JSON Lines, one object a line; it is one object with the rows in "
                f"{column!r}. Convert it with: jq -c '.{column}[]'"
            )


def _array(values: list[Any], name: str, lines: list[int]) -> Any:
    import pyarrow as pa

    first: dict[str, int] = {}
    for at, value in enumerate(values):
        if value is not None:
            first.setdefault(_SORTS.get(type(value), "a list or object"), at)
    if len(first) > 1:
        (a, at_a), (b, at_b) = list(first.items())[:2]
        raise DataError(
            f"{name} must hold one sort of value; line {lines[at_a]} has {a} "
            f"({clip(json.dumps(values[at_a]), 40)}) and line {lines[at_b]} has {b} "
            f"({clip(json.dumps(values[at_b]), 40)}). Write all of them as text."
        )
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as err:
        raise DataError(f"{name} cannot be read: {clip(str(err), 120)}.") from err


_SORTS = {str: "text", int: "a number", float: "a number", bool: "true or false"}
