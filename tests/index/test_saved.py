import json
from pathlib import Path

import numpy as np
import pytest

from recsys.core.errors import ArtifactError
from recsys.index.saved import MANIFEST, read_index_manifest, read_vectors, write_index_manifest

VECTORS = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "vectors.npy", VECTORS)
    write_index_manifest(tmp_path, {"kind": "exact"}, VECTORS)
    return tmp_path


def test_what_is_written_is_read(folder: Path) -> None:
    manifest = read_index_manifest(folder, kinds=("exact",))
    assert manifest == {"format": 1, "kind": "exact", "shape": [3, 2]}
    found = read_vectors(folder, manifest)
    assert found.tolist() == VECTORS.tolist()
    assert not found.flags.writeable


def test_a_newer_format_is_refused(folder: Path) -> None:
    (folder / MANIFEST).write_text(json.dumps({"format": 3, "kind": "exact"}))
    with pytest.raises(ArtifactError, match="format 2 or older; got 3"):
        read_index_manifest(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x", "kind": "exact"}'])
def test_a_damaged_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text)
    with pytest.raises(ArtifactError, match="missing or damaged"):
        read_index_manifest(folder)


def test_vectors_of_another_shape_or_cut_short_are_refused(folder: Path) -> None:
    manifest = read_index_manifest(folder)
    with pytest.raises(ArtifactError, match="must be float32 of shape"):
        read_vectors(folder, {**manifest, "shape": [3, 3]})
    path = folder / "vectors.npy"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ArtifactError, match="damaged or missing"):
        read_vectors(folder, manifest)
