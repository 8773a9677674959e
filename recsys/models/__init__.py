"""Popularity, content and collaborative blocks, and the hybrid that puts them in one space."""

from recsys.models.base import Block, ItemwiseBlock, KernelBlock, Queries, TrainingSet, VectorBlock
from recsys.models.blend.validation import ValidationConfig
from recsys.models.blocks.history_weights import events_since, known_queries
from recsys.models.blocks.popularity.popularity import PopularityBlock
from recsys.models.delta_hybrid import (
    BlockPatch,
    ItemPatch,
    PatchedHybrid,
    fitted_patch,
    itemwise,
    taken,
)
from recsys.models.fit import FittedHybrid, HybridConfig, fit_hybrid
from recsys.models.hybrid import HybridModel, QueryState
from recsys.models.presets.event_order import is_in_order
from recsys.models.spec import BLOCKS, BlockSpec, knows_taste
from recsys.models.tuning.log import TuningLog
from recsys.models.tuning.proposals import check_optuna
from recsys.models.tuning.tune import Tuned, TuningConfig, tune_hybrid

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
