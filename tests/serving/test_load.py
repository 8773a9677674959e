"""Opening and checking saved recommenders."""

from pathlib import Path

import pytest

import recsys
from recsys.serving import verify
from tests.serving.world import tiny_shared


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_shared().save(tmp_path / "model")
    return tmp_path / "model"


def test_load_takes_text_or_a_path(folder: Path) -> None:
    assert recsys.load(str(folder)).version == recsys.load(folder).version


def test_an_unknown_check_is_refused(folder: Path) -> None:
    with pytest.raises(recsys.ConfigError, match="check must be 'fast' or 'full'; got 'half'"):
        recsys.load(folder, check="half")


def test_verify_gives_the_manifest_of_a_sound_folder(folder: Path) -> None:
    manifest = verify(folder)
    assert manifest["format"] == "recsys-model"
    assert (manifest["n_users"], manifest["n_items"]) == (8, 8)


def test_verify_names_the_file_with_one_bit_turned(folder: Path) -> None:
    path = folder / "people" / "vectors.npy"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    recsys.load(folder)  # mapped arrays are hashed only when asked for
    for check in (lambda: verify(folder), lambda: recsys.load(folder, check="full")):
        with pytest.raises(recsys.ArtifactError, match=r"vectors\.npy is damaged: its SHA-256"):
            check()


@pytest.mark.parametrize("name", ["index/index.json", "data/catalog.arrow", "data/dataset.json"])
def test_what_native_code_parses_is_hashed_always(folder: Path, name: str) -> None:
    path = folder / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(recsys.ArtifactError, match=path.name):
        recsys.load(folder)


def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "none", tmp_path / "file"):
        with pytest.raises(recsys.ArtifactError) as caught:
            recsys.load(path)
        assert "\n" not in str(caught.value)
