"""The settings of a whole recommender."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, field_validator

from recsys.core.config import Config
from recsys.data import InteractionConfig
from recsys.index import IndexConfig
from recsys.models import BLOCKS, HybridConfig
from recsys.profiles import ProfileConfig


class RecommenderConfig(Config):
    """Everything :meth:`Recommender.fit` can be told; saved in the model's manifest."""

    model: str = "hybrid"
    """The hybrid, or the kind of one of its blocks alone (newcomers get what is
    popular)."""
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

    @field_validator("model")
    @classmethod
    def _check_model(cls, model: str) -> str:
        if model not in ("hybrid", *BLOCKS):
            raise ValueError(f"model must be hybrid or one of {', '.join(BLOCKS)}")
        return model
