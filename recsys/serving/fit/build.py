"""From data to a snapshot: profiles, model, index, and what each person may not see."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from recsys.core.arrays import (
    RowArray,
)
from recsys.core.clock import Moment, to_utc
from recsys.core.errors import DataError
from recsys.core.note import Note
from recsys.core.progress import Progress
from recsys.core.rng import named_rng
from recsys.core.threads import one_blas_thread
from recsys.data import (
    Catalog,
    Dataset,
    EventLog,
    interaction_matrix,
    negatives,
    positive_events,
    rating_range,
)
from recsys.index import choose_index
from recsys.models import (
    POPULARITY,
    BlockSpec,
    FittedHybrid,
    HybridConfig,
    HybridModel,
    Queries,
    TrainingSet,
    fit_hybrid,
    is_in_order,
    known_queries,
)
from recsys.profiles import (
    ItemProfiles,
    build_item_profiles,
    declared_tags,
)
from recsys.serving.config import RecommenderConfig
from recsys.serving.fit.list_recall import judged
from recsys.serving.state.access import (
    eligible_items,
    own_pairs,
    personal_people,
    seen_pairs,
)
from recsys.serving.state.lineage import NOT_A_TIME, Lineage, add_descriptions, mass_of
from recsys.serving.state.snapshot import Snapshot
from recsys.serving.state.visibility import VisibilityTable


def build_snapshot(
    dataset: Dataset,
    config: RecommenderConfig,
    *,
    now: Moment | None,
    progress: Progress,
) -> Snapshot:
    """Fit everything, and return the snapshot that serves it.

    Raises
    ------
    ConfigError
        If a setting is wrong, or a block needs more memory than there is.
    DataError
        If an event lies after ``now``.
    """
    moment = moment_of(dataset, now)
    progress("profiles", 0, 0)
    profiles = build_item_profiles(dataset.catalog, config.profiles)
    training = training_set(dataset, profiles, config, now=moment)
    fitted = fit_hybrid(training, hybrid_config(config), preset=config.preset, progress=progress)
    return assemble(
        dataset,
        config,
        now=moment,
        profiles=profiles,
        training=training,
        fitted=fitted,
        progress=progress,
    )


def assemble(
    dataset: Dataset,
    config: RecommenderConfig,
    *,
    now: np.datetime64,
    profiles: ItemProfiles,
    training: TrainingSet,
    fitted: FittedHybrid,
    progress: Progress,
) -> Snapshot:
    """Return the snapshot that serves a fitted model."""
    progress("people", 0, 0)
    queries = known_queries(training)
    with one_blas_thread():
        states = fitted.model.states(queries)
    progress("index", 0, 0)
    people = _sample_rows(queries, config)
    built = choose_index(
        fitted.model.item_factors,
        config=config.index,
        queries=fitted.model.query_vectors(states.take(people)),
        exclude=seen_pairs(dataset, config, now=now)[people],
    )
    version = _version(fitted.model, dataset, now)
    lineage = Lineage(
        version=version,
        n_users=len(dataset.users),
        n_items=len(dataset.items),
        now=now,
        dated=now,
        rating_range=rating_range(dataset.events, config.interactions),
        n_events=dataset.events.n_events,
        in_order=training.in_order,
        mass=mass_of(dataset.events.occurred_at, now),
    )
    snapshot = Snapshot(
        config=config,
        version=version,
        lineage=lineage,
        now=now,
        dataset=dataset,
        item_profiles=profiles,
        model=fitted.model,
        specs=fitted.specs,
        index=built.index,
        queries=queries,
        states=states,
        seen=seen_pairs(dataset, config, now=now),
        disliked=negatives(dataset),
        own=own_pairs(dataset),
        visibility=VisibilityTable.of(dataset.catalog, dataset.people),
        personal=personal_people(dataset.people),
        eligible=eligible_items(dataset.catalog, now=now),
        notes=(*fitted.notes, Note.parse(built.note)),
        measured={"validation": fitted.validation, "index": built.measured},
    )
    return judged(snapshot, people)


def _sample_rows(queries: Queries, config: RecommenderConfig) -> RowArray:
    """Return people to fit and judge the index with: those who consumed something."""
    rows = np.flatnonzero(queries.n_consumed).astype(np.int32)
    wanted = config.index.n_queries + config.index.n_fitted
    if len(rows) <= wanted:
        return rows
    rng = named_rng(config.index.seed, "index", "people")
    return np.sort(rng.choice(rows, wanted, replace=False)).astype(np.int32)


def training_set(
    dataset: Dataset, profiles: ItemProfiles, config: RecommenderConfig, *, now: np.datetime64
) -> TrainingSet:
    """Return what the models learn from."""
    timed = positive_events(dataset, config=config.interactions, now=now)
    shape = (len(dataset.users), len(dataset.items))
    return TrainingSet(
        interactions=interaction_matrix(timed, shape, config=config.interactions),
        events=timed,
        item_features=profiles.matrix,
        user_features=declared_tags(dataset.people, profiles),
        item_times=item_times(dataset.catalog, dataset.events),
        now=now,
        in_order=bool(np.isnat(now)) and is_in_order(timed, shape),
    )


def item_times(catalog: Catalog, events: EventLog) -> Any:
    """Return when each item came into being: published, else its first event; NaT if unknown."""
    n_items = len(catalog.items)
    first = np.full(n_items, np.iinfo(np.int64).max)
    times = events.occurred_at.astype("datetime64[us]")
    given = ~np.isnat(times)
    np.minimum.at(first, events.item_rows[given], times[given].astype(np.int64))
    out = np.where(first == np.iinfo(np.int64).max, NOT_A_TIME, first.view("datetime64[us]"))
    published = catalog.column("published_at")
    out = np.where(np.isnat(published), out, published)
    return out.astype("datetime64[us]")


def moment_of(dataset: Dataset, now: Moment | None) -> np.datetime64:
    """Return the moment a model speaks for: ``now``, else the time of the last event, else NaT."""
    times = dataset.events.occurred_at
    times = times[~np.isnat(times)]
    if now is not None:
        moment = to_utc(now)
        if len(times) and moment < times.min():
            raise DataError(
                f"now must not lie before the first event, {times.min()}; got {moment}: "
                "there would be nothing to learn from."
            )
        return moment
    return times.max().astype("datetime64[us]") if len(times) else NOT_A_TIME


def hybrid_config(config: RecommenderConfig) -> HybridConfig:
    """Return the hybrid's settings; a part alone is joined by popularity, for newcomers."""
    hybrid = config.hybrid
    if hybrid.seed == 0 and config.seed:
        hybrid = HybridConfig(**{**dict(hybrid), "seed": config.seed})
    if hybrid.memory_limit_mb is None and config.memory_limit_mb is not None:
        hybrid = HybridConfig(**{**dict(hybrid), "memory_limit_mb": config.memory_limit_mb})
    if config.model == "hybrid":
        return hybrid
    if config.model == POPULARITY.kind:
        return _part(hybrid, (POPULARITY,), {POPULARITY.label: (1.0,)})
    n_more = len(hybrid.bucket_edges)
    weights = {config.model: (1.0,), POPULARITY.label: (1.0, *([0.0] * n_more))}
    return _part(hybrid, (BlockSpec(kind=config.model), POPULARITY), weights)


def _part(
    hybrid: HybridConfig, blocks: tuple[BlockSpec, ...], weights: dict[str, tuple[float, ...]]
) -> HybridConfig:
    return HybridConfig(**{**dict(hybrid), "blocks": blocks, "weights": weights})


def _version(model: HybridModel, dataset: Dataset, now: np.datetime64) -> str:
    """Return a hash of the model and of all descriptions: the same fit has the same version."""
    digest = hashlib.sha256()
    digest.update(np.ascontiguousarray(model.item_factors).data)
    digest.update(np.ascontiguousarray(model.weights).data)
    digest.update(str(now).encode())
    add_descriptions(digest, dataset.catalog, dataset.people)
    return digest.hexdigest()[:12]
