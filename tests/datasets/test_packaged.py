"""The files that come with the package."""

from pathlib import Path

import pytest

from recsys.core.errors import DataError
from recsys.datasets import packaged
from recsys.datasets.packaged import packaged_file


def test_every_folder_has_its_licence_beside_the_data() -> None:
    for folder in (one for one in packaged.FILES.iterdir() if one.is_dir()):
        assert list(folder.glob("LICENSE*")), folder


def test_the_full_licences_of_the_community_are_there() -> None:
    for version in ("3.0", "4.0"):
        text = packaged_file("community", f"LICENSE-CC-BY-SA-{version}.txt").read_text("utf-8")
        assert f"Attribution-ShareAlike {version}" in text
        assert len(text) > 15_000
    assert "url" in packaged_file("community", "ATTRIBUTION.md").read_text("utf-8")


def test_a_package_without_its_data_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packaged, "FILES", tmp_path)
    with pytest.raises(DataError, match=r"community/events\.csv\.gz must come with the package"):
        packaged_file("community", "events.csv.gz")
