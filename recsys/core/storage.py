"""Atomic writes of files and folders, and SHA-256."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from recsys.core.errors import DataError

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextmanager
def atomic_file(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Write a file that appears whole on success and not at all on failure.

    Parameters
    ----------
    path : Path
        The final place; an existing file is replaced at the end. Parent folders are made.
    mode : str
        "w" (UTF-8 text; lines end in a bare newline on every system) or "wb".

    Raises
    ------
    DataError
        If ``path`` is a folder, or its parent cannot be made.
    """
    path = Path(path)
    if path.is_dir():
        raise DataError(f"{path} must be a file to write; it is a folder. Give a file name in it.")
    temporary = _neighbour(path)
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    try:
        with open(temporary, mode.replace("w", "x"), **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


@contextmanager
def atomic_folder(path: Path, *, marker: str) -> Iterator[Path]:
    """Fill a temporary neighbour of ``path`` that takes its place on success.

    Parameters
    ----------
    path : Path
        The final place.
    marker : str
        A file that an existing folder at ``path`` must hold before it is replaced, so that a
        folder of other files is never deleted.

    Raises
    ------
    DataError
        If ``path`` exists and is not a folder of that sort (an empty folder is fine), or its parent
        cannot be made.

    Notes
    -----
    An existing folder is moved aside before the new one takes its name: two renames. A process
    killed between the two leaves the old folder whole in a hidden neighbour, ``.NAME.XXXXXXXX``.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise DataError(f"{path} must be a folder to write; it is a file.")
    if path.is_dir() and any(path.iterdir()) and not (path / marker).exists():
        raise DataError(
            f"{path} must be empty, new or a folder with {marker}; it holds other files. "
            "Choose another name."
        )
    temporary = _neighbour(path)
    temporary.mkdir()
    try:
        yield temporary
        for part in temporary.rglob("*"):
            fsync_folder(part) if part.is_dir() else _fsync(part)
        fsync_folder(temporary)
        _swap(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    fsync_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock beside ``path``, so that no other process does the same work at the same time.

    Parameters
    ----------
    path : Path
        The file or folder that is to be written; the lock is ``.NAME.lock`` beside it, and is
        gone afterwards. A process that is killed leaves no lock behind.

    Raises
    ------
    DataError
        If another process, or thread, holds it.

    Notes
    -----
    On systems without ``fcntl`` nothing is locked.
    """
    if fcntl is None:
        yield
        return
    lock = path.with_name(f".{path.name}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if lock.exists() and os.path.samestat(os.fstat(handle), lock.stat()):
                break  # else who held it took the file away meanwhile
        except BlockingIOError as err:
            os.close(handle)
            raise DataError(
                f"{path} must be written by one run at a time; another one is writing it. "
                "Wait for its end."
            ) from err
        os.close(handle)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(handle)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hex text, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def fsync_folder(path: Path) -> None:
    """Make a rename in ``path`` durable; a no-op where folders cannot be opened (Windows)."""
    if os.name == "posix":
        _fsync(path)


def _swap(temporary: Path, path: Path) -> None:
    if not path.exists():
        os.replace(temporary, path)
        return
    old = _neighbour(path)
    os.replace(path, old)  # two renames: a folder cannot replace a non-empty folder
    try:
        os.replace(temporary, path)
    except BaseException:
        os.replace(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _neighbour(path: Path) -> Path:
    # Not from tempfile: its names get mode 0600, and the umask cannot be asked without setting it.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise DataError(
            f"the folder of {path} must exist or be possible to make; {err.strerror}. "
            "Choose another place."
        ) from err
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _fsync(path: Path) -> None:
    # Windows flushes only what is open for writing; elsewhere reading is enough.
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
