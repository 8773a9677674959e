"""Offline measurement: fit on train, rank for the people of test, compare."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, BoolArray, Csr, DoubleArray, RowArray
from recsys.core.clock import Moment
from recsys.core.errors import ConfigError, DataError, RecsysWarning, UnknownIdError
from recsys.core.progress import Progress, silent
from recsys.core.rng import named_rng
from recsys.data import Catalog, EventLog, IdMap, People, check_same_sort
from recsys.evaluation.machine import peak_rss_mb, versions
from recsys.evaluation.targets import Targets, pair_matrix, targets, without_pairs
from recsys.metrics import (
    bootstrap_interval,
    coverage,
    gini,
    intra_list_diversity,
    novelty,
    ranking_metrics,
)
from recsys.models import TuningConfig
from recsys.serving import Recommender, RecommenderConfig, rank_rows, tune

BATCH = 1024
"""People ranked at once."""

DEFAULT_KS = (10, 20)

Metric: TypeAlias = Callable[[RowArray, Csr, int], DoubleArray]
"""``metric(ranked_rows, relevant, k)``: (n_users, n_ranked) item rows, best first and -1 where a
list is short; (n_users, n_items) csr of relevant items; list length. Returns (n_users,) float64."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Result of an offline measurement.

    Attributes
    ----------
    metrics : dict of str to float
        Means over people, such as ``recall@20``; all in [0, 1] but ``novelty@k`` (bits).
    intervals : dict of str to (float, float)
        95 % bootstrap intervals of the means over people.
    per_user : dict of str to (n_users,) float64
        The values behind the means: for paired comparisons.
    user_ids : (n_users,) object
        Whose values they are.
    record : dict
        The JSON record of the contract.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    per_user: dict[str, Any]
    user_ids: Any
    record: dict[str, Any]


def evaluate(
    train: EventLog,
    test: EventLog,
    *,
    mask: EventLog | None = None,
    catalog: Catalog | None = None,
    users: People | None = None,
    config: RecommenderConfig | None = None,
    options: EvaluationOptions | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Fit on ``train``, and measure the lists against ``test``.

    Parameters
    ----------
    train, test : EventLog
        Fitted on; measured against.
    mask : EventLog or None
        Pairs neither fitted, tuned on nor recommended, such as a validation part; events of
        ``train`` on these pairs are left out too.
    catalog : Catalog or None
        Its items are candidates too.
    users : People or None
    config : RecommenderConfig or None
        None is the default preset.
    options : EvaluationOptions or None
        What is measured; None is recall and the rest at 10 and 20.
    progress : Progress
        Told of the fit and of the people ranked.

    Raises
    ------
    ConfigError, DataError
        As :meth:`Recommender.fit`; and if no test event counts.

    Notes
    -----
    Candidates of a person are all items of train and catalog, less their own train and mask pairs.
    Test items outside count in the denominator of recall and are reported as ``n_outside``.
    """
    options = EvaluationOptions() if options is None else options
    _check_sorts(train, test, mask)
    if mask is not None:
        train = without_pairs(train, mask)
    started = time.perf_counter()
    found = None
    if options.tuning is not None:
        found = tune(
            train,
            catalog,
            users=users,
            config=config,
            tuning=options.tuning,
            now=options.as_of,
            progress=progress,
        )
        config = found.config
    tuned = time.perf_counter()
    model = Recommender.fit(
        train, catalog, users=users, config=config, now=options.as_of, progress=progress
    )
    fitted = time.perf_counter()
    measured = measure(model, train, test, mask=mask, options=options, progress=progress)
    ended = time.perf_counter()
    seconds = {
        "load": 0.0,
        "tune": 0.0 if found is None else tuned - started,
        "fit": fitted - tuned,
        "recommend": ended - fitted,
    }
    if found is not None:
        measured.record["tuning"] = found.search.to_dict()
    measured.record["seconds"] = {name: round(value, 3) for name, value in seconds.items()}
    return measured


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """Settings of an offline measurement.

    Attributes
    ----------
    ks : tuple of int
        List lengths; each greater than 0.
    candidates : sequence of item ids or None
        The only items that may be recommended; None means all.
    target_kinds : sequence of str or None
        Kinds of test events that count; None is all but negative and authoring ones.
    positive : str or None
        A filter on test events, such as ``"value >= 4"``.
    as_of : time or None
        The moment of the lists; None is the last training event.
    tuning : TuningConfig or None
        How long to search for better settings on parts cut from train before the fit; None uses
        those given.
    n_resamples : int
        Bootstrap resamples behind the intervals.
    metrics : dict of str to Metric
        Measures of your own, by name; reported like "recall@20" for each of ``ks``.
    """

    ks: tuple[int, ...] = DEFAULT_KS
    candidates: Sequence[Any] | None = None
    target_kinds: Sequence[str] | None = None
    positive: str | None = None
    as_of: Moment | None = None
    tuning: TuningConfig | None = None
    n_resamples: int = 1000
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.ks or not all(_is_length(k) for k in self.ks):
            raise ConfigError(f"k must be whole numbers of at least 1; got {list(self.ks)}.")


def _is_length(k: Any) -> bool:
    return isinstance(k, int | np.integer) and not isinstance(k, bool) and int(k) >= 1


def _check_sorts(train: EventLog, test: EventLog, mask: EventLog | None) -> None:
    for other in (test, *(() if mask is None else (mask,))):
        check_same_sort(train.users, other.users, "user_id")
        check_same_sort(train.items, other.items, "item_id")


def measure(
    model: Recommender,
    train: EventLog,
    test: EventLog,
    *,
    mask: EventLog | None = None,
    options: EvaluationOptions | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Measure a fitted model's lists against ``test``; see :func:`evaluate`."""
    options = EvaluationOptions() if options is None else options
    _check_sorts(train, test, mask)
    allowed = _allowed(model, options.candidates)
    wanted = targets(
        test, model.items, candidates=allowed, kinds=options.target_kinds, positive=options.positive
    )
    people = IdMap.of(wanted.user_ids)  # also those whom only mask and test know
    hidden = pair_matrix(train, people, model.items)
    if mask is not None:
        hidden = sp.csr_matrix(hidden + pair_matrix(mask, people, model.items))
    if not (wanted.relevant > hidden).nnz:
        warnings.warn(
            "no test pair can be found: each is of an item that is no candidate, or stands in "
            "train or mask too. Look at the ids, and at how test was cut.",
            RecsysWarning,
            stacklevel=2,
        )
    ranked = _ranked(model, wanted, hidden, allowed=allowed, k=max(options.ks), progress=progress)
    per_user = ranking_metrics(ranked, wanted.relevant, ks=options.ks, n_relevant=wanted.n_relevant)
    for name, metric in options.metrics.items():
        per_user |= {f"{name}@{k}": metric(ranked, wanted.relevant, k) for k in options.ks}
    metrics, intervals = _summary(per_user, model.config.seed, options.n_resamples)
    metrics |= _beyond(model, ranked, allowed=allowed, ks=options.ks)
    record = {
        "metrics": {name: round(value, 6) for name, value in metrics.items()},
        "intervals": {
            name: [round(low, 6), round(high, 6)] for name, (low, high) in intervals.items()
        },
        "n_users": len(wanted.user_ids),
        "n_items": int(allowed.sum()),
        "n_test_pairs": int(wanted.n_relevant.sum()),
        "n_outside": wanted.n_outside,
        "seconds": {"load": 0.0, "tune": 0.0, "fit": 0.0, "recommend": 0.0},
        "peak_rss_mb": peak_rss_mb(),
        "config": model.config.to_dict(),
        "notes": [str(note) for note in model.notes],
        "seed": model.config.seed,
        "target_kinds": list(wanted.kinds),
        "as_of": str(model.now),
        "versions": versions(),
    }
    return Evaluation(metrics, intervals, per_user, wanted.user_ids, record)


def _allowed(model: Recommender, candidates: Sequence[Any] | None) -> BoolArray:
    allowed = np.ones(len(model.items), dtype=bool)
    if candidates is None:
        return allowed
    rows = model.items.rows(list(candidates))
    if (rows == NO_ROW).all():
        raise DataError(
            "candidates must hold items of train or of the catalog; none of "
            f"{len(rows)} is known. Ids must have the type they have in the data."
        )
    if (rows == NO_ROW).any():
        unknown = [one for one, row in zip(candidates, rows, strict=True) if row == NO_ROW]
        raise UnknownIdError.of("item", unknown, n_known=len(model.items))
    allowed[:] = False
    allowed[rows] = True
    return allowed


def _ranked(
    model: Recommender,
    wanted: Targets,
    hidden: Csr,
    *,
    allowed: BoolArray,
    k: int,
    progress: Progress,
) -> RowArray:
    n_people = len(wanted.user_ids)
    out = np.full((n_people, k), NO_ROW, dtype=np.int32)
    for start in range(0, n_people, BATCH):
        progress("rank", start, n_people)
        some = slice(start, start + BATCH)
        excluded = hidden[some]
        best = rank_rows(model, wanted.user_ids[some], k=k, exclude=excluded, allowed=allowed).rows
        out[some, : best.shape[1]] = best
    progress("rank", n_people, n_people)
    return out


def _summary(
    per_user: dict[str, Any], seed: int, n_resamples: int
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    metrics, intervals = {}, {}
    for name, values in per_user.items():
        metrics[name] = float(values.mean())
        rng = named_rng(seed, "bootstrap", name)
        interval = bootstrap_interval(values, rng=rng, n_resamples=n_resamples)
        intervals[name] = (interval.low, interval.high)
    return metrics, intervals


def _beyond(
    model: Recommender, ranked: RowArray, *, allowed: BoolArray, ks: Iterable[int]
) -> dict[str, float]:
    counts = np.bincount(model.seen.indices, minlength=len(model.items))
    n_users = max(len(model.users), 1)
    n_candidates = max(int(allowed.sum()), 1)
    shown = np.where(ranked == NO_ROW, NO_ROW, np.cumsum(allowed)[ranked] - 1).astype(np.int32)
    out = {}
    for k in ks:
        out[f"coverage@{k}"] = coverage(shown, n_items=n_candidates, k=k)
        out[f"gini@{k}"] = gini(shown, n_items=n_candidates, k=k)
        out[f"novelty@{k}"] = _mean(novelty(ranked, item_counts=counts, n_users=n_users, k=k))
        features = model.item_profiles.matrix
        if features.nnz:
            out[f"intra_list_diversity@{k}"] = _mean(intra_list_diversity(ranked, features, k=k))
    return out


def _mean(values: Any) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else 0.0
