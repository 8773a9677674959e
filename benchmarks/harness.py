"""What every benchmark shares: timing with spread, the machine, and the results file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.evaluation import versions

RESULTS = Path(__file__).parent / "results"


def arguments(about: str) -> argparse.Namespace:
    """Return the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small, writes nothing")
    return parser.parse_args()


def timed(call: Callable[[], Any], *, n_runs: int, warm_up: int = 1) -> dict[str, float]:
    """Return the median, smallest and largest time of a call, in milliseconds."""
    for _ in range(warm_up):
        call()
    taken = []
    for _ in range(n_runs):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    return {
        "median_ms": round(statistics.median(taken), 4),
        "min_ms": round(min(taken), 4),
        "max_ms": round(max(taken), 4),
    }


def process_seconds(code: str, *, n_runs: int) -> dict[str, float]:
    """Return the median, smallest and largest seconds of a fresh process running ``code``."""
    taken = []
    for _ in range(n_runs + 1):  # the first fills the caches of the disk
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    taken = taken[1:]
    return {
        "median_s": round(statistics.median(taken), 4),
        "min_s": round(min(taken), 4),
        "max_s": round(max(taken), 4),
    }


def machine() -> dict[str, Any]:
    """Return what the numbers were measured on."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "n_cores": os.cpu_count(),
    }


def write_results(
    name: str,
    *,
    title: str,
    caveats: Sequence[str],
    columns: Sequence[str],
    rows: Sequence[dict[str, Any]],
    notes: Sequence[str] = (),
    **more: Any,
) -> None:
    """Write one results file: the only source of numbers in the docs; ``more`` is kept as it is."""
    RESULTS.mkdir(exist_ok=True)
    record = {
        "title": title,
        "what_this_does_not_show": list(caveats),
        "command": f"python {Path(sys.argv[0]).as_posix()}",
        "measured_on": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "columns": list(columns),
        "rows": list(rows),
        "notes": list(notes),
        **more,
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {path.relative_to(Path(__file__).parent.parent)}")


def with_earlier(
    name: str, rows: Sequence[dict[str, Any]], *, by: Sequence[str], entry: str = "rows"
) -> list[dict[str, Any]]:
    """Return rows together with those of earlier runs that measured something else.

    Parameters
    ----------
    name : str
        Of the results file; it may not exist yet.
    rows : sequence of dict
        Just measured.
    by : sequence of str
        Entries that tell measurements apart: earlier rows with the same ones are replaced.
    entry : str
        Of the file.
    """
    path = RESULTS / f"{name}.json"
    earlier = json.loads(path.read_text(encoding="utf-8")).get(entry, []) if path.exists() else []
    mine = {tuple(row.get(one) for one in by) for row in rows}
    kept = [row for row in earlier if tuple(row.get(one) for one in by) not in mine]
    return sorted([*kept, *rows], key=lambda row: tuple(_rank(row.get(one)) for one in by))


def _rank(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value


def held_mb() -> float:
    """Return the memory that this process holds now, in MB (10^6 bytes); NaN where unknown."""
    path = Path("/proc/self/statm")
    if not path.exists():
        return float("nan")
    return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as they come."""
    for row in rows:
        print("  ".join(f"{name}={value}" for name, value in row.items()))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or "unknown"
    for line in info.read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"
