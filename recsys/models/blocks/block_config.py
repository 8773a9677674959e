"""Base class of block settings: memory estimate and search ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from pydantic import model_validator

from recsys.core.config import Config
from recsys.models.blocks.data_size import DataSize, Footprint


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values.

    Attributes
    ----------
    values : tuple
        Plain values; None is one.
    """

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """From the present value divided by a factor to it times the factor; whole where it is whole.

    Attributes
    ----------
    factor : float
        Greater than 1.
    fits_data : bool
        Whether the value is a number of factors, which must stay below both sides of the data.
    """

    factor: float
    fits_data: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """From so much below the present value to so much above, not below 0 and not above 1."""

    reach: float


@dataclass(frozen=True, slots=True)
class Tags:
    """A range that is searched only where items have tags."""

    range: Times | Near | Choice


@dataclass(frozen=True, slots=True)
class Timed:
    """A range that is searched only where events have times."""

    range: Times | Near | Choice


@dataclass(frozen=True, slots=True)
class Weighed:
    """A range that is searched only where the confidence of events differs."""

    range: Times | Near | Choice


Rule: TypeAlias = Times | Near | Choice | Tags | Timed | Weighed
"""The range of a setting, around its present value."""


class BlockConfig(Config):
    """Settings of a block, and the facts about it that follow from them."""

    memory_hint: ClassVar[str] = "Lower n_factors, use another block, or raise memory_limit_mb."
    """Advice in the error about a block that does not fit in memory."""

    former_names: ClassVar[Mapping[str, str]] = {}
    """Settings by the names they once had: saved models and files may hold them."""

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        return cls.current_names(settings)

    @classmethod
    def current_names(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings by the names they have now.

        Raises
        ------
        ValueError
            If one is given by both of its names.
        """
        out = {cls.former_names.get(name, name): value for name, value in settings.items()}
        if len(out) < len(settings):
            twice = next(old for old, new in cls.former_names.items() if {old, new} <= {*settings})
            raise ValueError(f"{twice} is called {cls.former_names[twice]} now: give it once")
        return out

    def footprint(self, size: DataSize) -> Footprint:  # noqa: ARG002
        """Return the bytes of a block of these settings on data of this size.

        An upper estimate, within a small factor; 0 where a block gives none: it is not checked.
        """
        return Footprint(peak=0, kept=0)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change, each with its range.

        The present values come from the literature or were measured. Ranges stay near them,
        because what looks best far away on one cut often is an accident of that cut.
        """
        return {}
