"""What was observed put into whole arrays again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import Csr, FloatMatrix, RowArray, freeze, freeze_csr
from recsys.data import Catalog, Dataset, IdMap, People
from recsys.index import build_index, renewed_index
from recsys.models import (
    Hybrid,
    HybridModel,
    Queries,
    QueryState,
    counts_events,
)
from recsys.profiles import ItemProfiles
from recsys.serving.observe.delta import Facts
from recsys.serving.state.access import PAIRS, seen_pairs
from recsys.serving.state.csr_rows import Line, csr_of, ones_line, row_entries, widened
from recsys.serving.state.snapshot import Snapshot
from recsys.serving.state.visibility import VisibilityTable


def compacted(snapshot: Snapshot, facts: Facts) -> Snapshot:
    """Return the same state in whole arrays; every answer stays as it is.

    Parameters
    ----------
    snapshot : Snapshot
        Its settings, model, index and what does not depend on single people.
    facts : Facts
        The data behind it: the whole arrays of the fit and what was observed since.

    Notes
    -----
    Costs what copying everything costs. The index stays as it is, changes beside the main part.
    """
    base, overlay = facts.base, facts.overlay
    dataset = _dataset(facts)
    n_users, n_items = dataset.shape
    people = overlay.people
    pairs = {
        name: freeze_csr(
            _with_rows(
                getattr(base, name),
                {row: ones_line(getattr(one, name)) for row, one in people.items()},
                (n_users, n_items),
            )
        )
        for name in PAIRS
    }
    if snapshot.config.repeatable:
        pairs["seen"] = seen_pairs(dataset, snapshot.config, now=snapshot.now)
    return Snapshot(
        config=snapshot.config,
        version=snapshot.version,
        now=snapshot.now,
        dataset=dataset,
        item_profiles=_profiles(facts),
        model=snapshot.model.merged(),
        specs=snapshot.specs,
        index=snapshot.index,
        queries=_queries(facts, (n_users, n_items)),
        states=_states(facts, n_users),
        **pairs,
        visibility=VisibilityTable.of(dataset.catalog, dataset.people),
        personal=freeze(facts.personal_of(np.arange(n_users, dtype=np.int32))),
        eligible=snapshot.eligible,
        notes=snapshot.notes,
        lineage=snapshot.lineage,
        measured=snapshot.measured,
    )


def renewed(snapshot: Snapshot, *, days: int = 0) -> Snapshot:
    """Return a whole snapshot, with an index without changes beside it where that is cheap.

    Parameters
    ----------
    snapshot : Snapshot
        Whole or not.
    days : int
        Popularity is to speak for a moment so many days later.
    """
    whole = snapshot.whole
    model = _redated(whole.model, days) if days else whole.model
    index = renewed_index(
        whole.index,
        model.item_factors,
        rebuild=lambda vectors: build_index(vectors, config=whole.config.index),
    )
    lineage = whole.lineage.redated(days) if days else whole.lineage
    return replace(whole, model=model, index=index, lineage=lineage)


def _redated(model: Hybrid, days: int) -> HybridModel:
    blocks = [
        block.redated(float(days)) if counts_events(block) else block for block in model.blocks
    ]
    return HybridModel(blocks, model.weights, scales=model.scales, bucket_edges=model.bucket_edges)


def _dataset(facts: Facts) -> Dataset:
    base, overlay = facts.base.dataset, facts.overlay
    users, items = (IdMap.from_arrays(one.to_arrays()) for one in (overlay.users, overlay.items))
    every = np.arange(len(items), dtype=np.int32)
    return Dataset(
        users=users,
        items=items,
        events=base.events.followed_by(overlay.logs, users=users, items=items, kinds=overlay.kinds),
        catalog=_catalog(base.catalog, overlay.catalog, items),
        people=_people(base.people, overlay.profiles, users),
        author_rows=freeze(facts.authors_of(every)),
    )


def _catalog(base: Catalog, changed: Catalog, items: IdMap) -> Catalog:
    wide = base.aligned(items)
    return replace(wide.upserted(changed), items=items) if changed.n_items else wide


def _people(base: People, changed: People, users: IdMap) -> People:
    wide = base.aligned(users)
    return replace(wide.upserted(changed), users=users) if changed.n_users else wide


def _profiles(facts: Facts) -> ItemProfiles:
    profiles, overlay = facts.base.item_profiles, facts.overlay
    if not len(overlay.item_rows):
        return profiles
    changed = {
        row: row_entries(overlay.features, at) for at, row in enumerate(overlay.item_rows.tolist())
    }
    shape = (len(overlay.items), profiles.n_tags)
    matrix = freeze_csr(_with_rows(profiles.matrix, changed, shape))
    return replace(profiles, matrix=matrix)


def _queries(facts: Facts, shape: tuple[int, int]) -> Queries:
    base, people = facts.base.queries, facts.overlay.people
    parts = (base.age_days, base.history.indices, base.history.indptr)
    ages = sp.csr_matrix(parts, shape=base.history.shape)  # an age of 0 stays a stored entry
    changed = {row: (one.history[0], one.age_days) for row, one in people.items()}
    history = {row: one.history for row, one in people.items()}
    tags = {row: one.tags for row, one in people.items()}
    return Queries(
        history=freeze_csr(_with_rows(base.history, history, shape)),
        age_days=freeze(_with_rows(ages, changed, shape).data),
        tags=freeze_csr(_with_rows(base.tags, tags, (shape[0], base.tags.shape[1]))),
    )


def _states(facts: Facts, n_users: int) -> QueryState:
    base, people = facts.base.states, facts.overlay.people
    vectors: FloatMatrix = np.zeros((n_users, base.vectors.shape[1]), dtype=np.float32)
    buckets = np.zeros(n_users, dtype=np.int8)
    vectors[: len(base.vectors)], buckets[: len(base.buckets)] = base.vectors, base.buckets
    for row, one in people.items():
        vectors[row], buckets[row] = one.vector, one.bucket
    return QueryState(freeze(vectors), freeze(buckets))


def _with_rows(matrix: Csr, changed: dict[int, Line], shape: tuple[int, int]) -> Csr:
    """Return a matrix of another shape with some rows replaced; rows beyond it are empty."""
    rows = np.array(sorted(changed), dtype=np.int32)
    n_old = matrix.shape[0]
    source: RowArray = np.arange(shape[0], dtype=np.int32)
    source[n_old:] = n_old  # an empty row
    source[rows] = n_old + 1 + np.arange(len(rows))
    nothing = sp.csr_matrix((1, shape[1]), dtype=np.float32)
    lines = csr_of([changed[row] for row in rows.tolist()], shape[1])
    stacked = sp.vstack([widened(matrix, shape[1]), nothing, lines], format="csr")
    return stacked[source]
