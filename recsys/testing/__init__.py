"""Test kit: contracts, strategies and naive oracles. Needs hypothesis and pytest."""

from recsys.testing.block_contract import BlockContract
from recsys.testing.contracts import VectorIndexContract
from recsys.testing.oracles import (
    naive_coverage,
    naive_diversity,
    naive_gini,
    naive_novelty,
    naive_scores,
    naive_top_k,
    naive_user_metrics,
)
from recsys.testing.strategies import (
    Search,
    event_columns,
    event_logs,
    interactions,
    searches,
    topk_lists,
    vectors,
)

__all__ = [
    "BlockContract",
    "Search",
    "VectorIndexContract",
    "event_columns",
    "event_logs",
    "interactions",
    "naive_coverage",
    "naive_diversity",
    "naive_gini",
    "naive_novelty",
    "naive_scores",
    "naive_top_k",
    "naive_user_metrics",
    "searches",
    "topk_lists",
    "vectors",
]
