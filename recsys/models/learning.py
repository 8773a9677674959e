"""Weights from validation parts: fit the blocks before a cut, and see what people did after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import BoolArray, Csr, DoubleArray, FloatMatrix, RowArray
from recsys.core.rng import named_rng
from recsys.index import top_k
from recsys.models.base import Block, Queries, TrainingSet
from recsys.models.blend import Blend, Examples, best_blend
from recsys.models.choose import with_newcomer_floors
from recsys.models.dense_choice import trusted_blend
from recsys.models.history import known_queries
from recsys.models.hybrid import HybridModel, block_scales, block_scores
from recsys.models.new_items_weight import learn_beside_new_items
from recsys.models.sparse_recipe import REACH, sparse_start
from recsys.models.spec import BlockSpec, knows_taste
from recsys.models.trusted_weights import learn_trusted_weights
from recsys.models.validation import (
    ValidationConfig,
    ValidationPart,
    expected_unmet,
    relevance_of,
    validation_parts,
)
from recsys.models.weights import Pool

POOL = 200
"""Candidates per person that the weights are learnt on: the best of every block, pooled."""

MAX_NEWCOMERS = 400
"""Validation people per part who are also measured as if nothing were known of them."""

CHUNK_SCORES = 2_000_000
"""Scores of a block held at once, where more than 16 people need no more."""

SCALE_PEOPLE = 512
"""People on whom the spread of each block's scores is measured."""

FitBlocks: TypeAlias = Callable[[TrainingSet], list[Block]]


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Weights, and where they come from.

    Attributes
    ----------
    weights : (n_buckets, n_blocks) float64
        A block that is worth nothing has 0 in every bucket.
    measured : dict
        What was measured on the validation parts.
    note : str
        The same for a person to read.
    """

    weights: DoubleArray
    measured: dict[str, Any]
    note: str


def learn_from_parts(
    training: TrainingSet,
    specs: Sequence[BlockSpec],
    *,
    fit: FitBlocks,
    validation: ValidationConfig,
    bucket_edges: Sequence[int],
    seed: int,
) -> Learnt | None:
    """Return weights learnt on validation parts of ``training``; None if there are too few people.

    Parameters
    ----------
    training : TrainingSet
    specs : sequence of BlockSpec
        The blocks to weigh.
    fit : callable
        Fits them on a training set.
    validation : ValidationConfig
        How the parts are cut.
    bucket_edges : sequence of int
        Of the activity buckets.
    seed : int
        Draws the parts and the people.
    """
    pieces: list[tuple[FloatMatrix, BoolArray, RowArray]] = []
    parts: list[RowArray] = []
    n_people = n_parts = 0
    for part in validation_parts(training, validation, seed=seed):
        queries = known_queries(part.training).take(part.user_rows)
        blocks = fit(part.training)
        ones = np.ones((len(bucket_edges) + 1, len(specs)))
        model = scaled_hybrid(blocks, ones, queries, bucket_edges=bucket_edges, seed=seed)
        pieces.append(_examples(model, part, queries))
        newcomers = _as_newcomers(queries.chunk(0, MAX_NEWCOMERS))
        pieces.append(_examples(model, part.first(MAX_NEWCOMERS), newcomers))
        n_examples = len(part.user_rows) + newcomers.n_queries
        parts.append(np.full(n_examples, n_parts, dtype=np.int32))
        n_people, n_parts = n_people + len(part.user_rows), n_parts + 1
    if not pieces:
        return None
    scores, relevant, buckets = (np.concatenate([one[at] for one in pieces]) for at in range(3))
    n_buckets = len(bucket_edges) + 1
    start = sparse_start(training, specs)
    if start is not None:
        labels = [spec.label for spec in specs]
        new_items = labels.index("new_items") if "new_items" in labels else None
        blend = Blend(
            learn_beside_new_items(
                scores,
                relevant,
                buckets,
                n_buckets=n_buckets,
                trusted=start,
                new_items=new_items,
                expected=expected_unmet(training),
                reach=np.inf if training.item_features.nnz else REACH,
            )
        )
    else:
        found = (scores, relevant, buckets, np.concatenate(parts))
        blend = learnt_blend(specs, found, n_buckets=n_buckets)
    learnt = blend.learnt
    measured = {
        "n_people": n_people,
        "n_parts": n_parts,
        "trust": blend.trust,
        "held_out_ndcg@20": _rounded(blend.held_out),
        "best_popularity_ndcg@20": _rounded(blend.popularity),
        "ndcg@20": round(learnt.metric, 4),
        "best_single": specs[learnt.best_single].label,
        "best_single_ndcg@20": round(learnt.best_single_metric, 4),
    }
    note = f"weights: learnt on {n_people} people in {n_parts} validation part(s)"
    note = "; ".join(one for one in (note, blend.note) if one)
    return Learnt(with_newcomer_floors(learnt.weights, specs), measured, note)


def scaled_hybrid(
    blocks: Sequence[Block],
    weights: DoubleArray,
    queries: Queries,
    *,
    bucket_edges: Sequence[int],
    seed: int,
) -> HybridModel:
    """Return the hybrid of fitted blocks, their scales measured on some active people."""
    active = np.flatnonzero(queries.n_consumed > 0)
    rng = named_rng(seed, "scales")
    if len(active) > SCALE_PEOPLE:
        active = np.sort(rng.choice(active, SCALE_PEOPLE, replace=False))
    scales = block_scales(blocks, queries.take(active))
    return HybridModel(blocks, weights, scales=scales, bucket_edges=bucket_edges)


def learnt_blend(
    specs: Sequence[BlockSpec],
    found: tuple[FloatMatrix, BoolArray, RowArray, RowArray],
    *,
    n_buckets: int,
) -> Blend:
    """Return the blend that examples speak for.

    Parameters
    ----------
    specs : sequence of BlockSpec
        The blocks, in the order of the scores.
    found : tuple of (n, POOL, n_blocks) float32, (n, POOL) bool, (n,) int32 and (n,) int32
        Scores of the candidates of each person, which of them were taken, activity bucket, and
        validation part.
    n_buckets : int
        Activity buckets.

    Notes
    -----
    Where a blend of these blocks is trusted, learning starts from it.
    """
    scores, relevant, buckets, parts = found
    trusted = trusted_blend(specs)
    if trusted is not None:
        return Blend(
            learn_trusted_weights(scores, relevant, buckets, n_buckets=n_buckets, trusted=trusted)
        )
    examples = Examples(Pool.of(scores, relevant), buckets, parts)
    return best_blend(specs, examples, n_buckets=n_buckets)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _as_newcomers(queries: Queries) -> Queries:
    """Return the same people as if nothing was known of what they did: who a newcomer may be."""
    nothing = sp.csr_matrix(queries.history.shape, dtype=np.float32)
    return Queries(history=nothing, age_days=np.zeros(0, np.float32), tags=queries.tags)


def _examples(
    model: HybridModel, part: ValidationPart, queries: Queries
) -> tuple[FloatMatrix, BoolArray, RowArray]:
    """Return (n, POOL, n_blocks) standardised block scores, what was consumed, and buckets."""
    pieces = []
    step = int(np.clip(CHUNK_SCORES // max(model.n_items, 1), 16, 256))
    for start in range(0, queries.n_queries, step):
        chunk = queries.chunk(start, start + step)
        pieces.append(_pooled(model, chunk, part, start=start))
    scores = np.concatenate([piece[0] for piece in pieces])
    relevant = np.concatenate([piece[1] for piece in pieces])
    buckets = np.searchsorted(model.bucket_edges, queries.n_consumed, side="right")
    return scores, relevant, buckets.astype(np.int32)


def _pooled(
    model: HybridModel, queries: Queries, part: ValidationPart, *, start: int
) -> tuple[FloatMatrix, BoolArray]:
    some = slice(start, start + queries.n_queries)
    seen = part.training.interactions[part.user_rows[some]]
    return pooled_examples(_block_scores(model, queries), seen=seen, relevant=part.relevant[some])


def _block_scores(model: HybridModel, queries: Queries) -> list[FloatMatrix]:
    """Return the standardised scores of each block; one line, repeated, where all are alike."""
    lines = queries.chunk(0, 1)
    out = []
    for block, scale in zip(model.blocks, model.scales, strict=True):
        some = queries if knows_taste(block) else lines
        scores = block_scores(block, some) * np.float32(scale)
        out.append(np.broadcast_to(scores, (queries.n_queries, scores.shape[1])))
    return out


def pooled_examples(
    by_block: Sequence[FloatMatrix], *, seen: Csr, relevant: Csr
) -> tuple[FloatMatrix, BoolArray]:
    """Return what the weights are learnt on: the best candidates of every block, pooled.

    Parameters
    ----------
    by_block : sequence of (n_people, n_items) float32
        Standardised scores of each block.
    seen, relevant : (n_people, n_items) csr
        What each person took before the cut, and after it.

    Returns
    -------
    (n_people, POOL, n_blocks) float32, (n_people, POOL) bool
        Scores of the candidates, -inf where a person has fewer; and which of them were taken.
    """
    each = max(POOL // len(by_block), 20)
    tops = [_tops(scores, each, seen=seen) for scores in by_block]
    blend = np.zeros(by_block[0].shape, dtype=np.float32)
    for scores in by_block:
        blend += scores
    tops.append(top_k(blend, POOL, exclude=seen).rows)
    pool = _first_distinct(np.hstack(tops), POOL)
    lines = np.arange(len(pool))[:, None]
    found = np.stack([scores[lines, pool] for scores in by_block], axis=2)
    found[pool < 0] = -np.inf
    return found.astype(np.float32, copy=False), relevance_of(relevant, pool)


def _tops(scores: FloatMatrix, k: int, *, seen: Csr) -> RowArray:
    """Return (n_people, k) int32 best items that are not seen; -1 where short."""
    if scores.strides[0] or len(scores) < 2:
        return top_k(scores, k, exclude=seen).rows
    # all lines are one: it is ranked once, as far as the longest history may hide its top
    depth = min(k + int(np.diff(seen.indptr).max(initial=0)), scores.shape[1])
    best = np.argsort(-scores[0], kind="stable")[:depth]
    place = np.full(scores.shape[1], -1)
    place[best] = np.arange(depth)
    hidden = np.zeros((len(scores), depth), dtype=bool)
    people = np.repeat(np.arange(len(scores)), np.diff(seen.indptr))
    ranked = place[seen.indices] >= 0
    hidden[people[ranked], place[seen.indices[ranked]]] = True
    out = np.full((len(scores), k), -1, dtype=np.int32)
    people, places = np.nonzero(~hidden & (np.cumsum(~hidden, axis=1) <= k))
    slot = (np.cumsum(~hidden, axis=1) - 1)[people, places]
    out[people, slot] = best[places]
    return out


def _first_distinct(rows: RowArray, width: int) -> RowArray:
    """Keep the first occurrence of each row number per line, padded with -1 to ``width``."""
    lines, places = np.nonzero(rows >= 0)
    values = rows[lines, places].astype(np.int64)
    side = int(values.max(initial=0)) + 1
    _, first = np.unique(lines * side + values, return_index=True)
    first = np.sort(first)
    lines, values = lines[first], values[first]
    starts = np.searchsorted(lines, np.arange(len(rows)))
    slots = np.arange(len(lines)) - starts[lines]
    kept = slots < width
    out = np.full((len(rows), width), -1, dtype=np.int32)
    out[lines[kept], slots[kept]] = values[kept]
    return out
