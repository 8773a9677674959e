"""What everyone does, old events counting less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import PositiveFloat

from recsys.core.arrays import Csr, DoubleArray, FloatMatrix, RowArray, freeze
from recsys.core.clock import age_days
from recsys.core.config import Config
from recsys.core.contribution import Contribution, Source
from recsys.core.progress import Progress
from recsys.models.base import Arrays, Queries, TrainingSet


class PopularityConfig(Config):
    """Settings of :class:`PopularityBlock`."""

    half_life_days: PositiveFloat | None = 7.0
    """An event's weight halves every so many days; None counts all time alike."""
    use_confidence: bool = False
    """Whether an event counts its confidence; otherwise 1."""


class PopularityBlock:
    r"""One score per item, the same for everybody.

    .. math:: q_i = \log\Big(1 + \sum_{e \in E_i} w_e\, 2^{-a_e / h}\Big)

    with :math:`a_e` the age in days of event *e* on item *i* and :math:`h` the half-life. The
    logarithm keeps one hit from drowning everything else in a blend; the order is that of the sum.

    Parameters
    ----------
    config : PopularityConfig
    """

    def __init__(self, config: PopularityConfig | None = None) -> None:
        self.config = config or PopularityConfig()
        self.name = "popularity"
        self._factors: FloatMatrix = np.zeros((0, 1), dtype=np.float32)

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, 1) float32."""
        return self._factors

    def fit(self, training: TrainingSet, *, progress: Progress) -> None:  # noqa: ARG002
        """Count the events of each item."""
        events = training.events
        weights = np.ones(events.n_events)
        if self.config.use_confidence:
            weights = events.weights.astype(np.float64)
        if self.config.half_life_days is not None and training.has_times:
            weights = weights * _decay(events.occurred_at, training.now, self.config.half_life_days)
        counts = np.bincount(events.item_rows, weights=weights, minlength=training.n_items)
        self._factors = freeze(np.log1p(counts).astype(np.float32).reshape(-1, 1))

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, 1) float32 ones."""
        return np.ones((queries.n_queries, 1), dtype=np.float32)

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, 1) float32 zeros: nobody has touched them."""
        return np.zeros((item_features.shape[0], 1), dtype=np.float32)

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:  # noqa: ARG002
        """Return the popularity of each item."""
        values = self._factors[item_rows].T
        return [Contribution(self.name, Source.POPULARITY, np.array([-1], np.int32), values)]

    def to_arrays(self) -> Arrays:
        """Return what was learned."""
        return {"item_factors": self._factors}

    def load_arrays(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take what :meth:`to_arrays` gave."""
        self._factors = freeze(np.asarray(arrays["item_factors"]))


def _decay(
    times: npt.NDArray[np.datetime64], now: np.datetime64, half_life_days: float
) -> DoubleArray:
    ages = np.maximum(np.nan_to_num(age_days(times, now), nan=np.inf), 0.0)
    return np.asarray(np.exp2(-ages / half_life_days), dtype=np.float64)
