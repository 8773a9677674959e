"""Ranking metrics, beyond-accuracy metrics and bootstrap intervals, as pure functions."""

from recsys.metrics.beyond import coverage, gini, intra_list_diversity, novelty
from recsys.metrics.bootstrap import Comparison, Interval, bootstrap_interval, paired_bootstrap
from recsys.metrics.ranking import RANKING_METRICS, ranking_metrics

__all__ = [
    "RANKING_METRICS",
    "Comparison",
    "Interval",
    "bootstrap_interval",
    "coverage",
    "gini",
    "intra_list_diversity",
    "novelty",
    "paired_bootstrap",
    "ranking_metrics",
]
