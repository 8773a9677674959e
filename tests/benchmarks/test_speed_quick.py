"""The speed benchmarks run, small, and write nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["observe"])
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
