"""Valid ids: text, 64-bit integers or UUIDs, one sort per column."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, Literal, TypeAlias
from uuid import UUID

import numpy as np

from recsys.core.errors import DataError, clip

IdKind: TypeAlias = Literal["text", "int", "uuid"]

MAX_ID_CHARS = 1024

_FLOAT_HINT = (
    "a join with missing rows turns 42 into 42.0. Make the column integers or text again before "
    "handing it over (pandas: .astype('Int64'))"
)


def id_values(values: Any, *, name: str) -> tuple[Any, IdKind]:
    """Return ids as one Arrow array and say which sort they are.

    Parameters
    ----------
    values : sequence, numpy array or pyarrow (chunked) array
        The ids; a missing one may be None or NaN and stays null.
    name : str
        What to call them in a message.

    Returns
    -------
    tuple of pyarrow.Array and str
        large_string for "text" and "uuid" (in canonical form), int64 for "int".

    Raises
    ------
    DataError
        If the ids are floats, booleans, of several sorts, or of a sort that is no id.
    """
    return _normal(_as_arrow(values, name), name)


def _as_arrow(values: Any, name: str) -> Any:
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if isinstance(values, pa.Array):
        return values
    if isinstance(values, np.ndarray) and values.dtype != object:
        return pa.array(np.ravel(values), from_pandas=True)
    values = [None if _is_missing(one) else one for one in values]
    _refuse_mixture(values, name)
    if isinstance(next((one for one in values if one is not None), None), UUID):
        return uuid_array(values, name)
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError) as err:
        raise DataError(f"{name} must be text, integers or UUIDs; {clip(str(err), 120)}") from err


def uuid_array(values: list[Any], name: str) -> Any:
    """Return UUIDs and Nones as Arrow's 16 bytes each.

    Raises
    ------
    DataError
        If one is something else.
    """
    import pyarrow as pa

    _refuse_mixture(values, name)
    return pa.array([None if one is None else one.bytes for one in values], pa.binary(16))


def _is_missing(one: object) -> bool:
    return one is None or (isinstance(one, float) and math.isnan(one))


def _refuse_mixture(values: list[Any], name: str) -> None:
    kinds = list(map(type, values))
    seen = {_SORTS.get(kind, kind.__name__): kind for kind in set(kinds) - {type(None)}}
    if len(seen) > 1:
        a, b = sorted(kinds.index(kind) for kind in seen.values())[:2]
        raise DataError(
            f"{name} must be of one sort (text, integers or UUIDs); row {a} is "
            f"{kinds[a].__name__} {clip(repr(values[a]), 40)} and row {b} is "
            f"{kinds[b].__name__} {clip(repr(values[b]), 40)}. Turn all of them into text."
        )


_SORTS: dict[type, str] = {
    np.str_: "str",
    **dict.fromkeys((np.int8, np.int16, np.int32, np.int64), "int"),
    **dict.fromkeys((np.uint8, np.uint16, np.uint32, np.uint64), "int"),
    **dict.fromkeys((np.float16, np.float32, np.float64), "float"),
}


def _normal(array: Any, name: str) -> tuple[Any, IdKind]:
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if getattr(kind, "extension_name", "") == "arrow.uuid":
        array, kind = array.storage, pa.binary(16)
    if kind == pa.binary(16):
        return _uuid_text(array), "uuid"
    if pt.is_null(kind):
        return array.cast(pa.large_string()), "text"
    if pt.is_string(kind) or pt.is_large_string(kind) or str(kind) == "string_view":
        return array.cast(pa.large_string()), "text"
    if pt.is_integer(kind) or (pt.is_decimal(kind) and kind.scale == 0):
        try:
            return array.cast(pa.int64()), "int"
        except pa.ArrowInvalid as err:
            raise DataError(
                f"{name} must fit 64 bits when it is an integer; {clip(str(err))}. Use text ids."
            ) from err
    if pt.is_floating(kind) and array.null_count < len(array):
        raise DataError(f"{name} must be text, integers or UUIDs, not floats: {_FLOAT_HINT}.")
    if pt.is_floating(kind):
        return array.cast(pa.large_string()), "text"
    raise DataError(f"{name} must be text, integers or UUIDs; it holds {kind}. Turn it into text.")


def sort_of_id(one: object) -> str | None:
    """Return the sort of one id: "text", "int", "uuid" or the name of its type; None if missing."""
    if isinstance(one, str):
        return "text"
    if isinstance(one, UUID):
        return "uuid"
    if isinstance(one, int | np.integer) and not isinstance(one, bool):
        return "int"
    if one is None or repr(one) in ("nan", "<NA>", "NaT", "np.float64(nan)"):
        return None
    return type(one).__name__


def is_uuid_array(values: Any) -> bool:
    """Say whether values are an Arrow array of UUIDs."""
    kind = getattr(values, "type", None)
    return str(kind) in ("extension<arrow.uuid>", "fixed_size_binary[16]")


def _uuid_text(array: Any) -> Any:
    import pyarrow as pa

    texts = [None if raw is None else str(UUID(bytes=raw)) for raw in array.to_pylist()]
    return pa.array(texts, pa.large_string())


MISSING_IDS = (
    "NULL", "null", "\\N", "nan", "NaN", "None", "<NA>", "NaT", "N/A", "n/a", "#N/A", "undefined",
)  # fmt: skip
"""What other programs write for a missing id; names such as Nan or none are ids."""


def id_faults(texts: Any, *, header: Collection[str] = ()) -> list[tuple[Any, str]]:
    """Return which texts of an Arrow array are no ids, and what must hold.

    Parameters
    ----------
    texts : pyarrow.Array of large_string
        Without nulls.
    header : collection of str
        Names of the column: found among the rows where files were joined with their headers.

    Returns
    -------
    list of ((n,) Arrow bool, str)
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    def matches(pattern: str, *, part: str) -> Any:
        found = pc.match_substring(texts, part, ignore_case=True)  # ten times faster than a pattern
        return pc.match_substring_regex(texts, pattern) if pc.any(found).as_py() else found

    names = pa.array([one.lower() for one in header], pa.large_string())
    is_missing = pc.is_in(texts, value_set=pa.array(MISSING_IDS, pa.large_string()))
    is_header = pc.is_in(pc.utf8_lower(texts), value_set=names)
    return [
        (matches(r"^[+-]?\d+\.0+$", part=".0"), f"must be an id, not a float: {_FLOAT_HINT}"),
        (
            matches(r"^\d(\.\d+)?[eE]\+\d+$", part="e+"),
            "must be an id with all its digits; a spreadsheet cut "
            "this one. Export the column as text",
        ),
        (is_missing, "must not be missing; this stands for a missing value"),
        (is_header, "must be an id; this is the header again, as in files that were joined"),
        (pc.match_substring(texts, "\0"), "must be text; this holds a zero byte"),
        (
            pc.match_substring(texts, "\ufffd"),
            "must be whole characters; this holds U+FFFD, the mark of a cut one",
        ),
    ]


def ids_of_kind(values: Any, kind: IdKind) -> Any:
    """Return id values in the form that :meth:`IdMap.of` takes for their sort."""
    if kind != "uuid":
        return values
    return [UUID(one) for one in values.to_pylist()]


def translated(one: Any, kind: IdKind) -> Any:
    """Return an id in another sort: 42 for "42" or 42.0; None if it cannot be of that sort."""
    if isinstance(one, bool) or not isinstance(one, str | int | float | UUID | np.number):
        return None
    text = str(one)
    if isinstance(one, float | np.floating) and float(one).is_integer():
        text = str(int(one))
    text = text.removesuffix(".0") if kind == "int" else text
    try:
        if kind == "uuid":
            return UUID(text)
        if kind == "int":
            return int(text) if str(int(text)) == text and abs(int(text)) < 2**63 else None
    except ValueError:
        return None
    return text
