"""Settings of item and user profiles."""

from __future__ import annotations

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_validator

from recsys.core.config import Config
from recsys.profiles.terms import TextConfig

DEFAULT_FAMILY_WEIGHTS = {
    "topic": 1.0,
    "format": 0.3,
    "level": 0.3,
    "language": 0.5,
    "community": 0.5,
    "author": 0.3,
    "text": 0.5,
}


class ProfileConfig(Config):
    """Settings of item and user profiles."""

    family_weights: dict[str, NonNegativeFloat] = Field(
        default_factory=lambda: dict(DEFAULT_FAMILY_WEIGHTS)
    )
    """Weight of each tag family; 0 leaves it out. Families not named keep their default."""
    other_family_weight: NonNegativeFloat = 1.0
    """Weight of families that are not among the defaults."""
    text: TextConfig = TextConfig()
    """Extraction of terms from titles and texts."""
    use_idf: bool = True
    """Weigh tags by inverse document frequency."""
    bm25_k1: NonNegativeFloat = 1.2
    """Saturation of term counts in BM25; 0 counts presence only."""
    bm25_b: float = Field(default=0.75, ge=0, le=1)
    """Length normalisation in BM25, from 0 (none) to 1."""
    declared_weight: NonNegativeFloat = 1.0
    """Weight of declared tags; the inferred tags of a very active person weigh 1 in total."""
    negative_weight: NonNegativeFloat = 1.0
    """Weight of negative feedback (hide, dislike) on tags, relative to positive feedback."""
    activity_prior: PositiveFloat = 3.0
    """Sum of event weights at which the inferred tags have half of their full weight."""
    confidence_prior: PositiveFloat = 3.0
    """Number of consumed items with a tag at which its confidence is 0.5."""
    tags_per_user: PositiveInt = 256
    """Most tags of one person; the heaviest are kept."""

    @field_validator("family_weights")
    @classmethod
    def _with_defaults(cls, given: dict[str, float]) -> dict[str, float]:
        return {**DEFAULT_FAMILY_WEIGHTS, **given}

    def family_weight(self, family: str) -> float:
        """Return the weight of a tag family."""
        return self.family_weights.get(family, self.other_family_weight)
