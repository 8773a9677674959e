"""A snapshot as a folder, and back: the form is described in docs/reference/artifact-format.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from recsys.core.arrays import freeze_csr
from recsys.core.artifact import (
    MANIFEST,
    check_files,
    check_hash,
    csr_arrays,
    csr_from,
    describe_files,
    read_arrays,
    read_manifest,
    read_one_version,
    write_arrays,
    write_manifest,
)
from recsys.core.errors import ArtifactError, ConfigError, DataError, NotFittedError, clip
from recsys.core.note import Note
from recsys.core.storage import atomic_folder
from recsys.data import Catalog, load_dataset, save_dataset
from recsys.index import load_index
from recsys.models import BlockSpec, HybridModel, Queries, QueryState
from recsys.profiles import ItemProfiles
from recsys.serving.config import RecommenderConfig
from recsys.serving.state.access import PAIRS
from recsys.serving.state.checks import check_arrays, check_snapshot
from recsys.serving.state.lineage import Lineage
from recsys.serving.state.snapshot import Snapshot
from recsys.serving.state.visibility import VisibilityTable, distinct_texts

FORMAT = "recsys-model"

FORMAT_VERSION = (1, 2)

DAMAGE = (
    OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError,
    NotFittedError,
)  # fmt: skip
"""What reading a damaged folder may raise, our own errors among the ValueErrors."""


def save_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Write a snapshot to a folder: whole or not at all.

    Raises
    ------
    DataError
        If ``path`` is a file, or a folder that holds something else.
    """
    _check_place(path)
    try:
        with atomic_folder(path, marker=MANIFEST) as folder:
            _fill(folder, snapshot)
    except OSError as err:
        raise DataError(
            f"{path} must be possible to write; {err.strerror or err}. What was there is as it was."
        ) from err


def _check_place(path: Path) -> None:
    """Raise where the folder holds a manifest, but of something else than a model."""
    manifest = path / MANIFEST
    if not manifest.is_file():
        return
    try:
        kind = json.loads(manifest.read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        kind = None
    if kind != FORMAT:
        raise DataError(
            f"{path} must be empty, new or a saved model; its {MANIFEST} is not a model's. "
            "Choose another name."
        )


def _fill(folder: Path, snapshot: Snapshot) -> None:
    save_dataset(snapshot.dataset, folder / "data", keep_events=snapshot.config.keep_events)
    write_arrays(folder, _arrays(snapshot))
    snapshot.index.save(folder / "index")
    manifest = {
        "format": FORMAT,
        "format_version": list(FORMAT_VERSION),
        "library_version": _library_version(),
        "config": snapshot.config.to_dict(),
        "blocks": [spec.to_dict() for spec in snapshot.specs],
        "bucket_edges": list(snapshot.model.bucket_edges),
        "version": snapshot.version,
        "lineage": snapshot.lineage.to_dict(),
        "now": None if np.isnat(snapshot.now) else str(snapshot.now),
        "notes": [str(note) for note in snapshot.notes],
        "measured": snapshot.measured,
        "n_users": snapshot.n_users,
        "n_items": snapshot.n_items,
        "n_factors": int(snapshot.model.item_factors.shape[1]),
        "files": describe_files(folder),
    }
    write_manifest(folder, manifest)


def load_snapshot(path: Path, *, check: str = "fast") -> Snapshot:
    """Return the snapshot saved in a folder, its arrays memory-mapped.

    Parameters
    ----------
    path : Path
    check : {"fast", "full"}
        "fast" checks the manifest, every size, and the hash of what native code parses;
        "full" checks the hash of every file.

    Raises
    ------
    ArtifactError
        If the folder is missing, damaged, or of a newer major format version.
    ConfigError
        If ``check`` is neither.
    """
    return read_one_version(path, lambda: _load_checked(path, check))


def _load_checked(path: Path, check: str) -> Snapshot:
    manifest = _verified(path, check)
    try:
        return _load(path, manifest)
    except ArtifactError:
        raise
    except DAMAGE as err:
        reason = clip(" ".join(f"{type(err).__name__}: {err}".split()), 160)
        raise ArtifactError(
            f"{path} is damaged or from another version ({reason}). Refit."
        ) from err


def verify_folder(path: Path, *, check: str = "full") -> dict[str, Any]:
    """Check a saved folder without loading it, and return its manifest.

    Raises
    ------
    ArtifactError
        If something is missing or damaged.
    ConfigError
        If ``check`` is neither "fast" nor "full".
    """
    return read_one_version(path, lambda: _verified(path, check))


def _verified(path: Path, check: str) -> dict[str, Any]:
    if check not in ("fast", "full"):
        raise ConfigError(f"check must be 'fast' or 'full'; got {check!r}.")
    try:
        manifest = read_manifest(path, kind=FORMAT, major=FORMAT_VERSION[0])
        check_files(path, manifest, full=check == "full")
        for name in manifest["files"]:
            if not name.endswith(".npy") and check == "fast":
                check_hash(path, manifest, name)
    except OSError as err:
        raise ArtifactError(f"{path} must be readable; {err.strerror or err}.") from err
    return manifest


def _arrays(snapshot: Snapshot) -> dict[str, Any]:
    out: dict[str, Any] = {
        "weights": snapshot.model.weights,
        "scales": snapshot.model.scales,
        "people/age_days": snapshot.queries.age_days,
        "people/vectors": snapshot.states.vectors,
        "people/buckets": snapshot.states.buckets,
        "people/personal": snapshot.personal,
        "items/eligible": snapshot.eligible,
        "items/expression_of": snapshot.visibility.expression_of,
        "people/holds": snapshot.visibility.holds,
    }
    out |= csr_arrays("people/history", snapshot.queries.history)
    out |= csr_arrays("people/tags", snapshot.queries.tags)
    for name, saved in PAIRS.items():
        out |= csr_arrays(f"pairs/{saved}", getattr(snapshot, name))
    out |= {f"profiles/{key}": one for key, one in snapshot.item_profiles.to_arrays().items()}
    for at, block in enumerate(snapshot.model.blocks):
        out |= {f"blocks/{at}/{key}": one for key, one in block.to_arrays().items()}
    return out


def _load(path: Path, manifest: Mapping[str, Any]) -> Snapshot:
    arrays = read_arrays(path, manifest, prefix="")
    check_arrays(arrays)
    config = RecommenderConfig.from_dict(manifest["config"])
    specs = tuple(BlockSpec.from_dict(one) for one in manifest["blocks"])
    index = load_index(path / "index")
    model = HybridModel(
        _blocks(specs, arrays),
        arrays["weights"],
        scales=arrays["scales"],
        bucket_edges=manifest["bucket_edges"],
        item_factors=index.vectors,  # mapped: to join the blocks' own takes a copy of everything
    )
    dataset = load_dataset(path / "data")
    snapshot = Snapshot(
        config=config,
        version=manifest["version"],
        now=np.datetime64(manifest["now"] or "NaT", "us"),
        dataset=dataset,
        item_profiles=ItemProfiles.from_arrays(_below("profiles/", arrays), config.profiles),
        model=model,
        specs=specs,
        index=index,
        queries=Queries(
            history=csr_from("people/history", arrays),
            age_days=arrays["people/age_days"],
            tags=csr_from("people/tags", arrays),
        ),
        states=QueryState(arrays["people/vectors"], arrays["people/buckets"]),
        **{name: freeze_csr(csr_from(f"pairs/{at}", arrays)) for name, at in PAIRS.items()},
        visibility=_visibility(arrays, dataset.catalog),
        personal=arrays["people/personal"],
        eligible=arrays["items/eligible"],
        notes=tuple(map(Note.parse, manifest["notes"])),
        lineage=_lineage(manifest),
        measured=manifest["measured"],
    )
    check_snapshot(snapshot)
    return snapshot


def _visibility(arrays: Mapping[str, Any], catalog: Catalog) -> VisibilityTable:
    """Return the saved table; its expressions are those of the catalog, in their order."""
    holds = arrays["people/holds"]
    texts = distinct_texts(catalog.column("visible_to"))[1] if holds.shape[-1] else []
    return VisibilityTable(arrays["items/expression_of"], holds, tuple(texts))


def _lineage(manifest: Mapping[str, Any]) -> Lineage:
    """Return where a model comes from; one of format 1.0 had observed nothing, and did not say."""
    if "lineage" in manifest:
        return Lineage.from_dict(manifest["lineage"])
    now = np.datetime64(manifest["now"] or "NaT", "us")
    n_users, n_items = int(manifest["n_users"]), int(manifest["n_items"])
    return Lineage(manifest["version"], n_users, n_items, now=now, dated=now)


def _blocks(specs: tuple[BlockSpec, ...], arrays: Mapping[str, Any]) -> list[Any]:
    blocks = []
    for at, spec in enumerate(specs):
        block = spec.build()
        block.load_arrays(_below(f"blocks/{at}/", arrays))
        blocks.append(block)
    return blocks


def _below(prefix: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}


def _library_version() -> str:
    try:
        return version("recsys-engine")
    except PackageNotFoundError:
        return "unknown"
