"""Graph searches side by side: recall and time of each, plain and filtered, on one thread.

python benchmarks/speed/graphs.py [--quick] [--size N]... [--width D]... [--search NAME]...

Sizes, widths and searches of earlier runs are kept, so one run may measure one of them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import show, with_earlier, write_results
from inputs import factors
from peers import EFFORTS, Floats, Mask, Rows, Searcher, builders

from recsys.index import ExactIndex

NAME = "speed_graphs"
K = 10
TARGETS = (0.95, 0.98)
N_QUERIES = 300
SHARES = (0.001, 0.01, 0.1, 0.5)
BY = ["items", "width", "search", "filter"]
COLUMNS = [
    "items", "width", "search", "filter", "effort", "recall", "ms", "speed-up", "full lists",
    *(f"ms at recall {target}" for target in TARGETS), "build s", "build MB",
]  # fmt: skip


def milliseconds(call: Callable[[Floats], Any], queries: Floats) -> tuple[list[Any], float]:
    """Return the answers to queries asked one by one, and the median time."""
    found, taken = [], []
    call(queries[:1])
    for query in queries:
        started = time.perf_counter()
        found.append(call(query[None]))
        taken.append(time.perf_counter() - started)
    return found, 1000 * float(np.median(taken))


def share_found(found: list[Rows], wanted: Rows) -> float:
    """Return the share of the wanted rows that were found; 1 where none is wanted."""
    hits = [
        len(set(a.tolist()) & set(b[b >= 0].tolist())) for a, b in zip(found, wanted, strict=True)
    ]
    return sum(hits) / max(int((wanted >= 0).sum()), 1)


def sweep(searcher: Searcher, queries: Floats, wanted: Rows) -> Iterator[tuple[int, float, float]]:
    """Yield effort, recall and median milliseconds per query."""
    for effort in EFFORTS:
        found, ms = milliseconds(lambda query: searcher.search(query, K, effort), queries)  # noqa: B023
        yield effort, share_found(found, wanted), ms


def time_at(curve: list[tuple[int, float, float]], recall: float) -> float | None:
    """Return the milliseconds at a recall, between the two efforts around it; None beyond them.

    The logarithm of the time is read off a line over the logarithm of what is missed.
    """
    for (_, low, fast), (_, high, slow) in pairwise(curve):
        if low < recall <= high:
            missed = np.log(np.maximum([1 - high, 1 - recall, 1 - low], 1e-4))
            logs = np.log([slow, fast])
            return float(np.exp(np.interp(missed[1], [missed[0], missed[2]], logs)))
    return curve[0][2] if curve[0][1] >= recall else None


def compare(n_items: int, width: int, names: list[str]) -> Iterator[dict[str, Any]]:
    """Yield rows for each search: what it takes to find 95 of 100, plain and filtered."""
    vectors, queries = factors(n_items, width, seed=1), factors(N_QUERIES, width, seed=2)
    exact = ExactIndex.build(vectors)
    wanted = exact.search(queries, k=K).rows
    _, scan_ms = milliseconds(
        lambda query: exact.search(query, k=K, n_threads=1), queries[: max(3, 3_000_000 // n_items)]
    )
    size = {"items": n_items, "width": width}
    scan = {"recall": 1.0, "ms": round(scan_ms, 3), "speed-up": 1.0}
    yield {**size, "search": "exact scan", "filter": "none", **scan}
    for build in [build for name, build in builders().items() if name in names]:
        searcher = build(vectors)
        curve = list(sweep(searcher, queries, wanted))
        good = [point for point in curve if point[1] >= TARGETS[0]]
        effort, recall, ms = min(good, key=lambda one: one[2]) if good else curve[-1]
        at = {f"ms at recall {target}": time_at(curve, target) for target in TARGETS}
        yield {
            **size,
            "search": searcher.name,
            "filter": "none",
            "effort": effort,
            "recall": round(recall, 3),
            "ms": round(ms, 3),
            "speed-up": round(scan_ms / ms, 1),
            **{name: None if value is None else round(value, 3) for name, value in at.items()},
            "build s": round(searcher.build_seconds, 1),
            "build MB": round(searcher.build_mb),
            "curve": [(e, round(r, 4), round(t, 4)) for e, r, t in curve],
        }
        for row in filtered(searcher, effort, (exact, queries)):
            yield {**size, "search": searcher.name, **row}


def filtered(
    searcher: Searcher, effort: int, asked: tuple[ExactIndex, Floats]
) -> Iterator[dict[str, Any]]:
    """Yield what searches take among some of the items, at the effort that does without."""
    if searcher.filtered is None:
        return
    exact, queries = asked
    for share in SHARES:
        allowed: Mask = np.random.default_rng(int(1 / share)).random(exact.n_items) < share
        wanted = exact.search(queries, k=K, allowed=allowed).rows
        found, ms = milliseconds(
            lambda query: searcher.filtered(query, K, effort, allowed),  # noqa: B023
            queries,
        )
        full = [
            int((a >= 0).sum()) == int((b >= 0).sum()) for a, b in zip(found, wanted, strict=True)
        ]
        yield {
            "filter": f"{share:.1%}",
            "effort": effort,
            "recall": round(share_found(found, wanted), 3),
            "ms": round(ms, 3),
            "full lists": round(float(np.mean(full)), 3),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small, writes nothing")
    parser.add_argument("--size", type=int, action="append", help="items; repeatable")
    parser.add_argument("--width", type=int, action="append", help="of vectors; repeatable")
    parser.add_argument("--search", action="append", choices=list(builders()), help="repeatable")
    options = parser.parse_args()
    sizes = [2000] if options.quick else options.size or [10_000, 100_000]
    for n_items in sizes:
        for width in options.width or [64]:
            rows = []
            for row in compare(n_items, width, options.search or list(builders())):
                show([{name: value for name, value in row.items() if name != "curve"}])
                rows.append(row)
                if not options.quick:  # at a million items a run takes most of an hour
                    write(rows)


def write(rows: list[dict[str, Any]]) -> None:
    curves = [
        {n: row[n] for n in ("items", "width", "search", "curve")} for row in rows if "curve" in row
    ]
    write_results(
        NAME,
        title="Graph searches, one query at a time, on one thread",
        caveats=[
            "Made-up vectors in taste groups: a real catalog may be easier or harder to search.",
            "Graph builds used both cores, and each library its own defaults but for the links "
            "named.",
            "Our search also filters, orders and scores again exactly; the others return what "
            "their graph gives.",
            "Each library was measured by itself after it was built, one after the other.",
            "At a million items our codes and faiss were built, and our codes searched, while "
            "other work ran; hnswlib and usearch came after it.",
            "The first search of a run compiles our code: at 10,000 items of 64 numbers that is "
            "most of the build.",
        ],
        columns=COLUMNS,
        rows=with_earlier(NAME, [{name: row.get(name) for name in COLUMNS} for row in rows], by=BY),
        notes=[
            f"Each search at the least effort of {EFFORTS} that finds {TARGETS[0]:.0%} of the "
            f"exact best {K} of {N_QUERIES} queries, or at the largest where none does; filtered "
            "at the same effort.",
            "speed-up: against our own exact scan on one thread in the same run.",
            "full lists: the share of filtered lists that are as long as the exact ones.",
            "ms at a recall: between the two efforts around it.",
            "build MB: what the process holds more after a build, the vectors apart where they "
            "are shared; right for the first search of a run only, later ones reuse what is free.",
        ],
        curves=with_earlier(NAME, curves, by=BY[:3], entry="curves"),
    )


if __name__ == "__main__":
    main()
