"""Settings of the blocks, searched on validation parts of the training events."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from recsys.core.config import Config
from recsys.core.errors import ConfigError
from recsys.core.progress import Progress, silent
from recsys.core.threads import one_blas_thread
from recsys.models.base import TrainingSet
from recsys.models.fit import HybridConfig, Preset, choose
from recsys.models.spec import BlockSpec
from recsys.models.tuning.bench import Bench, Standing
from recsys.models.tuning.log import TuningLog
from recsys.models.tuning.panels import Panel, cut_panels, parse_metric
from recsys.models.tuning.proposals import check_optuna
from recsys.models.tuning.search import Budget, OutOfTimeError, Search
from recsys.models.tuning.state import SearchState

SCORE_BYTES = 1_000_000_000
"""Memory for the scores of all blocks on all people measured: with many items fewer people. A
constant and not what the machine has free, so that the same search finds the same."""

MIN_PEOPLE = 10
"""With fewer people searched on, or held out, nothing is searched."""


class TuningConfig(Config):
    """Settings of a search."""

    minutes: PositiveFloat | None = 3.0
    """Time for the search; None sets no limit."""
    n_trials: PositiveInt | None = None
    """Trials after the first, which measures the settings as they are; those of a search that is
    resumed count. None sets no limit."""
    metric: str = "ndcg@20"
    """What is to be high: ndcg, recall, precision, map, mrr or hit_rate at a length of list."""
    patience: PositiveInt = 6
    """Trials in a row without a gain after which a block rests; when all rest, the search ends."""
    max_people: PositiveInt = 1500
    """People measured over all validation parts; more are sampled."""
    n_parts: PositiveInt = 2
    """Parts cut one before the other in time; 1 without times. What is best for one week may be an
    accident of it."""
    held_share: float = Field(default=1 / 3, gt=0, lt=1)
    """Share of the people that the search does not look at: what it finds is checked on them."""


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """Result of a search, and its measured gain.

    Attributes
    ----------
    config : HybridConfig
        The best configuration; the one given where nothing is surely better.
    is_better : bool
        Whether ``config`` is another than the one given.
    why : str
        Why this configuration, for a person to read.
    n_trials : int
        Finished trials after the first.
    stopped : {"time", "trials", "nothing better", "keyboard", "too few people"}
        What ended the search.
    measured : dict
        What was measured of the configuration given and of the best found; empty where nothing was.
    seconds : float
        How long it took.
    """

    config: HybridConfig
    is_better: bool
    why: str
    n_trials: int
    stopped: str
    measured: dict[str, Any]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return all but the configuration as plain JSON values."""
        return {
            "is_better": self.is_better,
            "why": self.why,
            "n_trials": self.n_trials,
            "stopped": self.stopped,
            "measured": self.measured,
            "seconds": round(self.seconds, 3),
        }


@one_blas_thread()  # as a fit
def tune_hybrid(
    training: TrainingSet,
    config: HybridConfig,
    *,
    preset: Preset,
    tuning: TuningConfig,
    log: TuningLog | None = None,
    progress: Progress = silent,
    clock: Callable[[], float] = time.perf_counter,
) -> Tuned:
    """Return a configuration whose blocks suit ``training`` better, or the one given.

    Parameters
    ----------
    training : TrainingSet
        Validation parts are cut from it; nothing else is looked at.
    config : HybridConfig
        Where the search begins: trial 0. Weights that are None are learnt in each trial.
    preset : {"fast", "balanced", "best"}
        Which blocks, where ``config.blocks`` is None.
    tuning : TuningConfig
    log : TuningLog or None
        Where each trial is kept, and what a search is resumed from; None keeps none.
    progress : Progress
        Told of the time used (or the trials done) and of the best so far.
    clock : callable
        Seconds, from anywhere.

    Raises
    ------
    ConfigError
        If neither time nor trials are limited, the metric is none, or the log is of another search.
    MissingDependencyError
        If optuna is not installed.

    Notes
    -----
    Blocks are searched one at a time: a trial fits one block anew on each part, keeps the scores
    of the others, learns the weights of the blend from them, and measures its lists. What is found
    is taken where it gains more than the paired standard error on the people searched on, and
    gains on those held out too; otherwise the configuration given is. The same data, settings,
    seed and number of trials give the same configuration; time decides only how many there are.

    A KeyboardInterrupt ends the search with what was found, once the first trial is done.
    """
    check_optuna()
    parse_metric(tuning.metric)
    if tuning.minutes is None and tuning.n_trials is None:
        raise ConfigError("minutes or n_trials must be given; both are None.")
    seconds = np.inf if tuning.minutes is None else 60 * tuning.minutes
    budget = Budget(seconds, tuning.n_trials, progress=progress, clock=clock)
    had_times = training.has_times
    try:
        training, recipe = choose(training, config, preset=preset, progress=budget.watch)
    except OutOfTimeError:
        return _not_measured(config, budget)
    specs = recipe.blocks
    searched = config  # the same data for the same blocks, when what was found is fitted
    if had_times and not training.has_times:
        searched = config.replace(use_times=False)
    trials = [] if log is None else log.begin(_about(training, config, specs, tuning))
    bench = Bench(
        _panels(training, config, tuning, n_blocks=len(specs)),
        training,
        config,
        metric=tuning.metric,
        progress=budget.watch,
    )
    n_people = [bench.n_people(held=held) for held in (False, True)]
    if min(n_people) < MIN_PEOPLE:
        why = f"settings as given: {sum(n_people)} people to validate on are too few to search"
        return Tuned(config, False, why, 0, "too few people", {}, budget.used)
    state = SearchState(specs, training, patience=tuning.patience, seed=config.seed)
    try:
        search = Search.begin(bench, state, budget, log=log, trials=trials)
    except OutOfTimeError:
        return _not_measured(config, budget)
    stopped = search.run()
    found = searched.replace(blocks=search.best.specs)
    return _judged(search, config, found, stopped=stopped, metric=tuning.metric)


def _not_measured(config: HybridConfig, budget: Budget) -> Tuned:
    why = "settings as given: the time was over before they were measured"
    return Tuned(config, False, why, 0, "time", {}, budget.used)


def fingerprint(training: TrainingSet) -> str:
    """Return a name for the data: the same for the same data only."""
    digest = hashlib.sha256()
    matrices = (training.interactions, training.item_features, training.user_features)
    arrays = [part for one in matrices for part in (one.indptr, one.indices, one.data)]
    events = training.events
    arrays += [events.user_rows, events.item_rows, events.weights, events.occurred_at]
    for array in [*arrays, training.item_times]:
        digest.update(f"{array.dtype.kind}{array.shape}".encode())
        wide = array.astype(np.int64) if array.dtype.kind in "iM" else array
        digest.update(np.ascontiguousarray(wide).data)
    digest.update(str(training.now).encode())
    return digest.hexdigest()[:16]


def _about(
    training: TrainingSet,
    config: HybridConfig,
    specs: Sequence[BlockSpec],
    tuning: TuningConfig,
) -> dict[str, Any]:
    """Return what a search must share with one that it resumes."""
    settings = {
        **config.to_dict(),
        "blocks": [spec.to_dict() for spec in specs],
        "tuning": [tuning.max_people, tuning.n_parts, tuning.held_share, tuning.patience],
    }
    text = json.dumps(settings, sort_keys=True, default=str)
    return {
        "data": fingerprint(training),
        "settings": hashlib.sha256(text.encode()).hexdigest()[:16],
        "metric": tuning.metric,
        "seed": config.seed,
    }


def _panels(
    training: TrainingSet, config: HybridConfig, tuning: TuningConfig, *, n_blocks: int
) -> list[Panel]:
    n_parts = tuning.n_parts if training.has_times else 1
    per_person = 4 * max(training.n_items, 1) * (2 * n_blocks + 1)
    n_people = min(tuning.max_people, SCORE_BYTES // per_person)
    validation = config.validation.replace(
        n_cuts=min(config.validation.n_cuts, n_parts),
        enough_users=max(n_people // 2, 1),
        max_users=max(min(n_people // n_parts, config.validation.max_users), 1),
    )
    return cut_panels(
        training,
        validation,
        bucket_edges=config.bucket_edges,
        held_share=tuning.held_share,
        seed=config.seed,
    )


def _judged(
    search: Search, config: HybridConfig, found: HybridConfig, *, stopped: str, metric: str
) -> Tuned:
    """Return what was found if it is surely better, else the configuration given."""
    bench, first, best = search.bench, search.first, search.best
    gain, error = bench.gain(best, first)
    held_gain, held_error = bench.gain(best, first, held=True)
    measured = {
        "metric": metric,
        "n_parts": len(bench.panels),
        "searched": _row(bench, first, best, held=False),
        "held_out": _row(bench, first, best, held=True),
    }
    is_better = gain > error and held_gain > 0
    if best is first:
        why = "settings as given: no trial was better"
    elif is_better:
        why = f"settings found: {metric} gains {gain:.4f} ± {error:.4f}"
    else:
        why = (
            f"settings as given: a gain of {gain:.4f} ± {error:.4f} in {metric} is not sure enough"
        )
    if best is not first:
        why += f" on people searched on, {held_gain:+.4f} ± {held_error:.4f} on people held out"
    return Tuned(
        config=found if is_better else config,
        is_better=is_better,
        why=why,
        n_trials=search.budget.n_done - 1,
        stopped=stopped,
        measured=measured,
        seconds=search.budget.used,
    )


def _row(bench: Bench, first: Standing, best: Standing, *, held: bool) -> dict[str, float]:
    gain, error = bench.gain(best, first, held=held)
    values = {
        "as_given": bench.mean(first, held=held),
        "found": bench.mean(best, held=held),
        "gain": gain,
        "standard_error": error,
    }
    return {"n_people": bench.n_people(held=held)} | {
        name: round(value, 6) for name, value in values.items()
    }
