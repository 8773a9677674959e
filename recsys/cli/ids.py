"""Ids from options and files, converted to the type of the model's ids."""

from __future__ import annotations

import gzip
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.core.errors import DataError, clip

if TYPE_CHECKING:
    from recsys.data import IdMap

MAX_CHARS = 1024
STDIN = Path("-")


def given_ids(
    typed: Sequence[str] | None, path: Path | None, *, option: str, column: str
) -> list[str]:
    """Return the ids typed, then those of a file.

    Parameters
    ----------
    typed : sequence of str or None
        From a repeated option.
    path : Path or None
        See :func:`read_ids`.
    option : str
        The option's name, for messages.
    column : str
        The column to take if the file is a table.

    Raises
    ------
    DataError
        If an id is empty or too long, or the file cannot be read.
    """
    ids = [_checked(one, option) for one in typed or ()]
    return ids if path is None else ids + read_ids(path, column=column)


def read_ids(path: Path, *, column: str) -> list[str]:
    """Return the ids of a file: one a line, or the column of a table that has it.

    Parameters
    ----------
    path : Path
        UTF-8 text, ``.gz`` packed or not; ``-`` is stdin. Blank lines are skipped. A table is CSV
        with the column in its header, in any case, or JSON Lines.
    column : str
        "user_id" or "item_id".

    Raises
    ------
    DataError
        If the file cannot be read, holds no id, or an id is empty or too long: file and line.
    """
    try:
        text = _read(path).decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise DataError(
            f"{path} must be UTF-8 text; byte {err.start} is not. Save it as UTF-8."
        ) from err
    ids = list(_lines(path, text, column))
    if not ids:
        raise DataError(f"{path} must hold at least one id; it holds none. Write one a line.")
    return ids


def as_known(typed: Sequence[str], known: IdMap) -> list[Any]:
    """Return typed ids in the type that the model's ids have.

    An id that cannot be converted stays text, and is unknown to the model.
    """
    if known.kind == "int":
        return [_as_int(one) for one in typed]
    if known.kind == "uuid":
        return [_as_uuid(one) for one in typed]
    return list(typed)


def _read(path: Path) -> bytes:
    if path == STDIN:
        return sys.stdin.buffer.read()
    if path.is_dir():
        raise DataError(f"{path} must be a file of ids; it is a folder.")
    if not path.exists():
        raise DataError(f"{path} must be a file of ids; there is none. Check the path.")
    data = path.read_bytes()
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as err:
        raise DataError(f"{path} must be a whole gzip file; it is damaged. Copy it again.") from err


def _lines(path: Path, text: str, column: str) -> Iterator[str]:
    from recsys.data import id_cells

    cells = id_cells(text.encode(), str(path), column=column) if text.strip() else []
    if cells is None:
        lines = [line.removesuffix("\r") for line in text.split("\n")]
        cells = [(at, _unquoted(one)) for at, one in enumerate(lines, start=1) if one.strip()]
    for number, cell in cells:
        yield _checked(cell, f"{path}, line {number}")


def _unquoted(line: str) -> str:
    """Return a line that is one quoted field without its quotes."""
    is_quoted = len(line) > 1 and line[0] == line[-1] == '"'
    return line[1:-1].replace('""', '"') if is_quoted else line


def _checked(one: str, where: str) -> str:
    if not 1 <= len(one) <= MAX_CHARS:
        raise DataError(
            f"{where}: an id must have 1 to {MAX_CHARS:,} characters; got {len(one):,}"
            + (f": {clip(one)!r}." if one else ".")
        )
    if not one.isascii():
        try:
            one.encode()
        except UnicodeEncodeError as err:
            raise DataError(f"{where}: an id must be UTF-8; got {clip(ascii(one))}.") from err
    return one


def _as_int(one: str) -> int | str:
    try:
        number = int(one)
    except ValueError:
        return one
    return number if str(number) == one else one


def _as_uuid(one: str) -> uuid.UUID | str:
    try:
        return uuid.UUID(one)
    except ValueError:
        return one
