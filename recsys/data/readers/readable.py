"""Base of tables that are read from one file or one dataframe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from recsys.data.readers.frames import frame_source
from recsys.data.readers.source import OnBadRow, SourceTable, rename


class ReadableTable:
    """A table with the constructors :meth:`read` and :meth:`from_frame`."""

    __slots__ = ()

    contract: ClassVar[tuple[str, ...]]
    """Names of the columns that are read."""
    frame_name: ClassVar[str]
    """Name of a dataframe in messages."""

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        columns: Mapping[str, str] | None = None,
        on_bad_row: OnBadRow = "stop",
    ) -> Self:
        """Read one file.

        Parameters
        ----------
        path : path
            CSV, JSON Lines (either gzipped) or Parquet.
        columns : mapping or None
            Contract name to name in the file.
        on_bad_row : {"stop", "skip"}
            Raise at the first bad row, or leave bad rows out and list them in ``skipped``.

        Raises
        ------
        DataError
            If the file cannot be read or a row breaks the contract: file, line, column, reason.
        """
        from recsys.data.readers.files import read_source

        return cls._of(read_source(path, columns=columns, known=cls.contract), on_bad_row)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        columns: Mapping[str, str] | None = None,
        on_bad_row: OnBadRow = "stop",
    ) -> Self:
        """Read a dataframe of any library, or a mapping of columns; see :meth:`read`.

        Raises
        ------
        DataError
            If a row or a column breaks the contract.
        """
        source = frame_source(frame, name=cls.frame_name)
        return cls._of(rename(source, dict(columns or {}), known=cls.contract), on_bad_row)

    @classmethod
    def _of(cls, source: SourceTable, on_bad_row: OnBadRow) -> Self:
        raise NotImplementedError
