"""Graph searches side by side: recall and time of each, at several sizes, on one thread.

python benchmarks/speed/graphs.py [--quick] [--n-items N]... [--width D]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import show, write_results
from inputs import factors
from peers import EFFORTS, Floats, Rows, Searcher, builders

from recsys.index import ExactIndex

K = 10
TARGET = 0.95
N_QUERIES = 300


def exact_rows(vectors: Floats, queries: Floats) -> tuple[Rows, float]:
    """Return the true best, and the milliseconds of one exact scan on one thread."""
    index = ExactIndex.build(vectors)
    index.search(queries[:1], k=K, n_threads=1)
    taken = []
    for query in queries[:30]:
        started = time.perf_counter()
        index.search(query[None], k=K, n_threads=1)
        taken.append(time.perf_counter() - started)
    return index.search(queries, k=K).rows, 1000 * float(np.median(taken))


def sweep(searcher: Searcher, queries: Floats, wanted: Rows) -> Iterator[tuple[int, float, float]]:
    """Yield effort, recall and median milliseconds per query."""
    for effort in EFFORTS:
        found, taken = [], []
        for query in queries:
            started = time.perf_counter()
            rows = searcher.search(query[None], K, effort)
            taken.append(time.perf_counter() - started)
            found.append(rows)
        hits = [len(set(a.tolist()) & set(b.tolist())) for a, b in zip(found, wanted, strict=True)]
        yield effort, sum(hits) / (K * len(hits)), 1000 * float(np.median(taken))


def compare(n_items: int, width: int) -> Iterator[dict[str, Any]]:
    """Yield one row for each search: what it takes to find 95 of 100."""
    vectors, queries = factors(n_items, width, seed=1), factors(N_QUERIES, width, seed=2)
    wanted, scan_ms = exact_rows(vectors, queries)
    size = {"items": n_items, "width": width}
    yield {**size, "search": "exact scan", "recall": 1.0, "ms": round(scan_ms, 3), "speed-up": 1.0}
    for build in builders():
        searcher = build(vectors)
        curve = list(sweep(searcher, queries, wanted))
        good = [point for point in curve if point[1] >= TARGET]
        effort, recall, ms = min(good, key=lambda one: one[2]) if good else curve[-1]
        yield {
            **size,
            "search": searcher.name,
            "effort": effort,
            "recall": round(recall, 3),
            "ms": round(ms, 3),
            "speed-up": round(scan_ms / ms, 1),
            "build s": round(searcher.build_seconds, 1),
            "curve": [(e, round(r, 4), round(t, 4)) for e, r, t in curve],
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small, writes nothing")
    parser.add_argument("--n-items", type=int, action="append", help="sizes; repeatable")
    parser.add_argument("--width", type=int, default=64)
    options = parser.parse_args()
    sizes = [2000] if options.quick else options.n_items or [10_000, 100_000, 1_000_000]
    rows: list[dict[str, Any]] = []
    for n_items in sizes:
        for row in compare(n_items, options.width):
            show([row])
            rows.append(row)
    if options.quick:
        return
    columns = ["items", "width", "search", "effort", "recall", "ms", "speed-up", "build s"]
    write_results(
        "speed_graphs",
        title="Graph searches, one query at a time, on one thread",
        caveats=[
            "Made-up vectors in taste groups: a real catalog may be easier or harder to search.",
            "Builds used both cores, and each library its own defaults but for the links named.",
            "Our search also filters, orders and scores again exactly; the others return what "
            "their graph gives.",
        ],
        columns=columns,
        rows=[{name: row.get(name) for name in columns} for row in rows],
        notes=[
            f"Each search at the least effort of {EFFORTS} that finds {TARGET:.0%} of the exact "
            f"best {K} of {N_QUERIES} queries, or at the largest where none does.",
            "speed-up: against our own exact scan on one thread in the same run.",
        ],
        curves=[
            {**{n: row[n] for n in ("items", "search", "curve")}} for row in rows if "curve" in row
        ],
    )


if __name__ == "__main__":
    main()
