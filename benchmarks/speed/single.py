"""One person, one list: whole calls beside bare faiss and implicit, filters, callers at once, load.

python benchmarks/speed/single.py [--quick] [--size N] [--part NAME]... [--keep FOLDER]

Parts are calls, vectors, bare, callers and opening; results of other sizes and parts are kept. With
``--keep`` the fitted model is saved in the folder, or taken from there: so parts can be run one by
one without fitting again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import held_mb, show, with_earlier, write_results

import recsys
from recsys.datasets import synthetic_world
from recsys.evaluation import measure_latency
from recsys.index import CodeIndex
from recsys.models import HybridConfig
from recsys.serving.answer.queries import ask_users
from recsys.serving.answer.score import score_all
from recsys.serving.state.exclusions import excluded_rows

K = 10
NAME = "speed_single"
OPENING = """
import recsys, time
recsys.Recommender
started = time.perf_counter()
model = recsys.load({path!r})
loaded = time.perf_counter() - started
model.recommend([{user!r}], k=10)
print(loaded, time.perf_counter() - started)
"""
SHARES = {0.001: "rare", 0.01: "seldom", 0.1: "some", 0.5: "half"}
LARGE = 500_000
"""Items from which on co-occurrence does not fit in the memory of a small machine: left out."""
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
    left_out = {"cooccurrence"} if n_items >= LARGE else set()
    weights = {name: value for name, value in WEIGHTS.items() if name not in left_out}
    config = recsys.RecommenderConfig(hybrid=HybridConfig(weights=weights))
    return recsys.Recommender.fit(events, catalog, users=people, config=config)


def vectors_only(model: recsys.Recommender) -> recsys.Recommender:
    """Return a model of the same data whose blocks are all in the index: nothing is re-scored."""
    weights = {spec.label: (1.0,) for spec in model.snapshot.specs if spec.kind != "cooccurrence"}
    data, config = model.snapshot.dataset, HybridConfig(weights=weights)
    return recsys.Recommender.fit(
        data.events,
        data.catalog,
        users=data.people,
        config=recsys.RecommenderConfig(hybrid=config),
    )


def catalog_tags(catalog: recsys.Catalog) -> list[str]:
    """Return the tags of each item as one text."""
    topics = catalog.column("topic")
    return [str(topic) for topic in topics]


def latencies(call: Callable[[Any], Any], asked: Sequence[Any], *, n: int) -> dict[str, float]:
    """Return p50 and p99 in milliseconds of ``n`` calls, after twenty to warm up."""
    found = measure_latency(lambda at: call(asked[at % len(asked)]), n_calls=n)
    p50, p99 = found.p50_ms, found.p99_ms
    return {"p50 ms": round(p50, 3), "p99 ms": round(p99, 3), "p99/p50": round(p99 / p50, 2)}


def kept(n_items: int, folder: Path | None) -> recsys.Recommender:
    """Return the model of a size, from a folder if it is there, else fitted and saved there."""
    if folder is None:
        return fitted(n_items)
    path = folder / f"single_{n_items}"
    if not path.exists():
        fitted(n_items).save(path)
    return recsys.load(path)


def calls(model: recsys.Recommender, n: int) -> Iterator[dict[str, Any]]:
    """Time whole calls, plain and filtered, and count what they find of the exact lists."""
    ids = some_people(model)
    plain = latencies(lambda one: model.recommend([one], k=K), ids, n=n)
    found = found_of_exact(model, ids, None)
    yield {"what": "recommend, one known person", **plain, **found, "note": model.notes[-1]}
    where = f"item_id in ({', '.join(map(str, model.items.ids()[: K // 2]))})"
    short = latencies(lambda one: model.recommend([one], k=K, where=where), ids, n=n)
    note = f"{short['p50 ms'] / plain['p50 ms']:.2f} of a full list"
    yield {"what": f"the same, a filter leaves {K // 2} items: a short list", **short, "note": note}
    for share, name in SHARES.items():
        where = f"{name} = yes"
        taken = latencies(lambda one: model.recommend([one], k=K, where=where), ids, n=n)  # noqa: B023
        found = found_of_exact(model, ids, where)
        yield {"what": f"the same, a filter lets {share:.1%} through", **taken, **found}


def vectors(model: recsys.Recommender, n: int) -> Iterator[dict[str, Any]]:
    """Time whole calls of a model without kernels: what the index finds is not scored again."""
    narrow = vectors_only(model)
    for row in calls(narrow, n):
        yield {**row, "what": f"vectors only: {row['what']}"}


def some_people(model: recsys.Recommender) -> list[Any]:
    """Return 500 known people, the same in every run."""
    ids: list[Any] = np.random.default_rng(1).permutation(model.users.ids())[:500].tolist()
    return ids


def found_of_exact(
    model: recsys.Recommender, ids: list[Any], where: str | None, *, n_people: int = 40
) -> dict[str, Any]:
    """Return the share of the best by the full score that is found, and of full lists."""
    snapshot = model.snapshot
    allowed = np.array(snapshot.eligible)
    if where is not None:
        allowed &= snapshot.mask_of(where)
    hits = wanted = full = 0
    for one in ids[:n_people]:
        asked = ask_users(snapshot, [one])
        scores = score_all(snapshot.model, asked.scoring(snapshot.model))[0]
        scores[~allowed] = -np.inf
        scores[
            excluded_rows(snapshot, int(asked.user_rows[0]), with_seen=True, with_own=True)
        ] = -np.inf
        best = scores[np.argpartition(-scores, K)[:K]]
        best = best[np.isfinite(best)]
        top = model.recommend([one], k=K, where=where)
        rows = model.items.rows([item for item in top.item_ids[0] if item is not None])
        hits += int((scores[rows] >= best.min() - 1e-5).sum()) if len(best) else 0  # ties are hits
        wanted += len(best)
        full += len(rows) == len(best)
    return {"recall": round(hits / max(wanted, 1), 3), "full lists": round(full / n_people, 3)}


def bare(model: recsys.Recommender, n: int) -> Iterator[dict[str, Any]]:
    """Time a bare faiss search among the same codes, and implicit's recommend, beside a call."""
    import faiss
    from implicit.cpu.als import AlternatingLeastSquares

    snapshot, ids = model.snapshot, some_people(model)
    rows = model.users.rows(ids)
    whole = latencies(lambda one: model.recommend([one], k=K), ids, n=n)
    yield {"what": "recommend, beside the following", **whole}
    vectors = np.array(snapshot.model.item_factors)
    queries = snapshot.model.query_vectors(snapshot.states.take(rows))
    index = snapshot.index
    if isinstance(index, CodeIndex):
        codes = index.code.of_items()
        asked = index.code.of_queries(queries) / index.code.steps
        effort = max(index.n_candidates, 20)
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
            yield {"what": what, **found, "note": ratio(whole, found)}
        del graph, codes
        found = latencies(lambda at: index.search(queries[at : at + 1], k=K), range(len(rows)), n=n)
        yield {"what": f"our index alone, {effort} candidates", **found}
    peer = AlternatingLeastSquares(factors=vectors.shape[1])
    peer.item_factors, peer.user_factors = vectors, np.array(queries)
    seen = snapshot.seen[rows].copy()
    theirs = latencies(lambda at: peer.recommend(at, seen[at], N=K), range(len(rows)), n=n // 4)
    what = f"implicit recommend(N={K}), {vectors.shape[1]} wide"
    yield {"what": what, **theirs, "note": ratio(whole, theirs)}


def ratio(ours: dict[str, float], theirs: dict[str, float]) -> str:
    """Say how long a whole call takes beside another's."""
    return f"our whole call takes {ours['p50 ms'] / theirs['p50 ms']:.2f} of it"


def callers(model: recsys.Recommender, n: int) -> Iterator[dict[str, Any]]:
    """Count calls per second with several callers at once, and compare their answers."""
    ids = model.users.ids()[: 5 * n].tolist()
    n = len(ids)
    alone = [model.recommend([one], k=10).item_ids.tolist() for one in ids]
    for n_callers in (1, 2, 4, 8):
        with ThreadPoolExecutor(n_callers) as pool:
            started = time.perf_counter()
            found = list(pool.map(lambda one: model.recommend([one], k=10).item_ids.tolist(), ids))
            taken = time.perf_counter() - started
        equal = "equal" if found == alone else "DIFFERENT"
        yield {"what": f"{n_callers} callers at once", "per s": round(n / taken), "note": equal}


def opening(model: recsys.Recommender, n: int) -> Iterator[dict[str, Any]]:
    """Time a fresh process: everything, and what loading and the first answer take of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        started = time.perf_counter()
        model.save(path)
        yield {"what": "save", "p50 ms": round(1000 * (time.perf_counter() - started))}
        code = OPENING.format(path=str(path), user=model.users.id(0))
        n_runs = 3 if n > 50 else 1
        found = [
            [
                float(one)
                for one in subprocess.run(
                    [sys.executable, "-c", code], check=True, capture_output=True, text=True
                ).stdout.split()
            ]
            for _ in range(n_runs + 1)
        ][1:]  # the first fills the caches of the disk
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    loaded, answered = np.median(np.array(found), axis=0)
    yield {
        "what": "fresh process: load",
        "p50 ms": round(1000 * loaded),
        "note": f"{size / 1e6:.0f} MB",
    }
    yield {"what": "fresh process: load and first answer", "p50 ms": round(1000 * answered)}


PARTS = {"calls": calls, "vectors": vectors, "bare": bare, "callers": callers, "opening": opening}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small, writes nothing")
    parser.add_argument("--size", type=int, default=100_000, help="items")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="repeatable")
    parser.add_argument("--keep", type=Path, help="a folder for fitted models")
    options = parser.parse_args()
    n_items, n = (3000, 20) if options.quick else (options.size, 400)
    started, held = time.perf_counter(), held_mb()
    model = kept(n_items, options.keep)
    taken, held = time.perf_counter() - started, held_mb() - held
    what = "fit" if options.keep is None else "fit, or load"
    note = f"{taken:.1f} s, {held:.0f} MB, {model.snapshot.index.n_factors} wide"
    rows = [{"items": n_items, "part": what, "what": what, "note": note}]
    show(rows)
    for part in options.part or list(PARTS):
        for row in PARTS[part](model, n):
            rows.append({"items": n_items, "part": part, **row})
            show(rows[-1:])
    if options.quick:
        return
    columns = [
        "items",
        "what",
        "p50 ms",
        "p99 ms",
        "p99/p50",
        "recall",
        "full lists",
        "per s",
        "note",
    ]
    every = ["part", *columns]
    write_results(
        NAME,
        title="One list at a time",
        caveats=[
            "Weights of the blocks were given, so that every block has a say; a learnt blend may "
            "do with fewer.",
        ],
        columns=every,
        rows=with_earlier(
            NAME,
            [{name: row.get(name) for name in every} for row in rows],
            by=["items", "part", "what"],
        ),
        notes=[
            "recommend is the whole call: ids in, search, seen, filter, kernel scores, ids out.",
            "recall: of the best 10 by the scores of all items by all blocks, for 40 people. full "
            "lists: the share that is as long as it can be.",
        ],
    )


if __name__ == "__main__":
    main()
