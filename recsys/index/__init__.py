"""Vector indexes for largest inner products: exact or approximate, filtered, always exactly k."""

from recsys.index.base import Searching, VectorIndex
from recsys.index.choose import (
    INDEXES,
    BuiltIndex,
    IndexConfig,
    build_index,
    choose_index,
    load_index,
)
from recsys.index.codes.index import CodeIndex, NarrowIndex
from recsys.index.delta.index import DeltaIndex
from recsys.index.delta.renew import renewed_index
from recsys.index.delta.vectors import ChangedVectors, DeltaVectors
from recsys.index.exact import ExactIndex
from recsys.index.hnsw.graph import FaissConfig
from recsys.index.hnsw.index import FaissIndex
from recsys.index.recall import index_recall, last_scores, measure_recall, n_at_least
from recsys.index.request import Exclusion, Request, checked_request, exclusion
from recsys.index.scores import best_rows, score_rows, top_k

__all__ = [
    "INDEXES",
    "BuiltIndex",
    "ChangedVectors",
    "CodeIndex",
    "DeltaIndex",
    "DeltaVectors",
    "ExactIndex",
    "Exclusion",
    "FaissConfig",
    "FaissIndex",
    "IndexConfig",
    "NarrowIndex",
    "Request",
    "Searching",
    "VectorIndex",
    "best_rows",
    "build_index",
    "checked_request",
    "choose_index",
    "exclusion",
    "index_recall",
    "last_scores",
    "load_index",
    "measure_recall",
    "n_at_least",
    "renewed_index",
    "score_rows",
    "top_k",
]
