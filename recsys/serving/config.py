"""The settings of a whole recommender."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat

from recsys.core.config import Config
from recsys.data import InteractionConfig
from recsys.index import IndexConfig
from recsys.models import HybridConfig
from recsys.profiles import ProfileConfig

ModelName = Literal[
    "hybrid",
    "popularity",
    "content",
    "als",
    "bpr",
    "lightfm",
    "item_knn",
    "ease",
    "sparse_ease",
    "spectral",
    "feature_als",
    "cooccurrence",
    "affinity",
    "new_items",
]


class RecommenderConfig(Config):
    """Everything :meth:`Recommender.fit` can be told; saved in the model's manifest."""

    model: ModelName = "hybrid"
    """The hybrid, or one of its parts alone (people it knows nothing of get what is popular)."""
    preset: Literal["fast", "balanced", "best"] = "balanced"
    """How much work the hybrid may be: seconds, the default, or every block and re-scoring."""
    kinds: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Weights of event kinds that differ from the default vocabulary; new names are added."""
    interactions: InteractionConfig = InteractionConfig()
    """How events become confidences."""
    profiles: ProfileConfig = ProfileConfig()
    """How tags, text and events become profiles."""
    hybrid: HybridConfig = HybridConfig()
    """Blocks and their weights."""
    index: IndexConfig = IndexConfig()
    """How the nearest items are found."""
    repeatable: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Item formats that may come back after they were consumed, and after how many days."""
    keep_events: bool = True
    """Whether the saved folder holds the events, for insight and later refits."""
    memory_limit_mb: PositiveFloat | None = None
    """Megabytes (10^6 bytes) that fitting the model may take beside the data; None: what the
    machine, or its container, has available. Goes to ``hybrid`` where it is not set there."""
    seed: NonNegativeInt = 0
    """Fixes every random draw of the fit."""
