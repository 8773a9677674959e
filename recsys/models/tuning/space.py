"""Search space of a block: ranges of its settings around their present values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from recsys.models.base import TrainingSet
from recsys.models.blocks.block_config import Choice, Near, Rule, Tags, Timed, Weighed
from recsys.models.spec import BlockSpec


@dataclass(frozen=True, slots=True)
class Number:
    """Numbers between two ends, both possible.

    Attributes
    ----------
    low, high : float
        The ends.
    log : bool
        Whether factors count, not differences.
    whole : bool
        Whether only whole numbers are meant.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def tidy(self, value: float) -> float | int:
        """Return a value within the ends as a person would write it: two or three digits.

        Examples
        --------
        >>> Number(0.1, 10, log=True).tidy(0.123456), Number(0, 1).tidy(0.4567)
        (0.123, 0.46)
        """
        if self.whole:
            return int(value)
        short = float(f"{value:.3g}") if self.log else round(value, 2)
        return min(max(short, self.low), self.high)


Space: TypeAlias = dict[str, Number | Choice]
"""Ranges by the name of the setting."""


def search_space(spec: BlockSpec, training: TrainingSet) -> Space:
    """Return what may be changed in a block, around the settings it has.

    Parameters
    ----------
    spec : BlockSpec
        The settings it has are always within the ranges.
    training : TrainingSet
        Ranges that cannot matter for it (tags where there are none) are left out.

    Returns
    -------
    dict of str to Number or Choice
        Empty where there is nothing to search.
    """
    config = spec.block_config()
    present = config.to_dict()
    found = {
        name: _range(rule, present[name], training) for name, rule in config.search_rules().items()
    }
    return {name: one for name, one in found.items() if one is not None}


def _range(rule: Rule, value: Any, training: TrainingSet) -> Number | Choice | None:
    if isinstance(rule, Tags | Timed | Weighed):
        return _range(rule.range, value, training) if _matters(rule, training) else None
    if isinstance(rule, Choice):
        return Choice(rule.values if value in rule.values else (value, *rule.values))
    if value is None:  # switched off on purpose, such as the popularity of all time
        return None
    if isinstance(rule, Near):
        return _near(value, rule.reach)
    found = _times(value, rule.factor)
    return _within(found, training) if rule.fits_data else found


def _matters(rule: Tags | Timed | Weighed, training: TrainingSet) -> bool:
    if isinstance(rule, Tags):
        return bool(training.item_features.nnz)
    if isinstance(rule, Timed):
        return training.has_times
    weights = training.events.weights
    return bool(len(weights)) and bool((weights != weights[0]).any())


def _near(value: float, reach: float) -> Number:
    low, high = max(value - reach, min(value, 0.0)), min(value + reach, max(value, 1.0))
    return Number(round(low, 2), round(high, 2))


def _times(value: float, factor: float) -> Number:
    if isinstance(value, int):
        return Number(max(int(value / factor), 1), int(value * factor), log=True, whole=True)
    return Number(_short(value / factor), _short(value * factor), log=True)


def _within(found: Number, training: TrainingSet) -> Number:
    """Return a range of vector lengths that the data can fill."""
    most = max(min(training.interactions.shape) - 1, found.low)
    return Number(found.low, min(found.high, most), log=True, whole=True)


def _short(value: float) -> float:
    return float(f"{value:.3g}")
