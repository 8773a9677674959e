"""What a measurement was made with."""

import json
import platform
import sys
from importlib.metadata import version

import pytest

from recsys.evaluation import machine
from recsys.evaluation.machine import PACKAGES, peak_rss_mb, versions


def test_every_package_the_numbers_depend_on_is_named() -> None:
    found = versions()
    assert set(found) == {"python", *PACKAGES}
    assert found["python"] == platform.python_version()
    assert found["numpy"] == version("numpy")


def test_a_package_that_is_not_there_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "PACKAGES", ("no-such-package",))
    assert versions()["no-such-package"] == "not installed"


def test_versions_are_plain_json() -> None:
    assert json.loads(json.dumps(versions())) == versions()


def test_the_peak_of_memory_never_falls_and_counts_in_mebibytes() -> None:
    before = peak_rss_mb()
    hog = bytearray(200 * 1024 * 1024)
    hog[::4096] = b"x" * len(hog[::4096])
    after = peak_rss_mb()
    assert after >= before
    assert 200 < after < 100_000


def test_without_the_module_of_unix_the_peak_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    assert peak_rss_mb() == 0.0
