"""Fit one RecTools model in RecTools' own environment, and write its vectors or weights.

    python rectools_worker.py JOB.json

It cannot share an environment with the rest: RecTools brings its own build of ``implicit`` under
the same import name, and older numpy and pandas. So nothing of this project is imported here.
The job holds ``train`` and ``tags`` (npz files of csr matrices; tags may be null), ``model``,
``params`` and ``out``; the answer is one line of JSON on standard output.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import ImplicitALSWrapperModel, ImplicitItemKNNWrapperModel, PureSVDModel

SIMILARITIES = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender, "bm25": BM25Recommender}


def memory_mb(field: str) -> float:
    """Return VmRSS or VmHWM of this process in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def dataset(train: sp.csr_matrix, tags: sp.csr_matrix | None) -> Dataset:
    """Return the pairs, and the tags of the items that have a pair, as RecTools has them."""
    pairs = train.tocoo()
    frame = pd.DataFrame({Columns.User: pairs.row, Columns.Item: pairs.col})
    frame[Columns.Weight] = 1.0
    frame[Columns.Datetime] = pd.Timestamp("2020-01-01")
    if tags is None:
        return Dataset.construct(frame)
    long = tags.tocoo()
    features = pd.DataFrame({"id": long.row, "feature": "tag", "value": long.col})
    features = features[features["id"].isin(frame[Columns.Item].unique())]
    return Dataset.construct(frame, item_features_df=features, cat_item_features=["tag"])


def build(name: str, params: dict[str, Any], *, most_factors: int) -> Any:
    """Return the model, not yet fitted."""
    if name == "als":
        together = params.pop("fit_features_together")
        inner = AlternatingLeastSquares(**params, random_state=0, num_threads=1)
        return ImplicitALSWrapperModel(inner, fit_features_together=together)
    if name == "puresvd":
        # a seed given here ends in an error of today's scipy; only the start of ARPACK is random
        return PureSVDModel(factors=min(params["factors"], most_factors))
    similarity = SIMILARITIES[params.pop("similarity")]
    return ImplicitItemKNNWrapperModel(similarity(**params, num_threads=1))


def learned(name: str, model: Any, data: Dataset, shape: tuple[int, int]) -> dict[str, Any]:
    """Return vectors (or similarities) in the caller's rows."""
    items = np.asarray(data.item_id_map.external_ids, np.int64)
    if name == "knn":
        found = model.model.similarity.tocoo()
        rows, columns = items[found.row], items[found.col]
        square = sp.csr_matrix((found.data, (rows, columns)), shape=(shape[1], shape[1]))
        return {"data": square.data, "indices": square.indices, "indptr": square.indptr}
    users = np.asarray(data.user_id_map.external_ids, np.int64)
    of_users, of_items = model.get_vectors()
    width = of_users.shape[1]
    user_factors = np.zeros((shape[0], width), np.float32)
    item_factors = np.zeros((shape[1], width), np.float32)
    user_factors[users], item_factors[items] = of_users, of_items
    return {"user_factors": user_factors, "item_factors": item_factors}


def main() -> None:
    warnings.simplefilter("ignore")
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    train = sp.load_npz(job["train"])
    tags = sp.load_npz(job["tags"]) if job["tags"] else None
    data = dataset(train, tags)
    shortest = min(data.get_user_item_matrix().shape)
    model = build(job["model"], dict(job["params"]), most_factors=shortest - 1)
    before = memory_mb("VmRSS")
    started, cpu = time.perf_counter(), time.process_time()
    model.fit(data)
    facts = {
        "fit_s": time.perf_counter() - started,
        "fit_cpu_s": time.process_time() - cpu,
        "before_mb": before,
        "peak_mb": memory_mb("VmHWM"),
    }
    np.savez(job["out"], **learned(job["model"], model, data, train.shape))
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
