"""JSON output, written whole or not at all."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recsys.core.errors import DataError
from recsys.core.storage import atomic_file

STDOUT = Path("-")
MARKER = "manifest.json"


def answer(record: Any, *, json_file: Path | None, show: Callable[[], None]) -> None:
    """Write the record as JSON if asked, and print it for people unless JSON goes to stdout.

    Parameters
    ----------
    record : object
        Plain values; numpy's numbers, times and other ids are made plain.
    json_file : Path or None
        ``-`` is stdout; None writes nothing.
    show : callable
        Prints for people.
    """
    if json_file == STDOUT:
        _print_json(record)
        return
    if json_file is not None:
        write_json(record, json_file)
    show()


def write_json(record: Any, path: Path) -> None:
    """Write a record to a file, whole or not at all.

    Raises
    ------
    DataError
        If ``path`` is a folder.
    """
    with atomic_file(path) as file:
        file.write(_text(record, ascii_only=False))


def check_json_file(path: Path | None) -> None:
    """Raise before the work if the record could not be written after it.

    Raises
    ------
    DataError
        If ``path`` is a folder.
    """
    if path is not None and path != STDOUT and path.is_dir():
        raise DataError(f"--json must name a file; {path} is a folder. Give a file name in it.")


def check_model_folder(path: Path) -> None:
    """Raise before the work if the model could not be saved after it.

    Raises
    ------
    DataError
        If ``path`` is a file, or a folder that holds something else.
    """
    if path.exists() and not path.is_dir():
        raise DataError(f"--out must name a folder; {path} is a file. Choose another name.")
    if path.is_dir() and any(path.iterdir()) and not (path / MARKER).exists():
        raise DataError(
            f"--out must name a new or empty folder, or an earlier model; {path} holds other "
            "files. Choose another name."
        )


def _print_json(record: Any) -> None:
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    sys.stdout.write(_text(record, ascii_only=encoding != "utf8"))
    sys.stdout.flush()


def _text(record: Any, *, ascii_only: bool) -> str:
    plain = as_plain(record)
    return json.dumps(plain, ensure_ascii=ascii_only, indent=1, allow_nan=False) + "\n"


def as_plain(value: Any) -> Any:
    """Return a value of JSON types: NaN and infinities become null, other types text.

    Examples
    --------
    >>> as_plain({"a": float("nan"), "b": (1, 2)})
    {'a': None, 'b': [1, 2]}
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): as_plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(one) for one in value]
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return as_plain(value.tolist())
    return str(value)
