"""Popularity, content and collaborative blocks, and the hybrid that puts them in one space."""

from recsys.models.base import (
    Block,
    CountingBlock,
    ItemwiseBlock,
    KernelBlock,
    Queries,
    TrainingSet,
    VectorBlock,
    counts_events,
)
from recsys.models.blend.validation import ValidationConfig
from recsys.models.blocks.block_config import BlockConfig
from recsys.models.blocks.data_size import DataSize, Footprint
from recsys.models.blocks.history_weights import (
    HistoryConfig,
    events_since,
    history_matrix,
    known_queries,
    training_matrix,
)
from recsys.models.blocks.learned import LearnedBlock
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
from recsys.models.spec import BLOCKS, POPULARITY, BlockSpec, register_block
from recsys.models.tuning.log import TuningLog
from recsys.models.tuning.proposals import check_optuna
from recsys.models.tuning.tune import Tuned, TuningConfig, tune_hybrid

__all__ = [
    "BLOCKS",
    "POPULARITY",
    "Block",
    "BlockConfig",
    "BlockPatch",
    "BlockSpec",
    "CountingBlock",
    "DataSize",
    "FittedHybrid",
    "Footprint",
    "HistoryConfig",
    "HybridConfig",
    "HybridModel",
    "ItemPatch",
    "ItemwiseBlock",
    "KernelBlock",
    "LearnedBlock",
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
    "counts_events",
    "events_since",
    "fit_hybrid",
    "fitted_patch",
    "history_matrix",
    "is_in_order",
    "itemwise",
    "known_queries",
    "register_block",
    "taken",
    "training_matrix",
    "tune_hybrid",
]
