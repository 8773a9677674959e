"""Add an index: scan vectors of half precision, then score the best few in full."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

import recsys
from recsys import index as ix
from recsys.datasets import load_community


class HalfIndex(ix.Searching):
    """Item vectors of 16-bit floats; the checked ``search`` comes with ``Searching``."""

    n_items = property(lambda self: self.vectors.shape[0])
    n_factors = property(lambda self: self.vectors.shape[1])

    def __init__(self, vectors: Any) -> None:
        self.vectors = ix.ExactIndex.build(vectors).vectors  # checked, read-only
        self._half = self.vectors.astype(np.float16).astype(np.float32)

    def answer(self, request: ix.Request, *, n_threads: int | None = None) -> Any:
        """Return the best ``request.k`` of four times as many candidates."""
        rows = self.candidates(request, 4 * request.k, n_threads=n_threads)
        return ix.best_rows(rows, ix.score_rows(request.queries, self.vectors, rows), request.k)

    def candidates(
        self, request: ix.Request, n: int, *, extra: Any = None, n_threads: int | None = None
    ) -> Any:
        """Return about the best ``n`` rows of each query, ``extra`` added to their scores."""
        scores = request.queries @ self._half.T + (0.0 if extra is None else extra)
        indptr, indices = request.exclude
        exclude = sp.csr_matrix((np.ones(len(indices)), indices, indptr), shape=scores.shape)
        allowed = request.allowed if len(request.allowed) else None
        return ix.top_k(scores, n, exclude=exclude, allowed=allowed, n_threads=n_threads).rows

    def save(self, folder: Path) -> None:
        """Write the vectors, and the name of the kind."""
        ix.ExactIndex.build(self.vectors).save(folder)
        facts = json.loads((folder / "index.json").read_text()) | {"kind": "half"}
        (folder / "index.json").write_text(json.dumps(facts))


ix.INDEXES["half"] = (HalfIndex, lambda folder: HalfIndex(np.load(folder / "vectors.npy")))

if __name__ == "__main__":
    events, catalog, _ = load_community()
    config = recsys.RecommenderConfig(preset="fast", index=ix.IndexConfig(kind="half"))
    model = recsys.Recommender.fit(events, catalog, config=config)
    print(model.notes[-1], model.recommend([events.users.id(0)], k=3).item_ids[0])
