"""Types of attribute columns: learnt from all cells once, kept exact, never changed afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import numpy as np

from recsys.core.arrays import BoolArray
from recsys.core.errors import DataError, clip
from recsys.data.readers.columns import as_text, listed
from recsys.data.readers.source import RowReport, SourceTable
from recsys.data.readers.times import parse_numbers, parse_times, plain_array

Sort: TypeAlias = Literal["text", "number", "boolean", "time", "list"]

BadCells: TypeAlias = Callable[[BoolArray, str], None]
"""Called with (n_rows,) bool of the cells that break a type, and what must hold."""

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"

DATE = r"^\d{4}-\d{2}-\d{2}"

NOT_A_NUMBER = r"^(\+.*|[+-]?0\d.*)$"
"""Digits that are no number: postal codes and other codes (01234), telephone numbers (+49...)."""

MISSING = frozenset(
    {"n/a", "na", "#n/a", "null", "nil", "none", "\\n", "nan", "nat", "-", "--", "?"}
)
"""Cells, in lower case, that other programs write for a missing value."""

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "on", "1", "wahr", "vrai", "verdadero", "vero"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "off", "0", "falsch", "faux", "falso"})

LEARNT_PAIRS = ({"true", "false"}, {"wahr", "falsch"}, {"vrai", "faux"}, {"verdadero", "falso"})

FITS = {
    "boolean": "must be true or false, as the rest of the column is",
    "number": "must be a number, as the rest of the column is",
    "time": "must be an ISO 8601 date or time, as the rest of the column is",
}


def sort_of(kind: Any) -> Sort | None:
    """Return the sort of an Arrow type; None for a column without any value."""
    import pyarrow.types as pt

    if pt.is_null(kind):
        return None
    if pt.is_boolean(kind):
        return "boolean"
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return "number"
    if pt.is_timestamp(kind):
        return "time"
    return "list" if pt.is_large_list(kind) else "text"


def read_attribute(source: SourceTable, report: RowReport, name: str) -> Any:
    """Read a column that is no column of the contract, as an Arrow array.

    A declared type is kept. Otherwise numbers, booleans, times and lists keep their type, and text
    becomes what all of its cells are: int64, float64 or decimal128, bool, ``timestamp[us]``, else
    it stays text. Cells that fit a type that more than half of the others fit are bad rows.
    """
    array = source.column(name)
    label = f"{source.name}, column {source.file_name(name)}"
    declare = f"{name}={source.file_name(name)}"

    def bad(wrong: BoolArray, must: str) -> None:
        texts = as_text(array, name=label)
        report.bad(
            wrong,
            name,
            lambda at: (
                f"{must}; got {clip(repr(texts[at].as_py()))}. Leave the cell empty, or declare "
                f"the type: --columns {declare}:text "
                f"(Python: columns={{{name!r}: '{source.file_name(name)}:text'}})."
            ),
        )

    return typed_array(array, source.types.get(name), bad, name=label)


def typed_array(array: Any, sort: Sort | None, bad: BadCells, *, name: str) -> Any:
    """Return an Arrow array as one of ``sort``; None learns the sort from its type and cells.

    Raises
    ------
    DataError
        If a whole column cannot be of the sort.
    """
    import pyarrow as pa
    import pyarrow.types as pt

    array = plain_array(array)
    kind = array.type
    if pt.is_struct(kind) or pt.is_map(kind):
        records = array.to_pylist()
        texts = [None if one is None else json.dumps(one, default=str) for one in records]
        return pa.array(texts, pa.large_string())
    if pt.is_null(kind):
        return array
    own = "time" if pt.is_date(kind) else "list" if is_list(kind) else sort_of(kind) or "text"
    if sort is None and own == "text":
        return _learnt(as_text(array, name=name), bad, name)
    sort = own if sort is None else sort
    if sort == "text" and pt.is_floating(kind):
        raise DataError(f"{name} must be text; it holds numbers, whose text (1.10) is lost.")
    return _READ[sort](array, bad, name)


def is_list(kind: Any) -> bool:
    """Say whether an Arrow type is a list of any sort."""
    import pyarrow.types as pt

    return bool(pt.is_list(kind) or pt.is_large_list(kind) or pt.is_fixed_size_list(kind))


def _learnt(texts: Any, bad: BadCells, name: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = pc.dictionary_encode(texts)
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    uniques = pc.utf8_trim_whitespace(coded.dictionary)
    counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
    if not len(uniques):
        return pa.nulls(len(texts))  # no type yet
    words = pc.utf8_lower(uniques).to_pylist()
    missing = np.array([one in MISSING for one in words], np.bool_)
    for sort, fits in _fitting(uniques, words).items():
        wrong = ~fits
        if not wrong.any():
            return _READ[sort](texts, bad, name)
        rest = wrong & ~missing
        few = 2 * counts[wrong].sum() < counts.sum()
        if fits.any() and (few or not rest.any()):
            bad(np.append(wrong, False)[codes], FITS[sort])
            return texts
    return texts


def _fitting(uniques: Any, words: list[str]) -> dict[Sort, BoolArray]:
    """Return by sort which of the distinct texts fit it; sorts that are ruled out are absent."""
    found: dict[Sort, BoolArray] = {}
    given = set(words)
    known = given if given == {"t", "f"} else set().union(*(p for p in LEARNT_PAIRS if p & given))
    if known:
        found["boolean"] = np.array([one in known for one in words], np.bool_)
    if not _matches(uniques, NOT_A_NUMBER).any():
        numeric = _matches(uniques, NUMBER)
        if numeric.any() and not _are_codes(uniques.filter(numeric).to_pylist()):
            numeric[numeric] = ~parse_numbers(uniques.filter(numeric))[1]
            found["number"] = numeric
    dates = _matches(uniques, DATE)
    if dates.any():
        dates[dates] = ~parse_times(uniques.filter(dates), name="")[1]
        found["time"] = dates
    return found


def _are_codes(numbers: list[str]) -> bool:
    """Say whether distinct numbers are rather versions (1.9, 1.10) or hexadecimal (1e5, 100000)."""
    fractions = [one.partition(".")[2] for one in numbers if "." in one]
    lengths = {len(one) for one in fractions}
    if len(lengths) > 1 and any(len(one) > 1 and one.endswith("0") for one in fractions):
        return True
    powers = {float(one) for one in numbers if "e" in one.lower()}
    plain = [float(one) for one in numbers if "e" not in one.lower()] if powers else []
    return any(one in powers for one in plain)


def _matches(texts: Any, pattern: str) -> BoolArray:
    import pyarrow.compute as pc

    found = pc.match_substring_regex(texts, pattern)
    return np.array(found.to_numpy(zero_copy_only=False), np.bool_)


def _read_text(array: Any, bad: BadCells, name: str) -> Any:  # noqa: ARG001
    return as_text(array, name=name)


def _read_list(array: Any, bad: BadCells, name: str) -> Any:  # noqa: ARG001
    return listed(array, name=name)


def _read_time(array: Any, bad: BadCells, name: str) -> Any:
    import pyarrow as pa

    times, wrong = parse_times(array, name=name)
    bad(wrong, FITS["time"])
    return pa.array(times, pa.timestamp("us"))


def _read_boolean(array: Any, bad: BadCells, name: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as pt

    if pt.is_boolean(array.type):
        return array
    if pt.is_floating(array.type):
        array = pc.cast(array, pa.int64(), safe=False)
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(as_text(array, name=name)))
    sets = [pa.array(sorted(words), pa.large_string()) for words in (TRUE_WORDS, FALSE_WORDS)]
    is_true, is_false = (pc.is_in(texts, value_set=words) for words in sets)
    bad(np.asarray(pc.and_(pc.is_valid(texts), pc.invert(pc.or_(is_true, is_false)))),
        FITS["boolean"])  # fmt: skip
    return pc.if_else(texts.is_valid(), is_true, pa.scalar(None, pa.bool_()))


def _read_number(array: Any, bad: BadCells, name: str) -> Any:
    """Return int64 where all are whole, float64 where that is exact, else decimal128."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as pt

    if pt.is_integer(array.type):
        return _first_cast(array, (pa.int64(),), otherwise=array.cast(pa.decimal128(20, 0)))
    if pt.is_boolean(array.type):
        bad(np.asarray(array.is_valid()), FITS["number"])
        return pa.nulls(len(array), pa.int64())
    if pt.is_decimal(array.type):  # Arrow's own way from decimal to float64 is a bit off
        array = as_text(array, name=name)
    numbers, wrong = parse_numbers(array)
    bad(wrong, FITS["number"])
    floats = pa.array(numbers, pa.float64(), from_pandas=True)
    if pt.is_floating(array.type) or wrong.any():
        return floats
    texts = pc.utf8_trim_whitespace(as_text(array, name=name))
    whole = _first_cast(texts, (pa.int64(),), otherwise=None)
    if whole is not None:
        return whole
    given = [one for one in texts.unique().to_pylist() if one is not None]
    long = [Decimal(one) for one in given if len(one) > 15]  # float64 holds 15 digits exactly
    if all(Decimal(repr(float(one))) == one for one in long):
        return floats
    scale = max(0, *(-int(Decimal(one).as_tuple().exponent) for one in given))
    return _first_cast(texts, (pa.decimal128(38, scale),), otherwise=texts)


def _first_cast(array: Any, kinds: Sequence[Any], *, otherwise: Any) -> Any:
    """Return the array as the first of some types that holds it exactly."""
    import pyarrow as pa

    for kind in kinds:
        try:
            return array.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return otherwise


_READ: Mapping[str, Callable[[Any, BadCells, str], Any]] = {
    "text": _read_text, "number": _read_number, "boolean": _read_boolean, "time": _read_time,
    "list": _read_list,
}  # fmt: skip


def conformed(new: Any, old: Any, *, name: str) -> Any:
    """Return new cells in the sort that a column has already.

    Parameters
    ----------
    new, old : pyarrow.Array or ChunkedArray
        What comes and what is there; all nulls go with any sort.

    Raises
    ------
    DataError
        If a cell is of another sort.
    """
    import pyarrow as pa

    if new.type == old.type or _is_open(old):
        return new
    if new.null_count == len(new):
        return pa.nulls(len(new), old.type)
    sort, array = sort_of(old.type), _combined(new)

    def bad(wrong: BoolArray, must: str) -> None:
        if wrong.any():
            shown = array.filter(pa.array(wrong))[0].as_py()
            raise DataError(
                f"{name} {must.partition(',')[0]}, as it was before; got {clip(repr(shown))} in "
                f"{int(wrong.sum())} row(s). Correct the cells, or fit anew with the other type."
            )

    if is_list(old.type) != is_list(array.type):
        bad(np.asarray(array.is_valid()), f"must hold {'lists' if is_list(old.type) else sort}")
    typed = typed_array(array, sort, bad, name=name)
    return _first_cast(typed, (old.type,), otherwise=typed)


def widest(a: Any, b: Any) -> Any:
    """Return the type that holds columns of two types of one sort exactly."""
    import pyarrow as pa
    import pyarrow.types as pt

    if a == b or pt.is_null(b):
        return a
    if sort_of(a) != "number" or sort_of(b) != "number":
        return b
    scales = [one.scale for one in (a, b) if pt.is_decimal(one)]
    return pa.decimal128(38, max(scales)) if scales else pa.float64()


def id_sort(array: Any) -> str:
    """Return the sort of ids in an Arrow array, for messages."""
    import pyarrow.types as pt

    if pt.is_integer(array.type):
        return "int"
    return "uuid" if pt.is_fixed_size_binary(array.type) else "text"


def _is_open(column: Any) -> bool:
    """Say whether a column may still become of any type: nothing was given or declared."""
    import pyarrow.types as pt

    if pt.is_large_string(column.type):  # of a form that was saved before
        return bool(0 < len(column) == column.null_count)
    return bool(pt.is_null(column.type))


def _combined(column: Any) -> Any:
    import pyarrow as pa

    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
