"""What a search may change in each kind of block, and how far from where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from recsys.models.base import TrainingSet
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


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values.

    Attributes
    ----------
    values : tuple
        Plain values; None is one.
    """

    values: tuple[Any, ...]


Space: TypeAlias = dict[str, Number | Choice]
"""Ranges by the name of the setting."""


@dataclass(frozen=True, slots=True)
class Times:
    """From the value it has divided by a factor to the value times it; whole where it is whole."""

    factor: float


@dataclass(frozen=True, slots=True)
class Near:
    """From so much below the value it has to so much above, not below 0 and not above 1."""

    reach: float


@dataclass(frozen=True, slots=True)
class Tags:
    """A range that matters only where items have tags."""

    range: Times | Near | Choice


@dataclass(frozen=True, slots=True)
class Timed:
    """A range that matters only where events have times."""

    range: Times | Near | Choice


@dataclass(frozen=True, slots=True)
class Weighed:
    """A range that matters only where some events count more than others."""

    range: Times | Near | Choice


Rule: TypeAlias = Times | Near | Choice | Tags | Timed | Weighed

HALF_LIVES = Choice((None, 14.0, 60.0, 240.0))

TAG_WEIGHTS = Choice((0.0, 0.03, 0.1, 0.3, 1.0))

REGRESSION: dict[str, Rule] = {
    "regularization": Times(10.0),
    "item_exponent": Near(0.25),
    "user_exponent": Near(0.25),
    "output_exponent": Near(0.25),
    "tag_weight": Tags(TAG_WEIGHTS),
    "half_life_days": Timed(HALF_LIVES),
}

RULES: dict[str, dict[str, Rule]] = {
    "popularity": {
        "half_life_days": Timed(Times(6.0)),
        "confidence_power": Weighed(Choice((0.0, 1.0, 2.0, 4.0))),
    },
    "content": {
        "user_exponent": Near(0.5),
        "singular_exponent": Choice((-0.5, -0.25, 0.0)),
        "half_life_days": Timed(HALF_LIVES),
    },
    "new_items": {
        "user_exponent": Near(0.5),
        "singular_exponent": Choice((-0.5, -0.25, 0.0)),
    },
    "affinity": {
        "smoothing": Times(8.0),
        "max_tags": Choice((32, 64, 128, 256)),
        "half_life_days": Timed(Times(6.0)),
    },
    "cooccurrence": {
        "recent_half_life_days": Timed(Times(6.0)),
        "item_exponent": Near(0.5),
        "user_exponent": Near(0.5),
        "smoothing": Times(8.0),
    },
    "spectral": {
        "n_factors": Times(3.0),
        "ridge": Times(8.0),
        "item_exponent": Near(0.25),
        "user_exponent": Near(0.25),
        "output_exponent": Near(0.25),
        "tag_weight": Tags(TAG_WEIGHTS),
        "half_life_days": Timed(HALF_LIVES),
    },
    "ease": {
        **REGRESSION,
        "tag_share": Tags(Choice((0.0, 0.05, 0.1, 0.2, 0.4))),
    },
    "sparse_ease": {**REGRESSION, "n_neighbours": Times(2.0)},
    "item_knn": {
        "similarity": Choice(("product", "tversky")),
        "item_exponent": Near(0.4),
        "user_exponent": Near(0.4),
        "output_exponent": Near(0.4),
        "n_neighbours": Times(4.0),
        "tag_weight": Tags(TAG_WEIGHTS),
        "half_life_days": Timed(HALF_LIVES),
    },
    "feature_als": {
        "n_factors": Times(2.0),
        "unobserved_weight": Times(10.0),
        "regularization": Times(10.0),
        "feature_regularization": Tags(Times(10.0)),
    },
    "als": {
        "n_factors": Times(2.0),
        "alpha": Times(8.0),
        "regularization": Times(10.0),
    },
    "bpr": {"n_factors": Times(2.0), "learning_rate": Times(4.0), "regularization": Times(10.0)},
    "lightfm": {"n_factors": Times(2.0), "learning_rate": Times(3.0)},
}
"""By kind of block. The values it has are what literature or measurement gave; ranges stay near,
because what looks best far away on one cut often is an accident of that cut."""


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

    Examples
    --------
    >>> from recsys.models.tuning.space import RULES
    >>> sorted(RULES["ease"])[:3]
    ['half_life_days', 'item_exponent', 'output_exponent']
    """
    present = spec.block_config().to_dict()
    out: Space = {}
    for name, rule in RULES.get(spec.kind, {}).items():
        found = _range(rule, present[name], training)
        if found is not None:
            out[name] = _within(found, training) if name == "n_factors" else found
    out.pop("tag_weight" if present.get("tag_share") else "tag_share", None)  # one or the other
    return out


def _range(rule: Rule, value: Any, training: TrainingSet) -> Number | Choice | None:
    if isinstance(rule, Tags | Timed | Weighed):
        return _range(rule.range, value, training) if _matters(rule, training) else None
    if isinstance(rule, Choice):
        return Choice(rule.values if value in rule.values else (value, *rule.values))
    if value is None:  # switched off on purpose, such as the popularity of all time
        return None
    return _near(value, rule.reach) if isinstance(rule, Near) else _times(value, rule.factor)


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


def _within(found: Number | Choice, training: TrainingSet) -> Number | Choice:
    """Return a range of vector lengths that the data can fill."""
    if isinstance(found, Choice):
        return found
    most = max(min(training.interactions.shape) - 1, found.low)
    return Number(found.low, min(found.high, most), log=True, whole=True)


def _short(value: float) -> float:
    return float(f"{value:.3g}")
