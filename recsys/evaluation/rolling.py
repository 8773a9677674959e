"""Rolling measurement: fit at a cut, measure the days after it, move on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys.core.arrays import BoolArray
from recsys.core.clock import DAY, Moment, to_utc
from recsys.core.errors import ConfigError, DataError
from recsys.core.progress import Progress, silent
from recsys.core.rng import named_rng
from recsys.data import Catalog, EventLog, People
from recsys.evaluation.runner import Evaluation, EvaluationOptions, evaluate
from recsys.evaluation.targets import has_targets
from recsys.metrics import bootstrap_interval
from recsys.serving import RecommenderConfig


@dataclass(frozen=True, slots=True)
class RollingWindows:
    """Times of the cuts; the last window ends at ``until``.

    Attributes
    ----------
    window_days : float
        Days from one cut to the next; greater than 0.
    n_windows : int
        How many; greater than 0.
    until : time or None
        None is the last event.
    """

    window_days: float = 7.0
    n_windows: int = 4
    until: Moment | None = None

    def __post_init__(self) -> None:
        if not self.window_days > 0 or self.n_windows < 1:
            raise ConfigError(
                "window_days must be greater than 0 and n_windows at least 1; got "
                f"{self.window_days} and {self.n_windows}."
            )

    def cuts(self, events: EventLog) -> list[tuple[np.datetime64, np.datetime64]]:
        """Return the moment of each fit, and the end of its window, oldest first.

        Raises
        ------
        DataError
            If no event has a time.
        """
        end = events.last_time if self.until is None else to_utc(self.until, name="until")
        if np.isnat(end):
            raise DataError("events must have times to be cut by time; none has one.")
        step = np.timedelta64(round(self.window_days * float(DAY / np.timedelta64(1, "us"))), "us")
        return [(end - step * at, end - step * (at - 1)) for at in range(self.n_windows, 0, -1)]


def evaluate_rolling(
    events: EventLog,
    windows: RollingWindows | None = None,
    *,
    catalog: Catalog | None = None,
    users: People | None = None,
    config: RecommenderConfig | None = None,
    options: EvaluationOptions | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Fit at each cut on what was known then, and measure the window after it.

    Parameters
    ----------
    events : EventLog
        All of them, with times.
    windows : RollingWindows or None
        None is four weeks.
    catalog, users, config
        As for :func:`evaluate`.
    options : EvaluationOptions or None
        As for :func:`evaluate`; ``candidates`` and ``as_of`` are set for each window.
    progress : Progress
        Told of each fit.

    Returns
    -------
    Evaluation
        Each person of each window is one line of ``per_user``; ``user_ids`` repeats who comes
        back, and ``record["windows"]`` has the windows one by one.

    Raises
    ------
    DataError
        If no window has anything to measure.

    Notes
    -----
    Nothing later than a cut takes part in it. An item is a candidate once it is published, or where
    no time is given, once it has an event. The people measured have an event before the cut; their
    targets are the pairs that are new to them, of items that were candidates: what was posted
    during a window no list made before it could hold. ``record["n_unpublished"]`` counts those.
    """
    windows = RollingWindows() if windows is None else windows
    options = EvaluationOptions() if options is None else options
    found: list[Evaluation] = []
    lines: list[dict[str, Any]] = []
    n_unpublished = 0
    for part in _parts(events, windows, catalog):
        n_unpublished += part.n_unpublished
        if not has_targets(part.test, kinds=options.target_kinds, positive=options.positive):
            continue
        measured = evaluate(
            part.train,
            part.test,
            catalog=catalog,
            users=users,
            config=config,
            options=replace(options, candidates=part.item_ids, as_of=part.cut),
            progress=progress,
        )
        found.append(measured)
        lines.append({"cut": str(part.cut), **_line(measured)})
    if not found:
        raise DataError(
            f"the {windows.n_windows} windows of {windows.window_days:g} days must hold a new pair "
            "of a known person and item; none does. Give longer or more windows."
        )
    return _pooled(found, lines, n_unpublished=n_unpublished, options=options)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One window: what was known at its cut, and what is measured."""

    cut: np.datetime64
    train: EventLog
    test: EventLog
    item_ids: Any
    n_unpublished: int


def _parts(events: EventLog, windows: RollingWindows, catalog: Catalog | None) -> Iterator[_Part]:
    times = events.occurred_at
    for cut, end in windows.cuts(events):
        train = events.select(times <= cut)
        if not train.n_events:
            continue
        later = events.select((times > cut) & (times <= end))
        known = np.isin(later.user_rows, np.unique(train.user_rows)) & ~np.isin(
            _pairs(later), _pairs(train)
        )
        ids, out = _published(events, train, catalog, cut)
        there = known & out[later.item_rows]
        yield _Part(cut, train, later.select(there), ids, int((known & ~there).sum()))


def _published(
    events: EventLog, train: EventLog, catalog: Catalog | None, cut: np.datetime64
) -> tuple[Any, BoolArray]:
    """Return the ids of the items out at ``cut``, and a mask of them over the items of events."""
    met = np.zeros(events.n_items, dtype=bool)
    met[train.item_rows] = True
    if catalog is None:
        return events.items.ids(np.flatnonzero(met)), met
    published = catalog.column("published_at").astype("datetime64[us]")
    rows = catalog.items.rows(events.items.ids())
    dated = (rows >= 0) & ~np.isnat(published[rows])
    out = np.where(dated, published[rows] <= cut, met)
    listed = catalog.items.ids(np.flatnonzero(published <= cut))
    extra = events.items.ids(np.flatnonzero(out & ~dated))
    return np.concatenate([listed, extra]), np.asarray(out, dtype=bool)


def _pairs(events: EventLog) -> Any:
    return events.user_rows.astype(np.int64) * events.n_items + events.item_rows


def _line(measured: Evaluation) -> dict[str, Any]:
    names = ("n_users", "n_items", "n_test_pairs", "seconds")
    per_window = {name: round(float(v.mean()), 6) for name, v in measured.per_user.items()}
    return {**{name: measured.record[name] for name in names}, "metrics": per_window}


def _pooled(
    found: list[Evaluation],
    lines: list[dict[str, Any]],
    *,
    n_unpublished: int,
    options: EvaluationOptions,
) -> Evaluation:
    last = found[-1]
    names = list(last.per_user)
    per_user = {name: np.concatenate([one.per_user[name] for one in found]) for name in names}
    metrics = {name: float(values.mean()) for name, values in per_user.items()}
    intervals = {}
    for name, values in per_user.items():
        rng = named_rng(last.record["seed"], "rolling", name)
        interval = bootstrap_interval(values, rng=rng, n_resamples=options.n_resamples)
        intervals[name] = (interval.low, interval.high)
    record = {
        **last.record,
        "metrics": {name: round(value, 6) for name, value in metrics.items()},
        "intervals": {name: [round(v, 6) for v in ends] for name, ends in intervals.items()},
        "n_users": sum(line["n_users"] for line in lines),
        "n_test_pairs": sum(line["n_test_pairs"] for line in lines),
        "n_unpublished": n_unpublished,
        "seconds": {
            name: round(sum(line["seconds"][name] for line in lines), 3)
            for name in lines[0]["seconds"]
        },
        "windows": lines,
    }
    user_ids = np.concatenate([one.user_ids for one in found])
    return Evaluation(metrics, intervals, per_user, user_ids, record)
