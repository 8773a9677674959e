"""A recommender's settings, searched on its own training data."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.core.clock import Moment
from recsys.core.errors import DataError
from recsys.core.progress import Progress, silent
from recsys.data import Catalog, Dataset, EventLog, People
from recsys.models import Tuned, TuningConfig, TuningLog, tune_hybrid
from recsys.profiles import build_item_profiles
from recsys.serving.config import RecommenderConfig
from recsys.serving.fit.build import hybrid_config, moment_of, training_set


@dataclass(frozen=True, slots=True, eq=False)
class TunedRecommender:
    """The settings a search ended with, and how.

    Attributes
    ----------
    config : RecommenderConfig
        For :meth:`Recommender.fit`: the blocks as found, their weights learnt anew in the fit. The
        configuration given where nothing is surely better.
    search : Tuned
        What was measured.
    """

    config: RecommenderConfig
    search: Tuned


def tune(
    events: EventLog,
    catalog: Catalog | None = None,
    *,
    users: People | None = None,
    config: RecommenderConfig | None = None,
    tuning: TuningConfig | None = None,
    now: Moment | None = None,
    log: TuningLog | None = None,
    progress: Progress | None = None,
) -> TunedRecommender:
    """Return settings that suit the data better than those given, found on parts cut from it.

    Parameters
    ----------
    events : EventLog
        Validation parts are cut from these: the latest where they have times, else random ones.
    catalog : Catalog or None
    users : People or None
    config : RecommenderConfig or None
        Where the search begins; None is the default preset.
    tuning : TuningConfig or None
        How long to search, and for what; None is three minutes for ndcg@20.
    now : datetime, ISO text, epoch seconds or None
        The moment the model is to speak for; None is the time of the last event.
    log : TuningLog or None
        Where each trial is kept, and what a search is resumed from; None keeps none.
    progress : Progress or None
        Told of the time used and of the best so far.

    Raises
    ------
    ConfigError
        If a setting is wrong, or the log is of another search.
    DataError
        If there are no events.
    MissingDependencyError
        If optuna is not installed.

    Notes
    -----
    What is searched, and when it is taken, is said at :func:`recsys.models.tune_hybrid`.
    """
    config = RecommenderConfig() if config is None else config
    tuning = TuningConfig() if tuning is None else tuning
    if not events.n_events:
        raise DataError("events must hold at least one event to tune on; there are none.")
    progress = progress or silent
    progress("profiles", 0, 0)
    dataset = Dataset.join(events, catalog, users)
    profiles = build_item_profiles(dataset.catalog, config.profiles)
    training = training_set(dataset, profiles, config, now=moment_of(dataset, now))
    found = tune_hybrid(
        training,
        hybrid_config(config),
        preset=config.preset,
        tuning=tuning,
        log=log,
        progress=progress,
    )
    if not found.is_better:
        return TunedRecommender(config, found)
    return TunedRecommender(config.replace(model="hybrid", hybrid=found.config), found)
