"""Saved form of an index: a folder of raw vectors and a small manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from recsys.core.arrays import FloatMatrix
from recsys.core.artifact import open_array
from recsys.core.errors import ArtifactError

MANIFEST = "index.json"
FORMAT = 2
"""The newest that is read; each kind says 1 where an older library reads it right. 2: codes and
links in an order of their own."""


def write_index_manifest(folder: Path, facts: dict[str, Any], vectors: FloatMatrix) -> None:
    """Write the manifest of a saved index into its folder."""
    facts = {"format": 1, **facts, "shape": list(vectors.shape)}
    (folder / MANIFEST).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def read_index_manifest(folder: Path, *, kinds: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the manifest of a saved index.

    Parameters
    ----------
    folder : Path
        Written by ``save``.
    kinds : tuple of str
        What the kind may be, its name now first. Empty: any.

    Raises
    ------
    ArtifactError
        If there is none, it cannot be read, is of a newer format or of another kind.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, found = int(manifest["format"]), str(manifest["kind"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise ArtifactError(
            f"{folder} must hold a saved index; its {MANIFEST} is missing or damaged. "
            "Save it again."
        ) from err
    if version > FORMAT:
        raise ArtifactError(
            f"{path} must be of format {FORMAT} or older; got {version}. Update recsys-engine."
        )
    if kinds and found not in kinds:
        raise ArtifactError(f"{path} must be of kind {kinds[0]!r}; got {found!r}. Use load_index.")
    return dict(manifest)


def read_vectors(folder: Path, manifest: dict[str, Any]) -> FloatMatrix:
    """Return the (n_items, n_factors) float32 vectors, mapped.

    Raises
    ------
    ArtifactError
        If the file is missing, cut short or not what the manifest says.
    """
    path = Path(folder) / "vectors.npy"
    mapped = open_array(path)
    if mapped.dtype != np.float32 or list(mapped.shape) != manifest.get("shape"):
        raise ArtifactError(
            f"{path} must be float32 of shape {manifest.get('shape')}; "
            f"got {mapped.dtype} of shape {mapped.shape}."
        )
    return mapped
