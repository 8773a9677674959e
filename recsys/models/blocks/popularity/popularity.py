"""Time-decayed popularity, with a forecast for new items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from recsys.core.arrays import Csr, DoubleArray, FloatArray, FloatMatrix, RowArray
from recsys.core.contribution import Contribution, Source
from recsys.core.progress import Progress, silent
from recsys.models.base import Arrays, Queries, TrainingSet
from recsys.models.blocks.block_config import BlockConfig, Choice, Rule, Timed, Times, Weighed
from recsys.models.blocks.data_size import DataSize, Footprint
from recsys.models.blocks.learned import LearnedBlock
from recsys.models.blocks.popularity.forecast import DemandForecast, fit_forecast
from recsys.models.blocks.popularity.item_ages import ItemAges


class PopularityConfig(BlockConfig):
    """Settings of :class:`PopularityBlock`."""

    memory_hint: ClassVar = "Raise memory_limit_mb, or fit on fewer events."

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
    forecast_min_items: PositiveInt = 20
    """Items that must have come in the window; with fewer nothing is forecast."""
    forecast_max_tags: PositiveInt = 64
    """Tags that the forecast is made from: those of most items."""
    edge_days: PositiveFloat = 7.0
    """An item first met in the first days of the log is taken to be older than the log."""
    unknown_days: PositiveFloat = 30.0
    """Of items without events and time, as many are taken for new as come in so many days."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of ages, sums and forecasts."""
        peak = 80 * size.n_events + 160 * size.n_items + 64 * size.n_tags
        return Footprint(peak, 48 * size.n_items, width=1)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "half_life_days": Timed(Times(6.0)),
            "confidence_power": Weighed(Choice((0.0, 1.0, 2.0, 4.0))),
        }


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
    them than new items come in ``unknown_days``, their forecast is scaled down to that share.

    What is kept of each item (the decayed sum, the age, the forecast) is enough to count further
    events and to let time pass without the old events: :meth:`counted`, :meth:`redated`.
    """

    per_item = ("item_factors", "observed", "sums", "ages", "ahead")
    reads_history = False
    is_personal = False
    is_collaborative = False
    counts_events = True

    def __init__(self, config: PopularityConfig | None = None, *, name: str = "popularity") -> None:
        self.config = PopularityConfig() if config is None else config
        super().__init__(name)

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, 1) float32."""
        return self.array("item_factors")

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Count the events of each item, and fit the forecast for new ones."""
        heaviest = float(training.events.weights.max(initial=0.0))
        if self.config.half_life_days is None or not training.has_times:
            nothing = np.zeros(training.n_items)
            self._start(length=None, heaviest=heaviest, forecast=None)
            sums = _counts(training, self.event_weights(training.events.weights, None))
            self._count(sums, np.full(training.n_items, np.inf), nothing)
        else:
            self._fit_now(training, heaviest)
        progress(self.name, 1, 1)

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, 1) float32 ones."""
        return np.ones((queries.n_queries, 1), dtype=np.float32)

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, 1) float32: the forecast from their tags; 0 where nothing is forecast."""
        return _column(np.log1p(self._weekly_of_new(item_features)))

    def new_item_arrays(self, item_features: Csr) -> Arrays:
        """Return the state of items that nobody has touched yet, of no known age."""
        ahead = self._weekly_of_new(item_features)
        unknown = np.full(len(ahead), np.nan)
        return self._values(np.zeros(len(ahead)), unknown, ahead)

    def with_features(self, item_features: Csr) -> Self:
        """Return the block after its items got other tags: the forecast follows them."""
        ahead = self._weekly_of_new(item_features)
        return self.with_counts(self.array("sums"), self.item_ages, ahead)

    def event_weights(self, weights: FloatArray, age_days: DoubleArray | None) -> DoubleArray:
        """Return what (n_events,) events add to the sums of their items.

        Parameters
        ----------
        weights : (n_events,) float32
            Confidence of each.
        age_days : (n_events,) float64 or None
            Days before the moment that the block speaks for, negative for later events, infinite
            without a time; None means that events do not fade.
        """
        heaviest = float(self.array("heaviest"))
        power = self.config.confidence_power
        counts = np.ones(len(weights))
        if power and heaviest > 0:
            counts = (weights.astype(np.float64) / heaviest) ** power
        half_life = self.config.half_life_days
        if age_days is None or half_life is None or not self.is_dated:
            return counts
        return np.asarray(counts * np.exp2(-age_days / half_life), dtype=np.float64)

    @property
    def can_count(self) -> bool:
        """True if it holds what further events are counted from; saved form 1.0 did not."""
        return "length_days" in self.to_arrays()

    @property
    def item_ages(self) -> DoubleArray:
        """(n_items,) float64 days since each item came; NaN where unknown."""
        return self.array("ages")

    @property
    def is_dated(self) -> bool:
        """True if its numbers depend on the moment that it speaks for."""
        return len(self.array("length_days")) > 0

    def counted(self, added: DoubleArray, ages: DoubleArray) -> Self:
        """Return the block after further events.

        Parameters
        ----------
        added : (n_items,) float64
            From :meth:`event_weights`, summed by item; negative for events taken back.
        ages : (n_items,) float64
            Days since each item came, as now known; NaN where nothing says when.
        """
        sums = np.maximum(self.array("sums") + added, 0.0)
        return self.with_counts(sums, ages, self.array("ahead"))

    def with_counts(self, sums: DoubleArray, ages: DoubleArray, ahead: DoubleArray) -> Self:
        """Return the block with other decayed sums, ages in days and forecasts of its items."""
        return self.with_arrays(**self._values(sums, ages, ahead))

    def redated(self, days: float) -> Self:
        """Return the block speaking for a moment ``days`` later, nothing having happened."""
        half_life = self.config.half_life_days
        if half_life is None or not self.is_dated:
            return self
        later = self.with_arrays(length_days=self.array("length_days") + days)
        sums = self.array("sums") * 2.0 ** (-days / half_life)
        ages = self.item_ages + days
        return later.with_counts(sums, ages, self.array("ahead"))

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:  # noqa: ARG002
        """Return the observed and the forecast part of each score."""
        nobody = np.array([-1], np.int32)
        observed = self.array("observed")[item_rows].T
        expected = self.item_factors[item_rows].T - observed
        parts = [Contribution(self.name, Source.POPULARITY, nobody, observed)]
        if expected.any():
            parts.append(Contribution(self.name, Source.FRESHNESS, nobody, expected))
        return parts

    def _fit_now(self, training: TrainingSet, heaviest: float) -> None:
        lives = ItemAges.of(training, edge_days=self.config.edge_days)
        forecast = self._forecast(training, lives) if self.config.forecast_new else None
        self._start(length=lives.length_days, heaviest=heaviest, forecast=forecast)
        weights = self.event_weights(training.events.weights, lives.event_ages)
        ahead = np.zeros(training.n_items)
        if forecast is not None:
            likely = lives.likely_new(
                window_days=self.config.forecast_window_days, month_days=self.config.unknown_days
            )
            ahead = forecast.weekly(training.item_features) * likely
        ages = np.where(lives.hidden, np.nan, lives.item_ages)
        self._count(_counts(training, weights), ages, ahead)

    def _forecast(self, training: TrainingSet, lives: ItemAges) -> DemandForecast | None:
        config = self.config
        days, ages = config.forecast_days, lives.item_ages
        items = training.events.item_rows
        early = (ages[items] - lives.event_ages < days) & np.isfinite(lives.event_ages)
        counts = np.bincount(items[early], minlength=training.n_items)
        return fit_forecast(
            training.item_features,
            counts * 7.0 / np.clip(ages, min(1.0, days), days),
            lives.known_start & (ages < config.forecast_window_days),
            regularization=config.forecast_regularization,
            min_items=config.forecast_min_items,
            max_tags=config.forecast_max_tags,
        )

    def _start(
        self, *, length: float | None, heaviest: float, forecast: DemandForecast | None
    ) -> None:
        """Keep what all items share, and what new ones need."""
        known = [] if forecast is None else [forecast]
        self.set_arrays(
            heaviest=np.array(heaviest),
            length_days=np.array([] if length is None else [length], np.float64),
            forecast_tags=np.array([tag for one in known for tag in one.tags], np.int32),
            forecast_weights=np.array([w for one in known for w in one.weights], np.float32),
            forecast_level=np.array([one.level for one in known], np.float32),
        )

    def _count(self, sums: DoubleArray, ages: DoubleArray, ahead: DoubleArray) -> None:
        self.set_arrays(**self._arrays, **self._values(sums, ages, ahead))

    def _values(self, sums: DoubleArray, ages: DoubleArray, ahead: DoubleArray) -> Arrays:
        """Return the arrays per item: the state, and the logarithms that follow from it."""
        observed = expected = sums
        half_life = self.config.half_life_days
        if self.is_dated and half_life is not None:
            length = float(self.array("length_days")[0])
            longest = max(1 - np.exp2(-length / half_life), 1e-9)
            observed = 7.0 * np.log(2) / half_life / longest * sums
            lived_days = np.clip(np.nan_to_num(ages, nan=0.0, posinf=np.inf), 0.0, length)
            lived = (1 - np.exp2(-lived_days / half_life)) / longest
            expected = observed + (1 - lived) * ahead
        return {
            "item_factors": _column(np.log1p(expected)),
            "observed": _column(np.log1p(observed)),
            "sums": np.asarray(sums, dtype=np.float64),
            "ages": np.asarray(ages, dtype=np.float64),
            "ahead": np.asarray(ahead, dtype=np.float64),
        }

    def _weekly_of_new(self, item_features: Csr) -> DoubleArray:
        """Return the (n_new,) float64 events per week to expect; 0 where nothing is forecast."""
        if not len(self.array("forecast_level")):
            return np.zeros(item_features.shape[0])
        forecast = DemandForecast(
            self.array("forecast_tags"),
            self.array("forecast_weights"),
            float(self.array("forecast_level")[0]),
        )
        return forecast.weekly(item_features)


def _counts(training: TrainingSet, weights: DoubleArray) -> DoubleArray:
    counts = np.bincount(training.events.item_rows, weights, training.n_items)
    return np.asarray(counts, dtype=np.float64)


def _column(values: DoubleArray) -> FloatMatrix:
    return np.asarray(values, dtype=np.float32).reshape(-1, 1)
