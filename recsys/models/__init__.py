"""Popularity, content and collaborative blocks, and the hybrid that puts them in one space."""

from recsys.models.base import Block, ItemwiseBlock, KernelBlock, Queries, TrainingSet, VectorBlock
from recsys.models.event_order import events_since, is_in_order
from recsys.models.fitting import FittedHybrid, HybridConfig, fit_hybrid
from recsys.models.history import known_queries
from recsys.models.hybrid import HybridModel, QueryState
from recsys.models.patched import (
    BlockPatch,
    ItemPatch,
    PatchedHybrid,
    fitted_patch,
    itemwise,
    taken,
)
from recsys.models.popularity import PopularityBlock
from recsys.models.proposals import check_optuna
from recsys.models.spec import BLOCKS, BlockSpec, knows_taste
from recsys.models.tuning import Tuned, TuningConfig, tune_hybrid
from recsys.models.tuning_log import TuningLog
from recsys.models.validation import ValidationConfig

__all__ = [
    "BLOCKS",
    "Block",
    "BlockPatch",
    "BlockSpec",
    "FittedHybrid",
    "HybridConfig",
    "HybridModel",
    "ItemPatch",
    "ItemwiseBlock",
    "KernelBlock",
    "PatchedHybrid",
    "PopularityBlock",
    "Queries",
    "QueryState",
    "TrainingSet",
    "Tuned",
    "TuningConfig",
    "TuningLog",
    "ValidationConfig",
    "VectorBlock",
    "check_optuna",
    "events_since",
    "fit_hybrid",
    "fitted_patch",
    "is_in_order",
    "itemwise",
    "known_queries",
    "knows_taste",
    "taken",
    "tune_hybrid",
]
