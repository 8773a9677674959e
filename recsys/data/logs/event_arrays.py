"""Select, concatenate and save all columns of an event log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.data.text_codes import PARTS, from_text_arrays, joined, text_arrays

Columns: TypeAlias = dict[str, Any]
"""Numpy arrays, and pyarrow dictionary arrays of text; None for a column that was not given."""

NUMERIC = ("user_rows", "item_rows", "kind_codes", "values", "occurred_at")

AMOUNTS = "amounts"

TEXTUAL = {
    "session_ids": "session_id",
    "request_ids": "request_id",
    "event_ids": "event_id",
    "currency": "currency",
}
"""Text columns, and what the contract calls them."""

ALL = (*NUMERIC, AMOUNTS, *TEXTUAL)


def picked(columns: Columns, positions: npt.NDArray[np.int64]) -> Columns:
    """Return the rows at ``positions``, in that order."""
    import pyarrow as pa

    wanted = pa.array(positions)
    return {
        name: None
        if column is None
        else column.take(wanted)
        if name in TEXTUAL
        else column[positions]
        for name, column in columns.items()
    }


def stacked(bundles: Sequence[Columns]) -> Columns:
    """Return bundles one after the other; a column absent in one counts as not given there."""
    lengths = [len(one["user_rows"]) for one in bundles]
    out: Columns = {name: np.concatenate([one[name] for one in bundles]) for name in NUMERIC}
    out |= {name: joined([one[name] for one in bundles], lengths) for name in TEXTUAL}
    amounts = [one[AMOUNTS] for one in bundles]
    out[AMOUNTS] = None
    if any(one is not None for one in amounts):
        filled = [
            np.full(length, np.nan) if one is None else one
            for one, length in zip(amounts, lengths, strict=True)
        ]
        out[AMOUNTS] = np.concatenate(filled)
    return out


def to_arrays(columns: Columns) -> dict[str, npt.NDArray[Any]]:
    """Return plain arrays to save; a text column becomes three."""
    arrays: dict[str, npt.NDArray[Any]] = {
        name: columns[name] for name in (*NUMERIC, AMOUNTS) if columns[name] is not None
    }
    for name in TEXTUAL:
        if columns[name] is not None:
            parts = text_arrays(columns[name])
            arrays.update({f"{name}.{part}": array for part, array in parts.items()})
    return arrays


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> Columns:
    """Take what :func:`to_arrays` gave; memory-mapped arrays are used in place."""
    columns: Columns = {name: arrays[name] for name in NUMERIC}
    columns[AMOUNTS] = arrays.get(AMOUNTS)
    for name in TEXTUAL:
        columns[name] = None
        if f"{name}.codes" in arrays:
            columns[name] = from_text_arrays({part: arrays[f"{name}.{part}"] for part in PARTS})
    return columns
