"""Files as tables: gzip and format are recognised by content."""

from __future__ import annotations

import difflib
import gzip
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from recsys.core.errors import DataError, clip
from recsys.data.readers.column_names import bare_name
from recsys.data.readers.columns import text_column
from recsys.data.readers.csv_file import csv_source, header_line
from recsys.data.readers.frames import refuse_repeated_names
from recsys.data.readers.json_lines import json_source
from recsys.data.readers.source import RowReport, SourceTable, rename

GZIP = b"\x1f\x8b"

PARQUET = b"PAR1"

JSON_ENDINGS = (".jsonl", ".ndjson", ".json")

FOREIGN = {
    b"PK\x03\x04": "a zip or Excel file: export it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file: export it as CSV",
    b"%PDF": "a PDF",
    b"BZh": "compressed by bzip2: unpack it, or use gzip",
    b"\xfd7zXZ": "compressed by xz: unpack it, or use gzip",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: unpack it, or use gzip",
    b"ARROW1": "an Arrow file: hand it over as a dataframe, or save it as Parquet",
    b"SQLite format 3": "an SQLite database: export the table as CSV",
}

TEXTS = {
    b"<!doctype html": "a page of HTML: look at what was downloaded",
    b"<html": "a page of HTML: look at what was downloaded",
    b"<?xml": "XML: export it as CSV",
    b"version https://git-lfs": "a Git LFS pointer, not the file: run git lfs pull",
}
"""Beginnings, in lower case, of texts that are no tables."""

CONTROL = frozenset({*range(9), *range(14, 27), *range(28, 32)})
"""Bytes that no text holds."""

WANTED = "must be CSV, JSON Lines (either may be gzipped) or Parquet"


def read_source(
    path: str | Path, *, columns: Mapping[str, str] | None = None, known: Iterable[str] = ()
) -> SourceTable:
    """Read a file, whatever its format, under the contract's column names.

    Parameters
    ----------
    path : path
        CSV, JSON Lines (either gzipped, whatever the name says) or Parquet; UTF-8.
    columns : mapping or None
        Contract name to name in the file.
    known : iterable of str
        The contract's column names for this sort of file.

    Raises
    ------
    DataError
        If there is no such file, it is empty, damaged, in another format or encoding.
    """
    path = Path(path)
    source = _parsed(path)
    refuse_repeated_names([str(one) for one in source.table.column_names], source.name)
    source = rename(source, dict(columns or {}), known=known)
    if not source.n_rows and not source.ragged:
        raise DataError(f"{path} must hold at least one row; it has a header only.")
    return source


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked if it is gzip.

    Raises
    ------
    DataError
        If there is no such file, it is a folder, unreadable, empty or a damaged gzip.
    """
    raw = _raw(path)
    if raw[:2] == GZIP:
        raw = _unpacked(raw, path)
    if not raw[:4096].strip() and not raw.strip():  # strip copies: not the whole of a gigabyte
        raise DataError(f"{path} must hold a header and rows; it is empty.")
    return raw


def _raw(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise IsADirectoryError
        return path.read_bytes()
    except IsADirectoryError:
        raise DataError(f"{path} must be a file; it is a folder. Name the file(s) in it.") from None
    except FileNotFoundError:
        raise DataError(f"{path} must be a file; there is none.{_nearest(path)}") from None
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or str(err)
        raise DataError(f"{clip(str(path), 200)} must be readable; {reason}.") from err


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return f" There is no folder {path.parent} either."
    names = [one.name for one in path.parent.iterdir() if one.is_file()]
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f" Did you mean {path.parent / near[0]}?" if near else ""


def _unpacked(raw: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(raw)
    except EOFError as err:
        raise DataError(
            f"{path} must be a whole gzip file; it ends in the middle. Copy or download it again."
        ) from err
    except (OSError, zlib.error) as err:
        raise DataError(f"{path} must be a sound gzip file; {clip(str(err))}.") from err


def _parsed(path: Path) -> SourceTable:
    raw = read_bytes(path)
    if raw[:4] == PARQUET:
        return _parquet_source(raw, path)
    for magic, what in FOREIGN.items():
        if raw.startswith(magic):
            raise DataError(f"{path} {WANTED}; it is {what}.")
    raw = _utf8(raw, path)
    start = raw[:512].lstrip().lower()
    for beginning, what in TEXTS.items():
        if start.startswith(beginning):
            raise DataError(f"{path} {WANTED}; it is {what}.")
    if _is_json(raw, path):
        return json_source(raw, str(path))
    return csv_source(raw, str(path))


def _utf8(raw: bytes, path: Path) -> bytes:
    """Return text without its byte order mark.

    Raises
    ------
    DataError
        If it is another encoding, or no text at all.
    """
    for mark, name in ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if raw.startswith(mark):
            raise DataError(f"{path} must be UTF-8; it is {name}. Save it as UTF-8.")
    zero = raw.find(b"\x00")
    if zero >= 0:
        line = raw.count(b"\n", 0, zero) + 1
        raise DataError(f"{path} {WANTED}; line {line} holds a zero byte: this is no text.")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    wrong = _first_wrong_byte(raw)
    if wrong is not None and CONTROL & set(raw[:4096]):
        raise DataError(f"{path} {WANTED}; its beginning is no text.")
    if wrong is not None:
        line = raw.count(b"\n", 0, wrong) + 1
        raise DataError(
            f"{path} must be UTF-8; line {line} holds the byte 0x{raw[wrong]:02x}, which is none. "
            "Save it as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8)."
        )
    return raw


def _first_wrong_byte(raw: bytes) -> int | None:
    import pyarrow as pa

    # validate(full=True) checks UTF-8 at gigabytes a second, and makes no second copy.
    offsets = pa.array([0, len(raw)], pa.int64()).buffers()[1]
    whole = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(raw)])
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        try:
            raw.decode()
        except UnicodeDecodeError as err:
            return err.start
    return None


def _is_json(raw: bytes, path: Path) -> bool:
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(JSON_ENDINGS) or raw[:64].lstrip().startswith(b"{")


def _parquet_source(raw: bytes, path: Path) -> SourceTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(raw)).read()
    except (pa.ArrowException, OSError) as err:
        raise DataError(
            f"{path} must be a sound Parquet file; {clip(str(err).splitlines()[0], 100)}."
        ) from err
    return SourceTable(table, str(path), "row", lambda positions: [int(one) for one in positions])


def id_cells(raw: bytes, name: str, *, column: str) -> list[tuple[int, str]] | None:
    """Return the ids in a table of any text format, each with its line.

    Parameters
    ----------
    raw : bytes
        UTF-8, unpacked.
    name : str
        What to call the file in a message.
    column : str
        "user_id" or "item_id"; the header may write it in any case.

    Returns
    -------
    list of (line, text) or None
        "" where the cell is empty; None if it is no table: neither JSON Lines nor CSV with that
        column in its header.

    Raises
    ------
    DataError
        If it is such a table, and cannot be read.
    """
    is_json = raw[:64].lstrip().startswith(b"{")
    header = re.split(r"[,;\t]", header_line(raw).replace('"', ""))
    if not is_json and bare_name(column) not in map(bare_name, header):
        return None
    source = json_source(raw, name) if is_json else csv_source(raw, name)
    names = {bare_name(one): one for one in source.table.column_names}
    source = rename(source, {column: names.get(bare_name(column), column)}, known=(column,))
    source.require(column)
    RowReport(source, "stop").finish()
    texts = text_column(source, column).to_pylist()
    lines = source.lines_of(list(range(len(texts))))
    return [(line, text or "") for line, text in zip(lines, texts, strict=True)]
