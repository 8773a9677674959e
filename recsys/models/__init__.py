"""Popularity, content and collaborative blocks, and the hybrid that puts them in one space."""

from recsys.models.base import (
    Block,
    CountingBlock,
    ItemItemBlock,
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
    BlockDelta,
    BlockPatch,
    DeltaHybrid,
    ItemDelta,
    ItemPatch,
    PatchedHybrid,
    empty_delta,
    itemwise,
)
from recsys.models.fit import FittedHybrid, HybridConfig, fit_hybrid
from recsys.models.hybrid import Hybrid, HybridModel, QueryState
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
    "BlockDelta",
    "BlockPatch",
    "BlockSpec",
    "CountingBlock",
    "DataSize",
    "DeltaHybrid",
    "FittedHybrid",
    "Footprint",
    "HistoryConfig",
    "Hybrid",
    "HybridConfig",
    "HybridModel",
    "ItemDelta",
    "ItemItemBlock",
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
    "empty_delta",
    "events_since",
    "fit_hybrid",
    "history_matrix",
    "is_in_order",
    "itemwise",
    "known_queries",
    "register_block",
    "training_matrix",
    "tune_hybrid",
]
