"""Exact lists for many people at once: time beside implicit's topk and a bare GEMM, and memory.

python benchmarks/speed/batch.py [--quick] [--size N]... [--width D]...    (other sizes are kept)
"""

from __future__ import annotations

import argparse
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import show, timed, with_earlier, write_results
from inputs import factors

from recsys.core.arrays import Csr, freeze_csr
from recsys.index import ExactIndex

NAME = "speed_batch"
K = 10
N_PEOPLE = 1000
N_SEEN = 20
COLUMNS = ["items", "width", "people", "what", "median", "unit", "share"]


def seen_of(n_people: int, n_items: int) -> Csr:
    """Return some twenty seen items of each person."""
    rng = np.random.default_rng(3)
    rows = np.repeat(np.arange(n_people), N_SEEN)
    pairs = (rows, rng.integers(n_items, size=len(rows)))
    return freeze_csr(sp.csr_matrix((np.ones(len(rows), np.float32), pairs), (n_people, n_items)))


def compare(n_items: int, width: int, *, n_runs: int) -> Iterator[dict[str, Any]]:
    """Yield the time of one batch by each, and what ours allocates for it and for four times it."""
    from implicit.cpu.topk import topk

    vectors, queries = factors(n_items, width, seed=1), factors(4 * N_PEOPLE, width, seed=2)
    index, seen = ExactIndex.build(vectors), seen_of(len(queries), n_items)
    few, own = queries[:N_PEOPLE], freeze_csr(seen[:N_PEOPLE])
    size: dict[str, Any] = {"items": n_items, "width": width, "people": N_PEOPLE}
    part = few[: max(1, 100_000_000 // n_items)]  # a product of at most 400 MB at a time
    gemm = timed(lambda: part @ vectors.T, n_runs=n_runs)["median_ms"] * len(few) / len(part)
    ours = timed(lambda: index.search(few, k=K, exclude=own), n_runs=n_runs)["median_ms"]
    filtered = own.copy()
    theirs = timed(lambda: topk(vectors, few, K, filter_query_items=filtered), n_runs=n_runs)
    yield {**size, "what": "bare GEMM", "median": round(gemm, 1), "unit": "ms", "share": 1.0}
    yield {
        **size, "what": "our exact top 10, seen left out", "median": round(ours, 1), "unit": "ms",
        "share": round(gemm / ours, 2),
    }  # fmt: skip
    yield {
        **size, "what": "implicit's topk, the same", "median": round(theirs["median_ms"], 1),
        "unit": "ms", "share": round(gemm / theirs["median_ms"], 2),
    }  # fmt: skip
    for n_people in (N_PEOPLE, 4 * N_PEOPLE):
        some = freeze_csr(seen[:n_people])
        tracemalloc.start()
        index.search(queries[:n_people], k=K, exclude=some)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        memory = {"what": "our memory", "median": round(peak / 1e6, 1), "unit": "MB"}
        yield {**size, "people": n_people, **memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small, writes nothing")
    parser.add_argument("--size", type=int, action="append", help="items; repeatable")
    parser.add_argument("--width", type=int, action="append", help="of vectors; repeatable")
    options = parser.parse_args()
    sizes = [1000] if options.quick else options.size or [100_000]
    for n_items in sizes:
        for width in [64] if options.quick else options.width or [64, 128, 256, 512]:
            rows = []
            for row in compare(n_items, width, n_runs=1 if options.quick else 5):
                show([row])
                rows.append(row)
            if not options.quick:
                write(rows)


def write(rows: list[dict[str, Any]]) -> None:
    write_results(
        NAME,
        title="Exact lists for many people at once",
        caveats=["Vectors of the exact batch are made up; nothing is filtered but seen items."],
        columns=COLUMNS,
        rows=with_earlier(
            NAME,
            [{name: row.get(name) for name in COLUMNS} for row in rows],
            by=["items", "width", "people", "what"],
        ),
        notes=[
            "share: the time of the bare GEMM of the same shape over the time taken. The GEMM "
            "gives scores only; where they exceed 400 MB it is timed in part.",
            "Medians of five runs after one warm-up, with all cores.",
        ],
    )


if __name__ == "__main__":
    main()
