"""Dataframes of any library as pyarrow tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np

from recsys.core.errors import DataError, clip
from recsys.data.readers.source import SourceTable

FRAME = "the frame"

_ODD = (OverflowError, UnicodeEncodeError)


def frame_source(frame: Any, *, name: str = FRAME) -> SourceTable:
    """Read a dataframe of any library.

    Parameters
    ----------
    frame : pandas, polars, modin, pyarrow or DuckDB table, or mapping of columns
        Lazy frames are collected. A mapping holds sequences of one length.
    name : str
        What to call it in a message.

    Raises
    ------
    DataError
        If it is no table, or a column cannot be read.
    """
    table = to_table(frame, name=name)
    refuse_repeated_names([str(one) for one in table.column_names], name)
    index = getattr(getattr(frame, "index", None), "name", None)
    return SourceTable(
        table,
        name,
        "row",
        lambda positions: [int(one) for one in positions],
        index_name=None if index is None else str(index),
    )


def frame_backend(frame: Any) -> str:
    """Return the library to answer in: "pandas", "polars", or "pyarrow" for any other.

    Examples
    --------
    >>> frame_backend({"user_id": ["ana"]})
    'pyarrow'
    """
    library = type(frame).__module__.partition(".")[0]
    return library if library in ("pandas", "polars") else "pyarrow"


def to_table(frame: Any, *, name: str = FRAME) -> Any:
    """Return a dataframe of any library as a ``pyarrow.Table``.

    Raises
    ------
    DataError
        If it is no table, or a column cannot be read.
    """
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    if isinstance(frame, Mapping):
        return _from_mapping(frame, name)
    if hasattr(frame, "to_arrow_table"):  # a DuckDB relation; narwhals would scan it lazily
        return frame.to_arrow_table()
    return _from_narwhals(frame, name)


def _from_mapping(columns: Mapping[str, Any], name: str) -> Any:
    import pyarrow as pa

    arrays = {str(key): _column(values, f"{name}, column {key}") for key, values in columns.items()}
    lengths = {key: len(values) for key, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{key}: {length}" for key, length in list(lengths.items())[:6])
        raise DataError(f"{name} must have columns of one length; got {shown}.")
    return pa.table(arrays)


def _from_narwhals(frame: Any, name: str) -> Any:
    import narwhals as nw
    import pyarrow as pa

    try:
        wrapped: Any = nw.from_native(frame)
    except TypeError as err:
        raise DataError(
            f"{name} must be a dataframe (pandas, polars, pyarrow, DuckDB, ...) or a mapping of "
            f"columns; got {type(frame).__name__}."
        ) from err
    except ValueError as err:  # pandas allows two columns of one name, narwhals does not
        refuse_repeated_names([str(one) for one in frame.columns], name)
        raise DataError(f"{name} cannot be read: {clip(' '.join(str(err).split()), 120)}.") from err
    if isinstance(wrapped, nw.LazyFrame):
        wrapped = wrapped.collect()
    names = [str(one) for one in wrapped.columns]
    objects = [key for key, kind in wrapped.schema.items() if kind == nw.Object]
    try:
        if not objects:
            return wrapped.to_arrow().select(names)  # pandas adds its index
    except (*_ODD, pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        pass  # a column of mixed sorts: found, and named, one by one
    columns = {str(key): wrapped[key] for key in wrapped.columns}
    return pa.table(
        {key: _series(column, f"{name}, column {key}") for key, column in columns.items()}
    )


def _series(series: Any, name: str) -> Any:
    import narwhals as nw
    import pyarrow as pa

    if series.dtype != nw.Object:
        try:
            return series.to_arrow()
        except (*_ODD, pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            pass
    return _column(series.to_list(), name)


def _column(values: Any, name: str) -> Any:
    import pyarrow as pa

    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "to_arrow"):
        return pa.chunked_array([pa.array(values, from_pandas=True)])
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise DataError(f"{name} must be one-dimensional; got shape {values.shape}.")
    if isinstance(values, np.ndarray) and values.dtype != object:
        return pa.array(values, from_pandas=True)
    return _from_objects(_as_list(values, name), name)


def _as_list(values: Any, name: str) -> list[Any]:
    if isinstance(values, str | bytes):
        raise DataError(f"{name} must be a sequence of values; got one text.")
    if isinstance(values, Mapping | set | frozenset):
        hint = "take to_dict('list') of a frame" if isinstance(values, Mapping) else "sort it"
        raise DataError(
            f"{name} must be a sequence of values; got a {type(values).__name__}: {hint}."
        )
    try:
        return list(values)
    except TypeError as err:
        raise DataError(
            f"{name} must be a sequence of values; got {type(values).__name__}."
        ) from err


def _from_objects(values: list[Any], name: str) -> Any:
    import pyarrow as pa

    if any(isinstance(one, UUID) for one in values):
        from recsys.data.ids.values import uuid_array

        return uuid_array(values, name)
    if any(isinstance(one, list | tuple | set | frozenset) for one in values):
        values = [_plain_entries(one) for one in values]
    try:
        return pa.array(values, from_pandas=True)
    except UnicodeEncodeError:
        return pa.array([whole_text(one) for one in values], from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as err:
        raise DataError(_mixture(values, name, str(err))) from err


def _plain_entries(cell: Any) -> Any:
    """Return a list cell with UUIDs and cut texts as whole texts."""
    if isinstance(cell, set | frozenset):
        cell = sorted(cell, key=str)
    if not isinstance(cell, list | tuple):
        return cell
    return [str(one) if isinstance(one, UUID) else whole_text(one) for one in cell]


def whole_text(value: Any) -> Any:
    """Return a text with U+FFFD for half characters (a text cut between UTF-16 units).

    Lists and mappings are gone through.
    """
    if isinstance(value, list):
        return [whole_text(one) for one in value]
    if isinstance(value, dict):
        return {whole_text(key): whole_text(one) for key, one in value.items()}
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _mixture(values: list[Any], name: str, err: str) -> str:
    sorts: dict[str, int] = {}
    for position, one in enumerate(values):
        if one is not None and one == one:  # noqa: PLR0124  # NaN is a missing value in a frame
            sorts.setdefault(type(one).__name__, position)
    if len(sorts) < 2:
        return f"{name} cannot be read: {clip(err, 120)}."
    shown = " and ".join(
        f"{kind} (row {at}: {clip(repr(values[at]), 40)})" for kind, at in list(sorts.items())[:2]
    )
    return f"{name} must hold one sort of value; it holds {shown}. Turn all of them into text."


def refuse_repeated_names(names: list[str], name: str) -> None:
    """Raise if two columns have one name.

    Raises
    ------
    DataError
        Naming the first such column.
    """
    for one in names:
        if names.count(one) > 1:
            raise DataError(
                f"{name} must have columns of different names; {clip(repr(one))} is there "
                f"{names.count(one)} times. Rename or drop one."
            )
