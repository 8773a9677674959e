"""What everyone does, old events counting less, and what they will do with new items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat

from recsys.core.arrays import Csr, DoubleArray, FloatMatrix, RowArray
from recsys.core.config import Config
from recsys.core.contribution import Contribution, Source
from recsys.core.progress import Progress, silent
from recsys.models.base import Queries, TrainingSet
from recsys.models.forecast import WEEK_DAYS, DemandForecast, fit_forecast
from recsys.models.learned import LearnedBlock
from recsys.models.lifetimes import Lifetimes


class PopularityConfig(Config):
    """Settings of :class:`PopularityBlock`."""

    half_life_days: PositiveFloat | None = 7.0
    """An event's weight halves every so many days; None counts all time alike."""
    confidence_power: NonNegativeFloat = 0.0
    """An event counts this power of its confidence (over the highest); 0 counts all alike. With
    ratings, 4 lets what is liked rise."""
    forecast_new: bool = True
    """Whether the part of a half-life that an item has not lived yet is filled with what items
    like it were met with; otherwise it counts as no events."""
    forecast_days: PositiveFloat = 7.0
    """First days of an item that the forecast speaks of."""
    forecast_window_days: PositiveFloat = 90.0
    """Items that came in the last so many days are what the forecast learns from."""
    forecast_regularization: PositiveFloat = 5.0
    """Pull of the forecast towards the mean of new items, in items."""


class PopularityBlock(LearnedBlock):
    r"""One score per item, the same for everybody: the logarithm of its events per week now.

    .. math::

        q_i = \log\Big(1 + \frac{7 \ln 2}{h\, \epsilon} \sum_{e \in E_i} w_e\, 2^{-a_e / h}
              + (1 - \epsilon_i) f_i\Big), \qquad
        \epsilon_i = \frac{1 - 2^{-\min(A_i, A) / h}}{\epsilon}, \quad \epsilon = 1 - 2^{-A / h}

    with :math:`a_e` the age in days of event *e* on item *i*, :math:`h` the half-life, :math:`A_i`
    the age of the item, :math:`A` that of the log and :math:`f_i` the weekly events that items with
    the tags of *i* were met with when they were new. An item of yesterday has lived through a
    small part of the decayed time; counting the rest as silence would rank it below what it will
    be. An item without events is all forecast: old, new and coming items are on one scale.

    With no half-life, or no times, it is the logarithm of 1 plus the weighted events.

    Parameters
    ----------
    config : PopularityConfig, optional
    name : str
        Unique among the blocks of a hybrid.

    Notes
    -----
    An item without events and without a time may be new or forgotten: where there are more of
    them than a month brings new items, their forecast is scaled down to that share.
    """

    def __init__(self, config: PopularityConfig | None = None, *, name: str = "popularity") -> None:
        self.config = PopularityConfig() if config is None else config
        super().__init__(name)

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, 1) float32."""
        return self.learned("item_factors")

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Count the events of each item, and learn what new ones are met with."""
        weights = _event_weights(training, self.config.confidence_power)
        half_life = self.config.half_life_days
        if half_life is None or not training.has_times:
            counts = _counts(training, weights)
            self._keep(counts, counts, None)
        else:
            self._fit_now(training, weights, half_life)
        progress(self.name, 1, 1)

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, 1) float32 ones."""
        return np.ones((queries.n_queries, 1), dtype=np.float32)

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, 1) float32: the forecast from their tags; 0 where nothing is forecast."""
        if not len(self.learned("forecast_level")):
            return np.zeros((item_features.shape[0], 1), dtype=np.float32)
        forecast = DemandForecast(
            self.learned("forecast_tags"),
            self.learned("forecast_weights"),
            float(self.learned("forecast_level")[0]),
        )
        return _column(np.log1p(forecast.weekly(item_features)))

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:  # noqa: ARG002
        """Return what each item was met with, and what is only expected of it."""
        nobody = np.array([-1], np.int32)
        observed = self.learned("observed")[item_rows].T
        expected = self.item_factors[item_rows].T - observed
        parts = [Contribution(self.name, Source.POPULARITY, nobody, observed)]
        if expected.any():
            parts.append(Contribution(self.name, Source.FRESHNESS, nobody, expected))
        return parts

    def _fit_now(self, training: TrainingSet, weights: DoubleArray, half_life: float) -> None:
        lives = Lifetimes.of(training)
        longest = max(1 - np.exp2(-lives.length_days / half_life), 1e-9)
        per_week = WEEK_DAYS * np.log(2) / half_life / longest
        weights = weights * np.exp2(-lives.event_ages / half_life)
        observed = per_week * _counts(training, weights)
        forecast = self._forecast(training, lives) if self.config.forecast_new else None
        if forecast is None:
            self._keep(observed, observed, None)
            return
        ages = np.minimum(lives.item_ages, lives.length_days)
        lived = (1 - np.exp2(-ages / half_life)) / longest
        likely = lives.likely_new(window_days=self.config.forecast_window_days)
        ahead = forecast.weekly(training.item_features) * likely
        self._keep(observed, observed + (1 - lived) * ahead, forecast)

    def _forecast(self, training: TrainingSet, lives: Lifetimes) -> DemandForecast | None:
        config = self.config
        days, ages = config.forecast_days, lives.item_ages
        items = training.events.item_rows
        early = (ages[items] - lives.event_ages < days) & np.isfinite(lives.event_ages)
        counts = np.bincount(items[early], minlength=training.n_items)
        return fit_forecast(
            training.item_features,
            counts * WEEK_DAYS / np.clip(ages, min(1.0, days), days),
            lives.known_start & (ages < config.forecast_window_days),
            regularization=config.forecast_regularization,
        )

    def _keep(
        self, observed: DoubleArray, expected: DoubleArray, forecast: DemandForecast | None
    ) -> None:
        """Keep the logarithms, and what new items need."""
        known = [] if forecast is None else [forecast]
        self.keep(
            item_factors=_column(np.log1p(expected)),
            observed=_column(np.log1p(observed)),
            forecast_tags=np.array([tag for one in known for tag in one.tags], np.int32),
            forecast_weights=np.array([w for one in known for w in one.weights], np.float32),
            forecast_level=np.array([one.level for one in known], np.float32),
        )


def _event_weights(training: TrainingSet, confidence_power: float) -> DoubleArray:
    weights = training.events.weights.astype(np.float64)
    if not confidence_power or not len(weights):
        return np.ones(len(weights))
    return np.asarray((weights / weights.max()) ** confidence_power, dtype=np.float64)


def _counts(training: TrainingSet, weights: DoubleArray) -> DoubleArray:
    counts = np.bincount(training.events.item_rows, weights, training.n_items)
    return np.asarray(counts, dtype=np.float64)


def _column(values: DoubleArray) -> FloatMatrix:
    return np.asarray(values, dtype=np.float32).reshape(-1, 1)
