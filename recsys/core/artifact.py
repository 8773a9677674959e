"""Saved form: a folder of named arrays with a manifest."""

from __future__ import annotations

import glob
import hashlib
import json
import re
import time
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.core.arrays import Csr, freeze
from recsys.core.errors import ArtifactError, clip
from recsys.core.storage import sha256

MANIFEST = "manifest.json"

_CHECKSUM = re.compile(rb'\{\n "sha256": "([0-9a-f]{64})",\n')

_NAME = re.compile(r"[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*")

Arrays = Mapping[str, npt.NDArray[Any]]

FoundT = TypeVar("FoundT")

_NO_ARRAY = (
    OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
    MemoryError, RecursionError, SyntaxError, Warning, tokenize.TokenError,
)  # fmt: skip
"""Errors of numpy's parser of headers, which tries Python's tokenizer on a damaged one."""


def write_arrays(folder: Path, arrays: Arrays) -> None:
    """Write each array to ``<folder>/<name>.npy``, never with pickle.

    Parameters
    ----------
    folder : Path
        Exists.
    arrays : mapping of name to array
        Names are words joined by "/"; dtypes are plain (numbers, bool, datetime64).

    Raises
    ------
    ArtifactError
        If an array holds objects.
    """
    for name, array in arrays.items():
        path = folder / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        if array.dtype.hasobject:
            raise ArtifactError(f"array {name!r} must have a plain dtype; got {array.dtype}.")
        np.save(path, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size, SHA-256 and, for arrays, dtype and shape of every file but the manifest."""
    out = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == MANIFEST:
            continue
        entry: dict[str, Any] = {"size": path.stat().st_size, "sha256": sha256(path)}
        if path.suffix == ".npy":
            array = open_array(path)
            entry |= {"dtype": array.dtype.str, "shape": list(array.shape)}
        out[path.relative_to(folder).as_posix()] = entry
    return out


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest, its own SHA-256 first; keys sorted, so equal models have equal bytes."""
    facts = {key: value for key, value in manifest.items() if key != "sha256"}
    text = json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    checksum = hashlib.sha256(text.encode()).hexdigest()
    signed = text.replace("{\n", f'{{\n "sha256": "{checksum}",\n', 1)
    (folder / MANIFEST).write_bytes(signed.encode())


def read_manifest(folder: Path, *, kind: str, major: int) -> dict[str, Any]:
    """Return the manifest of a saved folder.

    Parameters
    ----------
    folder : Path
    kind : str
        What ``format`` must say.
    major : int
        The newest major format version this library reads.

    Raises
    ------
    ArtifactError
        If the folder or its manifest is missing, damaged, of another kind or too new.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise ArtifactError(
            f"a saved model must be a folder; {clip(str(folder), 200)} {what}. "
            "Save one with model.save(path) or `recsys fit --out`."
        )
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtifactError(f"{folder} must hold {MANIFEST}; it does not, so it is no saved model.")
    try:
        raw = path.read_bytes()
        manifest = json.loads(raw.decode("utf-8"))
        found, version = manifest["format"], [int(part) for part in manifest["format_version"]]
        files = manifest["files"]
        names, entries = list(files), list(files.values())
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as err:
        raise ArtifactError(f"{path} is damaged ({type(err).__name__}). Restore or refit.") from err
    if found != kind:
        raise ArtifactError(f"{path} must say format {kind!r}; it says {clip(repr(found))}.")
    if not version or version[0] > major:
        raise ArtifactError(
            f"{folder} has format version {'.'.join(map(str, version))}, newer than {major}.x, "
            "which this library reads. Update recsys-engine, or refit."
        )
    if not _is_signed(raw) and ("sha256" in manifest or version >= [1, 2]):
        raise ArtifactError(
            f"{path} is damaged or was edited: its SHA-256 does not fit. "
            "Restore the folder from a copy, or refit."
        )
    wrong = [name for name in names if not is_safe_name(name)]
    if wrong:
        raise ArtifactError(f"{path} names a file outside the folder: {clip(repr(wrong[0]))}.")
    if not all(isinstance(entry, dict) for entry in entries):
        raise ArtifactError(f"{path} is damaged: a file has no description. Restore or refit.")
    return dict(manifest)


def _is_signed(raw: bytes) -> bool:
    """Return whether a manifest begins with the SHA-256 of the rest; before 1.2 none did."""
    found = _CHECKSUM.match(raw)
    if not found:
        return False
    return hashlib.sha256(b"{\n" + raw[found.end() :]).hexdigest() == found[1].decode()


def read_one_version(folder: Path, read: Callable[[], FoundT]) -> FoundT:
    """Return ``read()`` of a folder that another process may replace meanwhile.

    The stamp of the manifest is compared before and after, and the folder is read again where it
    differs: the answer is of one version, never a mixture of two.

    Raises
    ------
    ArtifactError
        As ``read``, or if the folder is replaced at each of ten attempts.
    """
    for _ in range(10):
        before = _stamp(folder)
        try:
            found = read()
        except ArtifactError:
            if _stamp(folder) == before and not (before is None and _is_being_replaced(folder)):
                raise
            time.sleep(0.01)
        else:
            if _stamp(folder) == before:
                return found
    raise ArtifactError(
        f"{folder} must stay as it is while it is read; another process replaces it all the time. "
        "Load it again later, or save each version under a name of its own."
    )


def _stamp(folder: Path) -> tuple[int, ...] | None:
    try:
        found = (folder / MANIFEST).stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_ctime_ns, found.st_mtime_ns, found.st_size)


def _is_being_replaced(folder: Path) -> bool:
    """Return whether a hidden neighbour shows that :func:`atomic_folder` is at work."""
    try:
        return any(folder.parent.glob(f".{glob.escape(folder.name)}.*"))
    except OSError:
        return False


def check_files(folder: Path, manifest: Mapping[str, Any], *, full: bool) -> None:
    """Check that every file is there in its size; with ``full``, that its SHA-256 is right.

    Raises
    ------
    ArtifactError
        If a file is missing or damaged; the message names it.
    """
    for name, entry in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{path} is missing. Restore the folder from a copy, or refit.")
        if path.stat().st_size != entry.get("size"):
            raise ArtifactError(
                f"{path} must have {entry.get('size')} bytes; it has {path.stat().st_size}. "
                "Restore the folder from a copy, or refit."
            )
        if full:
            check_hash(folder, manifest, name)


def check_hash(folder: Path, manifest: Mapping[str, Any], name: str) -> None:
    """Check one file's SHA-256.

    Raises
    ------
    ArtifactError
        If it differs from the manifest's.
    """
    if sha256(folder / name) != manifest["files"].get(name, {}).get("sha256"):
        raise ArtifactError(
            f"{folder / name} is damaged: its SHA-256 is not the manifest's. "
            "Restore the folder from a copy, or refit."
        )


def read_arrays(folder: Path, manifest: Mapping[str, Any], *, prefix: str) -> dict[str, Any]:
    """Return the arrays below ``prefix`` (name without it), memory-mapped and read-only.

    Raises
    ------
    ArtifactError
        If an array cannot be read, or its dtype or shape is not the manifest's.
    """
    return dict(_arrays(folder, manifest, prefix))


def _arrays(
    folder: Path, manifest: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for name, entry in manifest["files"].items():
        if not (name.startswith(prefix) and name.endswith(".npy")):
            continue
        path = folder / name
        array = open_array(path)
        if array.dtype.str != entry.get("dtype") or list(array.shape) != entry.get("shape"):
            raise ArtifactError(
                f"{path} must be {entry.get('dtype')} {entry.get('shape')}; "
                f"it is {array.dtype.str} {list(array.shape)}. Refit."
            )
        yield name[len(prefix) : -len(".npy")], array


def open_array(path: Path) -> npt.NDArray[Any]:
    """Return the array of a ``.npy`` file, memory-mapped and read-only; an empty one is read.

    Raises
    ------
    ArtifactError
        If the file is missing, or its header is no header of an array without objects.
    """
    try:
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError:  # an empty array cannot be mapped
            array = np.load(path, allow_pickle=False)
    except _NO_ARRAY as err:
        raise ArtifactError(
            f"{path} is damaged or missing ({type(err).__name__}). "
            "Restore the folder from a copy, or refit."
        ) from err
    # a plain view of the map: each slice of a memmap object costs ten times as much
    return freeze(np.asarray(array))


def csr_arrays(name: str, matrix: Csr) -> dict[str, npt.NDArray[Any]]:
    """Return a sparse matrix as four arrays: data, indices, indptr, shape."""
    return {
        f"{name}/data": matrix.data,
        f"{name}/indices": matrix.indices,
        f"{name}/indptr": matrix.indptr,
        f"{name}/shape": np.array(matrix.shape, dtype=np.int64),
    }


def csr_from(name: str, arrays: Arrays) -> Csr:
    """Return the sparse matrix that :func:`csr_arrays` took apart.

    Raises
    ------
    ArtifactError
        If its parts do not fit together: native code would read beyond their end.
    """
    try:
        data, indices = arrays[f"{name}/data"], arrays[f"{name}/indices"]
        indptr = arrays[f"{name}/indptr"]
        n_rows, n_columns = (int(one) for one in arrays[f"{name}/shape"])
    except (KeyError, ValueError) as err:
        raise ArtifactError(f"the saved matrix {name!r} is incomplete. Refit.") from err
    check_csr(name, (data, indices, indptr), shape=(n_rows, n_columns))
    matrix = sp.csr_matrix((n_rows, n_columns), dtype=np.float32)
    matrix.data, matrix.indices, matrix.indptr = data, indices, indptr
    return matrix


def check_csr(name: str, parts: Sequence[npt.NDArray[Any]], *, shape: tuple[int, int]) -> None:
    """Check the data, indices and indptr of a float32 sparse matrix.

    Raises
    ------
    ArtifactError
        If they do not fit together: native code would read beyond their end.
    """
    (data, indices, indptr), (n_rows, n_columns) = parts, shape
    sound = (
        (data.ndim, indices.ndim, indptr.ndim) == (1, 1, 1)
        and data.dtype == np.float32
        and {indices.dtype.str, indptr.dtype.str} <= {"<i4", "<i8"}
        and len(indptr) == n_rows + 1
        and indptr[0] == 0
        and indptr[-1] == len(data) == len(indices)
        and bool(np.all(np.diff(indptr) >= 0))
        and (len(indices) == 0 or (int(indices.min()) >= 0 and int(indices.max()) < n_columns))
    )
    if not sound:
        raise ArtifactError(f"the saved matrix {name!r} is damaged: its parts do not fit. Refit.")


def is_safe_name(name: str) -> bool:
    """Return whether a path from a manifest stays inside the folder."""
    return bool(_NAME.fullmatch(name)) and ".." not in name.split("/")
