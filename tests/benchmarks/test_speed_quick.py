"""The speed benchmarks run, small, and write nothing."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["observe", "single", "graphs", "batch", "digest", "size"])
def test_a_quick_run_prints_rows_and_writes_nothing(name: str) -> None:
    pytest.importorskip("implicit")
    before = {one: one.stat().st_mtime for one in (ROOT / "benchmarks" / "results").iterdir()}
    done = subprocess.run(
        [sys.executable, f"benchmarks/speed/{name}.py", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "items=" in done.stdout or "what=" in done.stdout
    after = {one: one.stat().st_mtime for one in (ROOT / "benchmarks" / "results").iterdir()}
    assert after == before


def speed_module(name: str) -> ModuleType:
    path = ROOT / "benchmarks" / "speed" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"speed_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def rows(*sizes: int) -> list[dict[str, Any]]:
    return [
        {"items": size, "what": "bare GEMM", "width": width, "unit": "ms", "median": size / width}
        for size in sizes
        for width in (64, 128)
    ]


def test_costs_are_drawn_over_the_size_of_the_catalog(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    pictures = speed_module("pictures")
    curves = pictures.EVERY["speed_batch"]
    assert pictures.lines_of(rows(500, 100), curves) == {
        "bare GEMM": [(100, 100 / 64), (500, 500 / 64)]
    }
    assert pictures.draw(rows(100, 500), curves, tmp_path / "one.svg")
    assert "bare GEMM" in (tmp_path / "one.svg").read_text("utf-8")
    assert not pictures.draw(rows(100), curves, tmp_path / "none.svg"), "one size is no curve"
    assert not (tmp_path / "none.svg").exists()


def test_a_run_of_one_size_keeps_what_others_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    harness = importlib.import_module("harness")
    monkeypatch.setattr(harness, "RESULTS", tmp_path)
    (tmp_path / "x.json").write_text(json.dumps({"rows": rows(100, 500)}))
    mine = [{"items": 100, "what": "bare GEMM", "width": 64, "unit": "ms", "median": 7.0}]
    found = harness.with_earlier("x", mine, by=["items", "width", "what"])
    assert [(row["items"], row["width"]) for row in found] == [
        (100, 64),
        (100, 128),
        (500, 64),
        (500, 128),
    ]
    assert found[0]["median"] == 7.0
    assert harness.with_earlier("absent", mine, by=["items"]) == mine
