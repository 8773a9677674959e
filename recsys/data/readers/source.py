"""Unchecked input table, and the report of its bad rows."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray
from recsys.core.errors import ConfigError, DataError, RecsysWarning, clip
from recsys.data.readers.column_names import (
    USUAL_NAMES,
    check_columns,
    likely_columns,
    unread_message,
)

OnBadRow: TypeAlias = Literal["stop", "skip"]

Positions: TypeAlias = npt.NDArray[np.int64]

BLOCK_BYTES = 8 << 20
"""Arrow reads in blocks of this size; a longer row takes the slow way."""

MAX_LISTED = 1000
"""So many bad rows are kept one by one; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that was left out.

    Attributes
    ----------
    file : str
        The file, or "the frame".
    line : int
        The line in the file where the row begins, counted from 1 with the header;
        in a frame or a Parquet file the row, counted from 0.
    column : str
        The column, by its name in the file.
    reason : str
        What must hold, and what came.
    """

    file: str
    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class SourceTable:
    """A table under the contract's column names, and where its rows came from.

    Attributes
    ----------
    table : pyarrow.Table
        Columns still as they came: text from a CSV file, any type from a frame.
    name : str
        The file as the caller named it, or "the frame".
    unit : {"line", "row"}
        What :attr:`lines_of` counts.
    lines_of : callable
        From positions in ``table`` to numbers for a message; only called when a row is bad.
    ragged : tuple of BadRow
        Lines of a CSV file whose number of fields differs from the header's.
    renamed : mapping
        Contract name to name in the file, where they differ.
    index_name : str or None
        Name of the index of a pandas frame.
    types : mapping
        Declared sort of columns: the part after the colon in ``columns={"code": "code:text"}``.
    """

    table: Any
    name: str
    unit: Literal["line", "row"]
    lines_of: Callable[[Sequence[int]], list[int]]
    ragged: tuple[BadRow, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    types: dict[str, Any] = field(default_factory=dict)
    index_name: str | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    def has(self, column: str) -> bool:
        """Say whether the table has a column of that name."""
        return column in self.table.column_names

    def column(self, column: str) -> Any:
        """Return a column as one Arrow array."""
        chunked = self.table.column(column)
        return chunked.chunk(0) if chunked.num_chunks == 1 else _combined(chunked)

    def file_name(self, column: str) -> str:
        """Return what the file calls the contract's ``column``."""
        return self.renamed.get(column, column)

    def require(self, *columns: str) -> None:
        """Raise unless every one of ``columns`` is there.

        Raises
        ------
        DataError
            Naming the nearest columns that exist, and how to rename.
        """
        for column in columns:
            if not self.has(column):
                raise DataError(self._missing(column))

    def _missing(self, column: str) -> str:
        have = list(map(str, self.table.column_names))
        likely = likely_columns(have, [column])
        free = [one for one in have if one not in USUAL_NAMES]
        near = list(likely.values()) or difflib.get_close_matches(column, free, n=3, cutoff=0.5)
        shown = ", ".join(clip(repr(one), 40) for one in (near or have[:8]))
        label = "nearest" if near else "it has"
        example = near[0] if near else "ITS_NAME"
        if self.index_name == column:
            return (
                f"{self.name} must have a column {column!r}; it is the index of the frame. "
                "Hand over frame.reset_index()."
            )
        return (
            f"{self.name} must have a column {column!r}; {label}: {shown or 'no columns'}. "
            f"Rename with --columns {column}={clip(example, 40)} "
            f"(Python: columns={{{column!r}: {clip(example, 40)!r}}})."
        )


def _combined(chunked: Any) -> Any:
    import pyarrow as pa

    if chunked.num_chunks == 0:
        return pa.array([], chunked.type)
    if pa.types.is_string(chunked.type) or pa.types.is_binary(chunked.type):
        chunked = chunked.cast(  # 32-bit offsets hold 2 GB only
            pa.large_string() if pa.types.is_string(chunked.type) else pa.large_binary()
        )
    return chunked.combine_chunks()


class RowReport:
    """Collects the bad rows of one source while its columns are read.

    Parameters
    ----------
    source : SourceTable
        Where the rows came from.
    on_bad_row : {"stop", "skip"}
        "stop" raises at the first bad row of the source, "skip" leaves bad rows out.

    Raises
    ------
    ConfigError
        If ``on_bad_row`` is neither.
    """

    def __init__(self, source: SourceTable, on_bad_row: OnBadRow) -> None:
        if on_bad_row not in ("stop", "skip"):
            raise ConfigError(f"on_bad_row must be 'stop' or 'skip'; got {on_bad_row!r}.")
        self.source = source
        self.stop = on_bad_row == "stop"
        self._found: list[tuple[Positions, str, Callable[[int], str]]] = []

    def bad(self, wrong: Any, column: str, reason: Callable[[int], str] | str) -> None:
        """Note that rows are bad.

        Parameters
        ----------
        wrong : (n_rows,) bool, or positions
            Which rows.
        column : str
            By its contract name.
        reason : str or callable
            What must hold and what came; a callable is given the position.
        """
        wrong = np.asarray(wrong)
        positions = np.flatnonzero(wrong) if wrong.dtype == np.bool_ else wrong.astype(np.int64)
        if len(positions):
            make = (lambda _: reason) if isinstance(reason, str) else reason
            self._found.append((positions, column, make))

    @property
    def wrong(self) -> Positions:
        """The positions of all rows noted so far, sorted, each once."""
        if not self._found:
            return np.empty(0, np.int64)
        return np.unique(np.concatenate([positions for positions, _, _ in self._found]))

    def finish(self) -> tuple[BoolArray | None, tuple[BadRow, ...], int]:
        """Settle the matter.

        Returns
        -------
        keep : (n_rows,) bool or None
            Which rows are good; None if all are.
        skipped : tuple of BadRow
            The first of those left out, by line.
        n_skipped : int
            How many were left out in all.

        Raises
        ------
        DataError
            If a row is bad and the report was made to stop: about the first one, with the count.
        """
        wrong = self.wrong
        n_bad = len(wrong) + len(self.source.ragged)
        if not n_bad:
            return None, (), 0
        listed = self._listed(wrong[: 1 if self.stop else MAX_LISTED])
        if self.stop:
            raise DataError(self._message(listed[0], n_bad))
        keep = np.ones(self.source.n_rows, np.bool_)
        keep[wrong] = False
        return keep, tuple(listed[:MAX_LISTED]), n_bad

    def _listed(self, positions: Positions) -> list[BadRow]:
        lines = self.source.lines_of(positions.tolist())
        reasons = self._reasons(set(positions.tolist()))
        rows = [
            BadRow(self.source.name, line, self.source.file_name(reasons[at][0]), reasons[at][1])
            for at, line in zip(positions.tolist(), lines, strict=True)
        ]
        return sorted([*rows, *self.source.ragged], key=lambda one: one.line)

    def _reasons(self, positions: set[int]) -> dict[int, tuple[str, str]]:
        reasons: dict[int, tuple[str, str]] = {}
        for found, column, make in self._found:
            for at in positions.intersection(found.tolist()) - reasons.keys():
                reasons[at] = (column, make(at))
        return reasons

    def _message(self, first: BadRow, n_bad: int) -> str:
        more = f" {n_bad - 1} more row(s) are bad." if n_bad > 1 else ""
        return (
            f"{first.file}, {self.source.unit} {first.line}, column {first.column}: "
            f"{first.reason}{more} Correct the data, or leave bad rows out with "
            "--on-bad-row skip (Python: on_bad_row='skip')."
        )


SORTS = ("text", "number", "boolean", "time", "list")
"""Types that ``columns`` may declare."""


def rename(
    source: SourceTable, columns: dict[str, str] | None, *, known: Iterable[str]
) -> SourceTable:
    """Return the source with the caller's names replaced by the contract's.

    Parameters
    ----------
    source : SourceTable
        As read.
    columns : mapping or None
        Contract name to name in the file, which may end in a colon and the type of an attribute:
        ``{"code": "code:text"}``. A pair that concerns no column of this sort of file is left to
        the other files.
    known : iterable of str
        The contract's column names for this sort of file.

    Raises
    ------
    DataError
        If a column to rename is not in the file, and its contract name is not either; or if a
        contract name is misspelt.

    Warns
    -----
    RecsysWarning
        If a column that nothing reads has the usual name of one that is missing.
    """
    names = [str(name) for name in source.table.column_names]
    contract = tuple(known)
    check_columns(source.name, columns or {}, names, contract)
    renamed: dict[str, str] = {}
    types: dict[str, str] = {}
    for ours, given in (columns or {}).items():
        theirs, _, sort = given.rpartition(":")
        if theirs in names and given not in names and sort not in SORTS:
            raise DataError(
                f"columns may end in a type ({', '.join(SORTS)}); got {given!r} for {ours!r}."
            )
        if given in names or sort not in SORTS:
            theirs = given
        elif theirs in names:
            types[ours] = sort
        if theirs in names:
            renamed[ours] = theirs
        elif ours in contract and ours not in names:
            near = difflib.get_close_matches(theirs, names, n=3, cutoff=0.4) or names[:8]
            raise DataError(
                f"{source.name} must have the column {theirs!r} that columns names for {ours!r}; "
                f"it has: {', '.join(clip(repr(one), 40) for one in near)}."
            )
    _warn_of_unread(source.name, names, renamed, contract)
    if not renamed:
        return source
    back = {theirs: ours for ours, theirs in renamed.items()}
    kept = [name for name in names if name in back or name not in renamed]
    table = source.table.select(kept).rename_columns([back.get(name, name) for name in kept])
    return SourceTable(
        table, source.name, source.unit, source.lines_of, source.ragged, renamed, types
    )


def _warn_of_unread(
    where: str, names: Sequence[str], renamed: Mapping[str, str], contract: Sequence[str]
) -> None:
    theirs = {one: ours for ours, one in renamed.items()}
    message = unread_message(
        where,
        [theirs.get(one, one) for one in names],
        contract,
        is_log=not {"published_at", "consent"} & set(contract),
    )
    if message:
        warnings.warn(message, RecsysWarning, stacklevel=4)
