"""The settings of profiles."""

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
    """How items and people become tags."""

    family_weights: dict[str, NonNegativeFloat] = Field(
        default_factory=lambda: dict(DEFAULT_FAMILY_WEIGHTS)
    )
    """How loud each family speaks; 0 leaves it out. Those not named keep their default."""
    other_family_weight: NonNegativeFloat = 1.0
    """The same for families of the caller's own."""
    text: TextConfig = TextConfig()
    """How titles and texts become terms."""
    use_idf: bool = True
    """Rare tags weigh more."""
    bm25_k1: NonNegativeFloat = 1.2
    """How long repeating a word still adds; 0 counts presence only."""
    bm25_b: float = Field(default=0.75, ge=0, le=1)
    """How much the length of a text counts against it."""
    declared_weight: NonNegativeFloat = 1.0
    """What a person declared, against everything that was inferred of a very active one."""
    negative_weight: NonNegativeFloat = 1.0
    """What a hidden or disliked item takes from its tags, against what a liked one gives."""
    activity_prior: PositiveFloat = 3.0
    """Confidence of history (events times their weights) at which what is inferred counts half."""
    confidence_prior: PositiveFloat = 3.0
    """Items with a tag at which its weight is half certain."""
    tags_per_user: PositiveInt = 256
    """Most tags of one person, the heaviest first."""

    @field_validator("family_weights")
    @classmethod
    def _with_defaults(cls, given: dict[str, float]) -> dict[str, float]:
        return {**DEFAULT_FAMILY_WEIGHTS, **given}

    def family_weight(self, family: str) -> float:
        """Return how loud a family speaks."""
        return self.family_weights.get(family, self.other_family_weight)
