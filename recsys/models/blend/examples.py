"""Labelled candidates for weight learning, from blocks fitted before a cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import BoolArray, Csr, FloatMatrix, RowArray
from recsys.index import top_k
from recsys.models.base import Block, Queries, TrainingSet
from recsys.models.blend.pool import Pool
from recsys.models.blend.validation import ValidationPart, relevance_of
from recsys.models.blocks.history_weights import known_queries
from recsys.models.hybrid import HybridModel, block_scores, scaled_hybrid

POOL = 200
"""Candidates per person that the weights are learnt on: the best of every block, pooled."""

CHUNK_SCORES = 2_000_000
"""Scores of a block held at once, where more than 16 people need no more."""


FitBlocks: TypeAlias = Callable[[TrainingSet], list[Block]]

Piece: TypeAlias = tuple[FloatMatrix, BoolArray, RowArray, RowArray]
"""Scores, what was taken, activity bucket and validation part of some people."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Labelled candidates of people, each of one validation part.

    Attributes
    ----------
    pool : Pool
    buckets : (n_people,) int32
        Activity bucket of each.
    parts : (n_people,) int32
        Validation part of each, counted from the latest.
    n_repeated : int
        Examples that show a person of another example once more, with an empty history.
    """

    pool: Pool
    buckets: RowArray
    parts: RowArray
    n_repeated: int = 0

    @property
    def n_people(self) -> int:
        """Number of validation people, each counted once per part."""
        return self.pool.n_people - self.n_repeated

    @classmethod
    def joined(cls, pieces: Iterable[Piece], *, n_repeated: int = 0) -> Examples:
        """Return the examples of several groups of people as one."""
        scores, relevant, buckets, parts = (
            np.concatenate(arrays) for arrays in zip(*pieces, strict=True)
        )
        return cls(Pool.of(scores, relevant), buckets, parts, n_repeated)

    def thinned(self, most: int) -> BoolArray:
        """Return which (n_people,) are left if every n-th is, so that at most ``most`` are."""
        step = max(-(-self.pool.n_people // most), 1)
        return np.asarray(np.arange(self.pool.n_people) % step == 0, dtype=bool)

    def folds(self, most: int) -> RowArray:
        """Return (n_people,) int32: parts joined, in their order, to at most ``most`` folds."""
        _, order = np.unique(self.parts, return_inverse=True)
        n_parts = int(order.max(initial=0)) + 1
        return (order * min(n_parts, most) // n_parts).astype(np.int32)


def examples_of_parts(
    parts: Iterable[ValidationPart],
    fit: FitBlocks,
    *,
    max_newcomers: int,
    bucket_edges: Sequence[int],
    seed: int,
) -> Examples | None:
    """Return the examples of validation parts; None if there is no part.

    Parameters
    ----------
    parts : iterable of ValidationPart
    fit : callable
        Returns the blocks fitted on a training set.
    max_newcomers : int
        So many people of each part occur twice: once more with an empty history.
    bucket_edges : sequence of int
        Of the activity buckets.
    seed : int
        Draws the people on whom the scales of the blocks are measured.
    """
    pieces: list[Piece] = []
    n_repeated = 0
    for at, part in enumerate(parts):
        queries = known_queries(part.training).take(part.user_rows)
        blocks = fit(part.training)
        ones = np.ones((len(bucket_edges) + 1, len(blocks)))
        model = scaled_hybrid(blocks, ones, queries, bucket_edges=bucket_edges, seed=seed)
        pieces.append(_piece(model, part, queries, at=at))
        newcomers = as_newcomers(queries.chunk(0, max_newcomers))
        pieces.append(_piece(model, part.first(max_newcomers), newcomers, at=at))
        n_repeated += newcomers.n_queries
    return Examples.joined(pieces, n_repeated=n_repeated) if pieces else None


def as_newcomers(queries: Queries) -> Queries:
    """Return the same people with empty histories, as new users are."""
    nothing = sp.csr_matrix(queries.history.shape, dtype=np.float32)
    return Queries(history=nothing, age_days=np.zeros(0, np.float32), tags=queries.tags)


def _piece(model: HybridModel, part: ValidationPart, queries: Queries, *, at: int) -> Piece:
    pieces = []
    step = int(np.clip(CHUNK_SCORES // max(model.n_items, 1), 16, 256))
    for start in range(0, queries.n_queries, step):
        chunk = queries.chunk(start, start + step)
        pieces.append(_pooled(model, chunk, part, start=start))
    scores = np.concatenate([piece[0] for piece in pieces])
    relevant = np.concatenate([piece[1] for piece in pieces])
    buckets = np.searchsorted(model.bucket_edges, queries.n_consumed, side="right")
    return scores, relevant, buckets.astype(np.int32), np.full(len(scores), at, dtype=np.int32)


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
        some = queries if block.is_personal else lines
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
