"""A digest for everyone: people a minute with caps, reasons and a history, and memory.

python benchmarks/speed/digest.py [--quick] [--size N]... [--keep FOLDER]    (other sizes are kept)
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import show, with_earlier, write_results
from single import WEIGHTS

import recsys
from recsys.datasets import synthetic_world
from recsys.digest import DigestConfig, run
from recsys.models import HybridConfig

NAME = "speed_digest"
SIZES = [10_000, 50_000]
WEEK = np.timedelta64(7, "D")
MAX_PEOPLE = 2048
"""People of a run: one chunk, all that memory depends on."""
COLUMNS = [
    "items", "people", "what", "people a minute", "fastest", "slowest", "items in a digest",
    "memory, MB",
]  # fmt: skip
SETTINGS: dict[str, dict[str, Any]] = {
    "caps by author and topic": {"explain": False},
    "the same, and reasons": {},
}


def fitted(n_items: int, folder: Path | None) -> recsys.Recommender:
    """Return a model of one person for five items, with given weights; kept in a folder if any."""
    path = None if folder is None else folder / f"digest_{n_items}"
    if path is not None and path.exists():
        return recsys.load(path)
    events, catalog, people = synthetic_world(n_users=n_items // 5, n_items=n_items, seed=0)
    config = recsys.RecommenderConfig(hybrid=HybridConfig(weights=WEIGHTS))
    model = recsys.Recommender.fit(events, catalog, users=people, config=config)
    if path is not None:
        model.save(path)
    return model


def rows_of(model: recsys.Recommender, folder: Path, *, n_runs: int) -> Iterator[dict[str, Any]]:
    """Time whole runs to JSON Lines: without and with reasons, and in the week after."""
    for what, settings in SETTINGS.items():
        yield {"what": what, **measured(model, folder, n_runs, **settings)}
    history = folder / "history.jsonl"
    run(model, out=folder / "first.jsonl", history=history)
    after = measured(model, folder, n_runs, history=history)
    yield {"what": "the same, a week after the first digest", **after}


def measured(
    model: recsys.Recommender,
    folder: Path,
    n_runs: int,
    *,
    history: Path | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Return people a minute of some runs, and what one of them allocates at its peak."""
    config = DigestConfig(**settings)
    before = None if history is None else history.read_bytes()

    def digest(n_people: int = MAX_PEOPLE) -> recsys.digest.DigestReport:
        if history is not None and before is not None:
            history.write_bytes(before)
        as_of = model.now if history is None else model.now + WEEK
        users = model.users.ids()[:n_people]
        out = folder / "out.jsonl"
        return run(model, out=out, history=history, as_of=as_of, config=config, users=users)

    digest(64)  # what is made at first use is made
    rates = []
    for _ in range(n_runs):
        started = time.perf_counter()
        report = digest()
        rates.append(round(60 * report.counts.n_people / (time.perf_counter() - started)))
    tracemalloc.start()
    digest()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "people": report.counts.n_people,
        "people a minute": int(np.median(rates)),
        "fastest": max(rates),
        "slowest": min(rates),
        "items in a digest": round(report.counts.n_items / max(report.counts.n_digests, 1), 2),
        "memory, MB": round(peak / 1e6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small, writes nothing")
    parser.add_argument("--size", type=int, action="append", help="items; repeatable")
    parser.add_argument("--keep", type=Path, help="a folder for fitted models")
    options = parser.parse_args()
    rows = []
    for n_items in [1000] if options.quick else options.size or SIZES:
        model = fitted(n_items, options.keep)
        with tempfile.TemporaryDirectory() as folder:
            for row in rows_of(model, Path(folder), n_runs=1 if options.quick else 3):
                rows.append({"items": n_items, **row})
                show(rows[-1:])
    if options.quick:
        return
    write_results(
        NAME,
        title="A digest for everyone",
        caveats=["The digests are of made-up communities with few events a person."],
        columns=COLUMNS,
        rows=with_earlier(NAME, rows, by=["items", "what"]),
        notes=[
            "A whole run to JSON Lines, k=10; people a minute is the median of three runs.",
            "memory: allocated at the peak of a run, without the model.",
        ],
    )


if __name__ == "__main__":
    main()
