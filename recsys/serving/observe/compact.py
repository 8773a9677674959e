"""Compaction: merge the delta into whole arrays."""

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
from recsys.serving.observe.delta import DeltaView
from recsys.serving.state.access import PAIRS, seen_pairs
from recsys.serving.state.csr_rows import Line, csr_of, ones_line, row_entries, widened
from recsys.serving.state.snapshot import Snapshot
from recsys.serving.state.view import View
from recsys.serving.state.visibility import VisibilityTable


def compact(state: View, view: DeltaView) -> Snapshot:
    """Return the same state in whole arrays; every answer stays as it is.

    Parameters
    ----------
    state : View
        Its settings, model, index and what does not depend on single people.
    view : DeltaView
        The data behind it: the whole arrays of the fit and what was observed since.

    Notes
    -----
    Costs what copying everything costs. The index stays as it is, changes beside the main part.
    """
    base, delta = view.base, view.delta
    dataset = _dataset(view)
    n_users, n_items = dataset.shape
    people = delta.people
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
    if state.config.repeatable:
        pairs["seen"] = seen_pairs(dataset, state.config, now=state.now)
        if view.lacks_some_events:  # what was saved instead of them
            saved = _with_rows(base.seen, {}, (n_users, n_items))
            pairs["seen"] = freeze_csr(pairs["seen"].maximum(saved))
    return Snapshot(
        config=state.config,
        version=state.version,
        now=state.now,
        dataset=dataset,
        item_profiles=_profiles(view),
        model=state.model.merged(),
        specs=state.specs,
        index=state.index,
        queries=_queries(view, (n_users, n_items)),
        states=_states(view, n_users),
        **pairs,
        visibility=VisibilityTable.of(dataset.catalog, dataset.people),
        personal=freeze(view.personal_of(np.arange(n_users, dtype=np.int32))),
        eligible=state.eligible,
        notes=state.notes,
        lineage=state.lineage,
        measured=state.measured,
    )


def compact_and_date(state: View, *, days: int = 0) -> Snapshot:
    """Return a whole snapshot, with an index without changes beside it where that is cheap.

    Parameters
    ----------
    state : View
        With a delta or without.
    days : int
        Popularity is to speak for a moment so many days later.
    """
    whole = state.compacted
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


def _dataset(view: DeltaView) -> Dataset:
    base, delta = view.base.dataset, view.delta
    users, items = (IdMap.from_arrays(one.to_arrays()) for one in (delta.users, delta.items))
    every = np.arange(len(items), dtype=np.int32)
    return Dataset(
        users=users,
        items=items,
        events=base.events.followed_by(delta.logs, users=users, items=items, kinds=delta.kinds),
        catalog=compacted_catalog(base.catalog, delta.catalog, items),
        people=compacted_people(base.people, delta.profiles, users),
        author_rows=freeze(view.authors_of(every)),
    )


def compacted_catalog(base: Catalog, changed: Catalog, items: IdMap) -> Catalog:
    """Return a catalog over ``items`` with changed items put in."""
    wide = base.aligned(items)
    return replace(wide.upserted(changed), items=items) if changed.n_items else wide


def compacted_people(base: People, changed: People, users: IdMap) -> People:
    """Return people over ``users`` with described ones put in."""
    wide = base.aligned(users)
    return replace(wide.upserted(changed), users=users) if changed.n_users else wide


def _profiles(view: DeltaView) -> ItemProfiles:
    profiles, delta = view.base.item_profiles, view.delta
    if not len(delta.item_rows):
        return profiles
    changed = {
        row: row_entries(delta.features, at) for at, row in enumerate(delta.item_rows.tolist())
    }
    shape = (len(delta.items), profiles.n_tags)
    matrix = freeze_csr(_with_rows(profiles.matrix, changed, shape))
    return replace(profiles, matrix=matrix)


def _queries(view: DeltaView, shape: tuple[int, int]) -> Queries:
    base, people = view.base.queries, view.delta.people
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


def _states(view: DeltaView, n_users: int) -> QueryState:
    base, people = view.base.states, view.delta.people
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
