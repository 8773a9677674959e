"""One person, one list: whole calls beside bare faiss and implicit, filters, callers at once, load.

python benchmarks/speed/single.py [--quick] [--n-items N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import process_seconds, show, write_results

import recsys
from recsys.datasets import synthetic_world
from recsys.evaluation import measure_latency
from recsys.index import NarrowIndex
from recsys.models import HybridConfig

SHARES = {0.001: "rare", 0.01: "seldom", 0.1: "some", 0.5: "half"}
WEIGHTS: dict[str, tuple[float, ...]] = {
    "popularity": (0.1,), "popularity_7d": (0.3,), "content": (0.3,), "affinity": (0.2,),
    "spectral": (1.0,), "spectral_narrow": (0.3,), "cooccurrence": (0.5,),
}  # fmt: skip


def fitted(n_items: int) -> recsys.Recommender:
    """Return a model of the default preset; weights are given, since learning is not timed here."""
    events, catalog, people = synthetic_world(n_users=n_items // 5, n_items=n_items, seed=0)
    rng = np.random.default_rng(0)
    columns = {name: rng.random(n_items) < share for share, name in SHARES.items()}
    frame = {"item_id": catalog.items.ids().tolist(), "tags": catalog_tags(catalog)}
    for name, chosen in columns.items():
        frame[name] = np.where(chosen, "yes", "no").tolist()
    catalog = recsys.Catalog.from_frame(frame)
    config = recsys.RecommenderConfig(hybrid=HybridConfig(weights=WEIGHTS))
    return recsys.Recommender.fit(events, catalog, users=people, config=config)


def catalog_tags(catalog: recsys.Catalog) -> list[str]:
    """Return the tags of each item as one text."""
    topics = catalog.column("topic")
    return [str(topic) for topic in topics]


def latencies(call: Callable[[Any], Any], asked: Sequence[Any], *, n: int) -> dict[str, float]:
    """Return p50 and p99 in milliseconds of ``n`` calls, after twenty to warm up."""
    found = measure_latency(lambda at: call(asked[at % len(asked)]), n_calls=n)
    return {"p50 ms": round(found.p50_ms, 3), "p99 ms": round(found.p99_ms, 3)}


def calls(model: recsys.Recommender, n: int) -> Iterator[dict[str, Any]]:
    """Time whole calls, plain and filtered, beside a bare faiss search and implicit's recommend."""
    ids = np.random.default_rng(1).permutation(model.users.ids())[:500].tolist()
    plain = latencies(lambda one: model.recommend([one], k=10), ids, n=n)
    yield {"what": "recommend, one known person", **plain, "note": model.notes[-1]}
    for share, name in SHARES.items():
        where = f"{name} = yes"
        found = latencies(lambda one: model.recommend([one], k=10, where=where), ids, n=n)  # noqa: B023
        lists = model.recommend(ids[:50], k=10, where=where)
        full = all(note is None for note in lists.shortfall)
        yield {
            "what": f"the same, a filter lets {share:.1%} through",
            **found,
            "note": f"full: {full}",
        }
    yield from _bare(model, ids, n)


def _bare(model: recsys.Recommender, ids: list[Any], n: int) -> Iterator[dict[str, Any]]:
    import faiss
    from implicit.cpu.als import AlternatingLeastSquares

    snapshot = model.snapshot
    rows = model.users.rows(ids)
    vectors = np.array(snapshot.model.item_factors)
    queries = snapshot.model.query_vectors(snapshot.states.take(rows))
    index = snapshot.index
    if isinstance(index, NarrowIndex):
        codes = index.code.of_items()
        asked = index.code.of_queries(queries) / index.code.steps
        effort = max(index.effort, 20)
        graph = faiss.IndexHNSWFlat(codes.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = 40
        graph.add(codes)
        faiss.omp_set_num_threads(1)
        for kept in (effort, 200):
            graph.hnsw.efSearch = kept
            found = latencies(
                lambda at: graph.search(asked[at : at + 1], kept),  # noqa: B023
                range(len(rows)),
                n=n,
            )
            what = f"bare faiss HNSW M=32 on the same codes, {kept} candidates"
            yield {"what": what, **found}
        found = latencies(
            lambda at: index.search(queries[at : at + 1], k=10), range(len(rows)), n=n
        )
        yield {"what": f"our index alone, {effort} candidates", **found}
    peer = AlternatingLeastSquares(factors=vectors.shape[1])
    peer.item_factors, peer.user_factors = vectors, np.array(queries)
    seen = snapshot.seen[rows].copy()
    theirs = latencies(lambda at: peer.recommend(at, seen[at], N=10), range(len(rows)), n=n // 4)
    yield {"what": f"implicit recommend(N=10), {vectors.shape[1]} wide", **theirs}


def callers(model: recsys.Recommender, n: int) -> Iterator[dict[str, Any]]:
    """Count calls per second with several callers at once, and compare their answers."""
    ids = model.users.ids()[:n].tolist()
    alone = [model.recommend([one], k=10).item_ids.tolist() for one in ids]
    for n_callers in (1, 2, 4, 8):
        with ThreadPoolExecutor(n_callers) as pool:
            started = time.perf_counter()
            found = list(pool.map(lambda one: model.recommend([one], k=10).item_ids.tolist(), ids))
            taken = time.perf_counter() - started
        equal = "equal" if found == alone else "DIFFERENT"
        yield {"what": f"{n_callers} callers at once", "per s": round(n / taken), "note": equal}


def opening(model: recsys.Recommender) -> Iterator[dict[str, Any]]:
    """Time a fresh process: everything, and what loading and the first answer take of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        model.save(path)
        one = model.users.id(0)
        code = f"import recsys; recsys.load({str(path)!r}).recommend([{one!r}], k=10)"
        taken = process_seconds(code, n_runs=3)["median_s"]
        base = process_seconds("import recsys; recsys.Recommender", n_runs=3)["median_s"]
    yield {"what": "fresh process: import, load, first answer", "p50 ms": round(1000 * taken)}
    yield {"what": "of it import", "p50 ms": round(1000 * base)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small, writes nothing")
    parser.add_argument("--n-items", type=int, default=100_000)
    options = parser.parse_args()
    n_items, n = (3000, 20) if options.quick else (options.n_items, 400)
    model = fitted(n_items)
    rows = []
    for row in (*calls(model, n), *callers(model, n), *opening(model)):
        rows.append(row)
        show([row])
    if options.quick:
        return
    columns = ["what", "p50 ms", "p99 ms", "per s", "note"]
    write_results(
        "speed_single",
        title=f"One list at a time: {n_items} items, {model.snapshot.index.n_factors} wide",
        caveats=[
            "A small machine with two cores that others used at the same time: compare within "
            "the table only.",
            "Weights of the blocks were given, so that every block has a say; a learnt blend may "
            "do with fewer.",
        ],
        columns=columns,
        rows=[{name: row.get(name) for name in columns} for row in rows],
        notes=[
            "recommend is the whole call: ids in, search, seen, filter, kernel scores, ids out.",
        ],
    )


if __name__ == "__main__":
    main()
