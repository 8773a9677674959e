"""The recommender: snapshots, ranked lists, reasons, save and load."""

from recsys.serving.answers import Recommendations, SimilarItems
from recsys.serving.change import Change
from recsys.serving.config import RecommenderConfig
from recsys.serving.drift import Drift
from recsys.serving.loading import load, verify
from recsys.serving.measuring import exact_rows, rank_rows
from recsys.serving.recommender import Recommender
from recsys.serving.tuning import TunedRecommender, tune

__all__ = [
    "Change",
    "Drift",
    "Recommendations",
    "Recommender",
    "RecommenderConfig",
    "SimilarItems",
    "TunedRecommender",
    "exact_rows",
    "load",
    "rank_rows",
    "tune",
    "verify",
]
