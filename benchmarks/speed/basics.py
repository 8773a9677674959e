"""Import, fit, single call, batch, load and memory, on one machine in one run.

python benchmarks/speed/basics.py [--quick]
"""

from __future__ import annotations

import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import arguments, process_seconds, show, timed, write_results

import recsys
from recsys.datasets import load_community, load_movies, synthetic_world

BASE = "import numpy, scipy.sparse, pydantic"


def imports(n_runs: int) -> Iterator[dict[str, Any]]:
    """Time a fresh process that imports the library, and one that imports what it stands on."""
    base = process_seconds(BASE, n_runs=n_runs)
    ours = process_seconds("import recsys", n_runs=n_runs)
    yield _row("import numpy, scipy.sparse, pydantic", base, "s")
    used = process_seconds("import recsys; recsys.EventLog, recsys.Recommender", n_runs=n_runs)
    yield _row("import recsys", ours, "s", ratio=ours["median_s"] / base["median_s"])
    ratio = used["median_s"] / base["median_s"]
    yield _row("import recsys and touch Recommender, which loads the rest", used, "s", ratio=ratio)


def fits(n_runs: int) -> Iterator[dict[str, Any]]:
    """Time the fit of each preset on the embedded data."""
    for name, load in (("community", load_community), ("movies", load_movies)):
        events, catalog, *rest = load()
        people = rest[0] if rest else None
        for preset in ("fast", "balanced"):
            config = recsys.RecommenderConfig(preset=preset)
            taken = timed(
                lambda: recsys.Recommender.fit(events, catalog, users=people, config=config),  # noqa: B023
                n_runs=n_runs,
            )
            yield _row(f"fit {name}, {preset}", taken, "ms")


def calls(n_runs: int, *, n_items: int) -> Iterator[dict[str, Any]]:
    """Time single calls and batches on a made-up catalog, and implicit's own recommend beside."""
    events, catalog, people = synthetic_world(n_users=n_items // 2, n_items=n_items, seed=0)
    model = recsys.Recommender.fit(
        events, catalog, users=people, config=recsys.RecommenderConfig(preset="fast")
    )
    ids = model.users.ids()
    rng = np.random.default_rng(0)
    one = iter(rng.permutation(ids).tolist() * 50)
    single = timed(lambda: model.recommend([next(one)], k=10), n_runs=n_runs * 20)
    yield _row(f"recommend one person, {n_items} items", single, "ms")
    filtered = timed(
        lambda: model.recommend([next(one)], k=10, where="tags has any (baking, chess)"),
        n_runs=n_runs * 5,
    )
    yield _row(f"recommend one person with a filter, {n_items} items", filtered, "ms")
    batch = ids[:1000].tolist()
    yield _row(
        f"recommend {len(batch)} people, {n_items} items",
        timed(lambda: model.recommend(batch, k=10), n_runs=n_runs),
        "ms",
    )
    yield from _peers(model, batch, n_runs=n_runs)
    yield from _storage(model, n_runs=n_runs)


def _peers(model: recsys.Recommender, batch: list[Any], *, n_runs: int) -> Iterator[dict[str, Any]]:
    from implicit.cpu.topk import topk

    snapshot = model.snapshot
    rows = model.users.rows(batch)
    queries = snapshot.model.query_vectors(snapshot.states.take(rows))
    items = np.array(snapshot.model.item_factors)
    width = items.shape[1]
    ours = timed(
        lambda: snapshot.index.search(queries, k=10, exclude=snapshot.seen[rows]), n_runs=n_runs
    )
    theirs = timed(
        lambda: topk(items, queries, 10, filter_query_items=snapshot.seen[rows].copy()),
        n_runs=n_runs,
    )
    gemm = timed(lambda: queries @ items.T, n_runs=n_runs)
    yield _row(f"implicit topk, same batch, {width} wide", theirs, "ms")
    yield _row(
        f"our exact top-k, same batch, {width} wide",
        ours,
        "ms",
        ratio=ours["median_ms"] / theirs["median_ms"],
    )
    yield _row(f"bare GEMM of that shape, {width} wide", gemm, "ms")


def _storage(model: recsys.Recommender, *, n_runs: int) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        yield _row("save", timed(lambda: model.save(path), n_runs=n_runs), "ms")
        yield _row("load", timed(lambda: recsys.load(path), n_runs=n_runs), "ms")
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        yield {"what": "saved folder", "median": round(size / 2**20, 2), "unit": "MiB"}
    ids = model.users.ids()[:2000].tolist()
    for n_people in (500, 2000):
        tracemalloc.start()
        model.recommend(ids[:n_people], k=10)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        yield {
            "what": f"memory taken by recommend, {n_people} people",
            "median": round(peak / 2**20, 2),
            "unit": "MiB",
        }


def _row(
    what: str, taken: dict[str, float], unit: str, *, ratio: float | None = None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "what": what,
        "median": taken[f"median_{unit}"],
        "min": taken[f"min_{unit}"],
        "max": taken[f"max_{unit}"],
        "unit": unit,
    }
    if ratio is not None:
        row["ratio"] = round(ratio, 2)
    return row


def main() -> None:
    options = arguments(__doc__ or "")
    n_runs = 1 if options.quick else 7
    rows = [
        *imports(n_runs),
        *([] if options.quick else fits(3)),
        *calls(n_runs, n_items=500 if options.quick else 20_000),
    ]
    show(rows)
    if not options.quick:
        write_results(
            "speed_basics",
            title="Import, fit, calls, storage",
            caveats=[
                "One small machine with two noisy cores: compare the ratios, not the times.",
                "The catalog of the call timings is made up; its vectors are narrower than those "
                "of a large community.",
            ],
            columns=["what", "median", "min", "max", "unit", "ratio"],
            rows=rows,
            notes=[
                "Medians of seven runs (three for fits) after one warm-up.",
                "Ratios: imports to the first line, our top-k to implicit's.",
            ],
        )


if __name__ == "__main__":
    main()
