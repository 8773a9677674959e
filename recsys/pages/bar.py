"""Bars of the additive parts of a score."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One additive part of a score.

    Attributes
    ----------
    label : str
        What the part is.
    value : float
        Its size; may be negative.
    percent : float
        Length against the largest part, in [0, 100].
    """

    label: str
    value: float
    percent: float

    @property
    def is_negative(self) -> bool:
        """True if the part lowers the sum."""
        return self.value < 0


def score_bars(parts: Iterable[tuple[str, float]]) -> tuple[Bar, ...]:
    """Return a bar for each part, in the order given; the largest has 100 percent.

    Parts that are not finite or exactly 0 are left out: they say nothing.

    Examples
    --------
    >>> [(bar.label, bar.percent) for bar in score_bars([("tag", 0.4), ("new", -0.1)])]
    [('tag', 100.0), ('new', 25.0)]
    """
    kept = [(label, float(value)) for label, value in parts if math.isfinite(value) and value]
    largest = max((abs(value) for _, value in kept), default=1.0)
    return tuple(
        Bar(label, value, min(round(100.0 * (abs(value) / largest), 1), 100.0))
        for label, value in kept
    )
