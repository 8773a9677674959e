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
from recsys.models.choose import block_sets, with_newcomer_floors
from recsys.models.dense_choice import trusted_blend
from recsys.models.history import known_queries
from recsys.models.hybrid import HybridModel, block_scales
from recsys.models.spec import BlockSpec
from recsys.models.trusted_weights import learn_trusted_weights
from recsys.models.validation import (
    ValidationConfig,
    ValidationPart,
    relevance_of,
    validation_parts,
)
from recsys.models.weights import LearntWeights, learn_weights

POOL = 200
"""Candidates per person that the weights are learnt on: the best of every block, pooled."""

MAX_NEWCOMERS = 400
"""Validation people per part who are also measured as if nothing were known of them."""

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
    n_people = n_parts = 0
    for part in validation_parts(training, validation, seed=seed):
        queries = known_queries(part.training).take(part.user_rows)
        blocks = fit(part.training)
        ones = np.ones((len(bucket_edges) + 1, len(specs)))
        model = scaled_hybrid(blocks, ones, queries, bucket_edges=bucket_edges, seed=seed)
        pieces.append(_examples(model, part, queries))
        newcomers = _as_newcomers(queries.chunk(0, MAX_NEWCOMERS))
        pieces.append(_examples(model, part.first(MAX_NEWCOMERS), newcomers))
        n_people, n_parts = n_people + len(part.user_rows), n_parts + 1
    if not pieces:
        return None
    scores, relevant, buckets = (np.concatenate([one[at] for one in pieces]) for at in range(3))
    learnt = best_set(specs, scores, relevant, buckets, n_buckets=len(bucket_edges) + 1)
    measured = {
        "n_people": n_people,
        "n_parts": n_parts,
        "ndcg@20": round(learnt.metric, 4),
        "best_single": specs[learnt.best_single].label,
        "best_single_ndcg@20": round(learnt.best_single_metric, 4),
    }
    note = f"weights: learnt on {n_people} people in {n_parts} validation part(s)"
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


def best_set(
    specs: Sequence[BlockSpec],
    scores: FloatMatrix,
    relevant: BoolArray,
    buckets: RowArray,
    *,
    n_buckets: int,
) -> LearntWeights:
    """Return the weights of the set of blocks that does best; 0 for the blocks outside.

    Notes
    -----
    Where a blend of these blocks is trusted, learning starts from it instead.
    """
    trusted = trusted_blend(specs)
    if trusted is not None:
        return learn_trusted_weights(
            scores, relevant, buckets, n_buckets=n_buckets, trusted=trusted
        )
    best: LearntWeights | None = None
    for columns in block_sets(specs):
        found = learn_weights(scores[:, :, columns], relevant, buckets, n_buckets=n_buckets)
        if best is None or found.metric > best.metric:
            table = np.zeros((n_buckets, len(specs)))
            table[:, columns] = found.weights
            single = int(columns[found.best_single])
            best = LearntWeights(table, found.metric, found.best_single_metric, single)
    assert best is not None  # noqa: S101  (there is always the set of all blocks)
    return best


def _as_newcomers(queries: Queries) -> Queries:
    """Return the same people as if nothing was known of what they did: who a newcomer may be."""
    nothing = sp.csr_matrix(queries.history.shape, dtype=np.float32)
    return Queries(history=nothing, age_days=np.zeros(0, np.float32), tags=queries.tags)


def _examples(
    model: HybridModel, part: ValidationPart, queries: Queries
) -> tuple[FloatMatrix, BoolArray, RowArray]:
    """Return (n, POOL, n_blocks) standardised block scores, what was consumed, and buckets."""
    pieces = []
    step = 256
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
    return pooled_examples(model.block_scores(queries), seen=seen, relevant=part.relevant[some])


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
    tops = [top_k(scores, each, exclude=seen).rows for scores in by_block]
    blend: FloatMatrix = np.sum(np.stack(by_block), axis=0, dtype=np.float32)
    tops.append(top_k(blend, POOL, exclude=seen).rows)
    pool = _first_distinct(np.hstack(tops), POOL)
    lines = np.arange(len(pool))[:, None]
    scores = np.stack([np.where(pool >= 0, s[lines, pool], -np.inf) for s in by_block], axis=2)
    return scores.astype(np.float32), relevance_of(relevant, pool)


def _first_distinct(rows: RowArray, width: int) -> RowArray:
    """Keep the first occurrence of each row number per line, padded with -1 to ``width``."""
    out = np.full((len(rows), width), -1, dtype=np.int32)
    for line, padded in enumerate(rows):
        values = padded[padded >= 0]
        _, first = np.unique(values, return_index=True)
        kept = values[np.sort(first)][:width]
        out[line, : len(kept)] = kept
    return out
