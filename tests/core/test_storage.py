"""Atomic writes: a file or folder is whole or absent, and a stranger's folder is safe."""

import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.core.storage import atomic_file, atomic_folder, fsync_folder, sha256

MARKER = "manifest.json"
posix_only = pytest.mark.skipif(os.name != "posix", reason="permissions are a POSIX matter")


class BrokenError(Exception):
    """Stands for whatever may go wrong in the middle of writing."""


def write_model(path: Path, text: str) -> None:
    with atomic_folder(path, marker=MARKER) as folder:
        (folder / MARKER).write_text(text)
        (folder / "arrays").mkdir()
        (folder / "arrays" / "a.npy").write_bytes(b"123")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_is_written_with_its_parents(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a" / "b.txt") as file:
        file.write("naïve\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "naïve\n".encode()
    assert names(tmp_path / "a") == ["b.txt"]


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "b.bin", "wb") as file:
        file.write(b"\r\n\x00")
    assert (tmp_path / "b.bin").read_bytes() == b"\r\n\x00"


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(BrokenError), atomic_file(tmp_path / "b.txt") as file:
        file.write("half")
        raise BrokenError
    assert names(tmp_path) == []


def test_a_failure_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "b.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_file(path) as file:
        file.write("new")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert names(tmp_path) == ["b.txt"]


def test_the_old_file_stays_readable_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "b.txt"
    path.write_text("old")
    with atomic_file(path) as file:
        file.write("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be a file to write; it is a folder"):
        atomic_file(tmp_path).__enter__()


def test_a_file_in_the_place_of_a_parent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(DataError, match="must exist or be possible to make"):
        atomic_file(tmp_path / "plain" / "deep" / "b.txt").__enter__()


@posix_only
def test_files_and_folders_get_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "file").write_text("")
    with atomic_folder(tmp_path / "ours", marker=MARKER) as folder:
        (folder / MARKER).write_text("")
    with atomic_file(tmp_path / "ours" / "file") as file:
        file.write("")

    def mode(name: str) -> int:
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    assert mode("ours") == mode("plain")
    assert mode("ours/file") == mode("plain/file")


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "model"
    with atomic_folder(path, marker=MARKER) as folder:
        (folder / MARKER).write_text("{}")
        assert not path.exists()
    assert names(path) == [MARKER]
    assert names(path.parent) == ["model"]


def test_a_failure_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BrokenError), atomic_folder(tmp_path / "m", marker=MARKER) as folder:
        (folder / MARKER).write_text("{}")
        raise BrokenError
    assert names(tmp_path) == []


def test_a_failure_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    write_model(tmp_path / "m", "old")
    with pytest.raises(BrokenError), atomic_folder(tmp_path / "m", marker=MARKER) as folder:
        (folder / MARKER).write_text("new")
        raise BrokenError
    assert (tmp_path / "m" / MARKER).read_text() == "old"
    assert names(tmp_path) == ["m"]


def test_a_failing_rename_puts_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(tmp_path / "m", "old")
    rename, calls = os.replace, []

    def fail_second(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 2:
            raise OSError("disk full")
        rename(source, target)

    monkeypatch.setattr(os, "replace", fail_second)
    with pytest.raises(OSError, match="disk full"):
        write_model(tmp_path / "m", "new")
    assert (tmp_path / "m" / MARKER).read_text() == "old"
    assert names(tmp_path) == ["m"]


def test_a_model_is_replaced_by_a_newer_one(tmp_path: Path) -> None:
    write_model(tmp_path / "m", "old")
    write_model(tmp_path / "m", "new")
    assert (tmp_path / "m" / MARKER).read_text() == "new"
    assert names(tmp_path) == ["m"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    write_model(tmp_path / "m", "new")
    assert names(tmp_path / "m") == ["arrays", MARKER]


def test_a_folder_with_other_files_is_never_wiped(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match=r"folder with manifest\.json; it holds other files"):
        atomic_folder(tmp_path, marker=MARKER).__enter__()
    assert names(tmp_path) == ["thesis.txt"]


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("")
    with pytest.raises(DataError, match="must be a folder to write; it is a file"):
        atomic_folder(tmp_path / "m", marker=MARKER).__enter__()


def test_writers_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    def write(letter: str) -> None:
        with atomic_file(tmp_path / "b.txt") as file:
            file.write(letter * 10_000)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set((tmp_path / "b.txt").read_text())) == 1
    assert names(tmp_path) == ["b.txt"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=4096))
def test_the_hash_of_a_file_is_the_hash_of_its_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    assert sha256(tmp_path / "f") == hashlib.sha256(content).hexdigest()


def test_a_file_longer_than_one_piece_is_hashed_whole(tmp_path: Path) -> None:
    content = b"x" * ((1 << 20) + 1)
    (tmp_path / "f").write_bytes(content)
    assert sha256(tmp_path / "f") == hashlib.sha256(content).hexdigest()


def test_syncing_a_folder_changes_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    fsync_folder(tmp_path)
    assert names(tmp_path) == ["f"]
