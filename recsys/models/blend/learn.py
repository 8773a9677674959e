"""Weights from validation parts: fit the blocks before a cut, and see what people did after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from recsys.core.arrays import BoolArray, DoubleArray, FloatMatrix, RowArray
from recsys.models.base import Block, TrainingSet
from recsys.models.blend.examples import as_newcomers, examples_of
from recsys.models.blend.floors import with_newcomer_floors
from recsys.models.blend.held_out import Blend, Examples, best_blend
from recsys.models.blend.pool import Pool
from recsys.models.blend.steps import learn_beside_new_items, learn_trusted_weights
from recsys.models.blend.validation import (
    ValidationConfig,
    expected_unmet,
    validation_parts,
)
from recsys.models.blocks.history_weights import known_queries
from recsys.models.hybrid import scaled_hybrid
from recsys.models.presets.dense import trusted_blend
from recsys.models.presets.sparse import REACH, sparse_start
from recsys.models.spec import BlockSpec

MAX_NEWCOMERS = 400
"""Validation people per part who are also measured as if nothing were known of them."""

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
        pieces.append(examples_of(model, part, queries))
        newcomers = as_newcomers(queries.chunk(0, MAX_NEWCOMERS))
        pieces.append(examples_of(model, part.first(MAX_NEWCOMERS), newcomers))
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
