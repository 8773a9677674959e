"""Paths of the embedded data files."""

from __future__ import annotations

from pathlib import Path

from recsys.core.errors import DataError

FILES = Path(__file__).parent / "files"


def packaged_file(folder: str, name: str) -> Path:
    """Return the path of a packaged file.

    Parameters
    ----------
    folder : str
        "community" or "movies".
    name : str
        The file in it.

    Raises
    ------
    DataError
        If it is not there: the package was installed without its data.
    """
    path = FILES / folder / name
    if not path.is_file():
        raise DataError(f"{folder}/{name} must come with the package; it does not. Reinstall it.")
    return path
