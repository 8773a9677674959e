"""The recommender: snapshots, ranked lists, reasons, save and load."""

from recsys.serving.answer.lists import RowRequest
from recsys.serving.answer.recommendations import Recommendations, SimilarItems
from recsys.serving.config import RecommenderConfig
from recsys.serving.fit.tune import TunedRecommender, tune
from recsys.serving.load import load, verify
from recsys.serving.measure import exact_rows, rank_rows
from recsys.serving.observe.change import Change
from recsys.serving.recommender import Recommender
from recsys.serving.state.lineage import Drift

__all__ = [
    "Change",
    "Drift",
    "Recommendations",
    "Recommender",
    "RecommenderConfig",
    "RowRequest",
    "SimilarItems",
    "TunedRecommender",
    "exact_rows",
    "load",
    "rank_rows",
    "tune",
    "verify",
]
