"""The saved form: what was written is read back, and anything else is refused by name."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from recsys.core.artifact import (
    MANIFEST,
    check_files,
    check_hash,
    csr_arrays,
    csr_from,
    describe_files,
    read_arrays,
    read_manifest,
    write_arrays,
    write_manifest,
)
from recsys.core.errors import ArtifactError

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "model/factors": np.arange(6, dtype=np.float32).reshape(2, 3),
    "model/empty": np.empty((0, 4), dtype=np.int32),
    "model/scalar": np.array(3, dtype=np.int64),
    "times": np.array(["2018-03-12", "NaT"], dtype="datetime64[us]"),
}


def save(folder: Path, **changes: Any) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    write_arrays(folder, ARRAYS)
    manifest = {"format": "recsys-test", "format_version": [1, 0], "files": describe_files(folder)}
    write_manifest(folder, manifest | changes)
    return manifest | changes


def load(folder: Path) -> dict[str, Any]:
    return read_manifest(folder, kind="recsys-test", major=1)


def test_arrays_come_back_with_their_numbers_types_and_shapes(tmp_path: Path) -> None:
    save(tmp_path)
    back = read_arrays(tmp_path, load(tmp_path), prefix="")
    assert set(back) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert np.array_equal(back[name], array, equal_nan=array.dtype.kind == "M")


def test_a_prefix_selects_and_is_left_out_of_the_names(tmp_path: Path) -> None:
    save(tmp_path)
    assert set(read_arrays(tmp_path, load(tmp_path), prefix="model/")) == {
        "factors",
        "empty",
        "scalar",
    }


def test_arrays_read_back_cannot_be_written(tmp_path: Path) -> None:
    save(tmp_path)
    for array in read_arrays(tmp_path, load(tmp_path), prefix="").values():
        assert not array.flags.writeable


def test_equal_content_has_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / name)
    assert (tmp_path / "a" / MANIFEST).read_bytes() == (tmp_path / "b" / MANIFEST).read_bytes()


def test_objects_are_never_written(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="array 'ids' must have a plain dtype; got object"):
        write_arrays(tmp_path, {"ids": np.array(["a", None], dtype=object)})


def test_a_saved_folder_passes_both_checks(tmp_path: Path) -> None:
    save(tmp_path)
    check_files(tmp_path, load(tmp_path), full=False)
    check_files(tmp_path, load(tmp_path), full=True)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / "times.npy").unlink()
    with pytest.raises(ArtifactError, match=r"times\.npy is missing"):
        check_files(tmp_path, load(tmp_path), full=False)


def test_a_shortened_file_is_named_with_both_sizes(tmp_path: Path) -> None:
    save(tmp_path)
    path = tmp_path / "times.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match=r"times\.npy must have \d+ bytes; it has \d+"):
        check_files(tmp_path, load(tmp_path), full=False)


def test_one_changed_bit_is_found_by_the_full_check(tmp_path: Path) -> None:
    save(tmp_path)
    path = tmp_path / "times.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    manifest = load(tmp_path)
    check_files(tmp_path, manifest, full=False)
    with pytest.raises(ArtifactError, match=r"times\.npy is damaged: its SHA-256"):
        check_files(tmp_path, manifest, full=True)
    with pytest.raises(ArtifactError, match="damaged"):
        check_hash(tmp_path, manifest, "times.npy")


def test_an_array_of_another_shape_is_refused(tmp_path: Path) -> None:
    manifest = save(tmp_path)
    manifest["files"]["times.npy"]["shape"] = [3]
    with pytest.raises(ArtifactError, match=r"must be <M8\[us\] \[3\]; it is <M8\[us\] \[2\]"):
        read_arrays(tmp_path, manifest, prefix="")


def test_a_pickle_in_the_place_of_an_array_is_refused(tmp_path: Path) -> None:
    save(tmp_path)
    np.save(tmp_path / "times.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ArtifactError, match=r"times\.npy is damaged"):
        read_arrays(tmp_path, load(tmp_path), prefix="")


def test_no_folder_a_file_and_a_stranger_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "stranger").mkdir()
    with pytest.raises(ArtifactError, match="does not exist"):
        load(tmp_path / "absent")
    with pytest.raises(ArtifactError, match="is a file"):
        load(tmp_path / "file")
    with pytest.raises(ArtifactError, match=r"must hold manifest\.json"):
        load(tmp_path / "stranger")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"format": "recsys-test", "format_version": "x", "files": {}}'],
)
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged"):
        load(tmp_path)


def test_a_manifest_of_something_else_is_refused(tmp_path: Path) -> None:
    save(tmp_path, format="recsys-other")
    with pytest.raises(ArtifactError, match="must say format 'recsys-test'; it says"):
        load(tmp_path)


def test_a_newer_major_version_is_refused_and_a_newer_minor_one_is_read(tmp_path: Path) -> None:
    save(tmp_path, format_version=[1, 9])
    assert load(tmp_path)["format_version"] == [1, 9]
    save(tmp_path, format_version=[2, 0])
    with pytest.raises(ArtifactError, match=r"has format version 2\.0, newer than 1\.x"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", "a\\b", ""])
def test_a_manifest_cannot_point_outside_its_folder(tmp_path: Path, name: str) -> None:
    save(tmp_path, files={name: {"size": 1}})
    with pytest.raises(ArtifactError, match="names a file outside the folder"):
        load(tmp_path)


def test_the_manifest_is_json_without_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_manifest(tmp_path, {"recall": float("nan")})
    save(tmp_path)
    assert json.loads((tmp_path / MANIFEST).read_text())["format"] == "recsys-test"


@given(
    npst.arrays(
        np.float32, npst.array_shapes(min_dims=2, max_dims=2), elements=st.floats(0, 9, width=32)
    )
)
def test_a_sparse_matrix_survives_being_taken_apart(dense: np.ndarray[Any, Any]) -> None:
    back = csr_from("m", csr_arrays("m", sp.csr_matrix(dense)))
    assert np.array_equal(back.toarray(), dense)


def test_a_sparse_matrix_with_a_part_missing_is_refused() -> None:
    arrays = csr_arrays("m", sp.eye(3, format="csr", dtype=np.float32))
    del arrays["m/indptr"]
    with pytest.raises(ArtifactError, match="'m' is incomplete"):
        csr_from("m", arrays)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("indices", [0, 1, 3]),
        ("indices", [0, -1, 2]),
        ("indptr", [0, 1, 2, 9]),
        ("indptr", [0, 2, 1, 3]),
        ("indptr", [0, 3]),
        ("data", [1.0]),
    ],
)
def test_a_sparse_matrix_that_would_be_read_beyond_its_end_is_refused(
    part: str, value: list[float]
) -> None:
    arrays = csr_arrays("m", sp.eye(3, format="csr", dtype=np.float32))
    arrays[f"m/{part}"] = np.array(value, dtype=arrays[f"m/{part}"].dtype)
    with pytest.raises(ArtifactError, match="'m' is damaged"):
        csr_from("m", arrays)


def test_a_saved_folder_may_be_moved(tmp_path: Path) -> None:
    save(tmp_path / "a")
    shutil.move(tmp_path / "a", tmp_path / "b")
    check_files(tmp_path / "b", load(tmp_path / "b"), full=True)
