"""From a training set to a fitted hybrid: choose blocks, learn weights, fit on everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from pydantic import NonNegativeInt

from recsys.core.arrays import BoolArray, DoubleArray, FloatMatrix, RowArray
from recsys.core.config import Config
from recsys.core.errors import ConfigError
from recsys.core.progress import Progress
from recsys.index import top_k
from recsys.models.base import Block, Queries, TrainingSet
from recsys.models.choose import choose_blocks, default_weights, with_newcomer_floors
from recsys.models.history import known_queries
from recsys.models.hybrid import BUCKET_EDGES, HybridModel
from recsys.models.spec import BlockSpec, check_labels
from recsys.models.validation import (
    ValidationConfig,
    ValidationPart,
    relevance_of,
    validation_parts,
)
from recsys.models.weights import learn_weights

POOL = 200
"""Candidates per person that the weights are learnt on: the best of every block, pooled."""

ITEMS_ONLY = frozenset({"content"})
"""Kinds of blocks that learn from the items' profiles, not from events: fitted once."""

MAX_NEWCOMERS = 400
"""Validation people per part who are also measured as if nothing were known of them."""

Preset = Literal["fast", "balanced", "best"]


class HybridConfig(Config):
    """Settings of the hybrid."""

    blocks: tuple[BlockSpec, ...] | None = None
    """The blocks; None lets the data choose."""
    weights: dict[str, tuple[float, ...]] | None = None
    """Per block one weight for each activity bucket, or one for all; None learns them."""
    bucket_edges: tuple[int, ...] = BUCKET_EDGES
    """Items consumed at which a person enters the next activity bucket; ascending."""
    validation: ValidationConfig = ValidationConfig()
    """The part of the training events that weights are learnt on."""
    seed: NonNegativeInt = 0
    """Fixes every random draw."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedHybrid:
    """A fitted hybrid, and how it came about.

    Attributes
    ----------
    model : HybridModel
    specs : tuple of BlockSpec
        The blocks, in the model's order.
    notes : tuple of str
        Why these blocks and weights, for a person to read.
    validation : dict
        What was measured while learning the weights; empty when they were not learnt.
    """

    model: HybridModel
    specs: tuple[BlockSpec, ...]
    notes: tuple[str, ...]
    validation: dict[str, Any] = field(default_factory=dict)


def fit_hybrid(
    training: TrainingSet, config: HybridConfig, *, preset: Preset, progress: Progress
) -> FittedHybrid:
    """Return a hybrid fitted on all of ``training``.

    Parameters
    ----------
    training : TrainingSet
    config : HybridConfig
    preset : {"fast", "balanced", "best"}
        Which blocks are worth their time, where ``config.blocks`` is None.
    progress : Progress
        Told of each block and each validation part.

    Raises
    ------
    ConfigError
        If a weight names no block, or a block cannot fit in memory.
    """
    if config.blocks is None:
        specs, notes = choose_blocks(training, preset=preset, seed=config.seed)
    else:
        specs, notes = config.blocks, ["blocks as configured"]
    check_labels(specs)
    fitted: dict[str, Block] = {}
    measured: dict[str, Any] = {}
    if config.weights is not None:
        weights = given_weights(config.weights, specs, config.bucket_edges)
        notes = [*notes, "weights as configured"]
    else:
        weights, measured, why = _learn(training, specs, config, fitted=fitted, progress=progress)
        notes = [*notes, why]
    blocks = fit_blocks(specs, training, progress=progress, fitted=fitted)
    model = HybridModel(blocks, weights, bucket_edges=config.bucket_edges)
    return FittedHybrid(model, specs, tuple(notes), measured)


def fit_blocks(
    specs: Sequence[BlockSpec],
    training: TrainingSet,
    *,
    progress: Progress,
    fitted: dict[str, Block] | None = None,
) -> list[Block]:
    """Return blocks fitted on ``training``, in the order of ``specs``.

    Parameters
    ----------
    specs : sequence of BlockSpec
    training : TrainingSet
    progress : Progress
        Told of each block.
    fitted : dict of label to Block, or None
        Blocks that learn from items alone are kept here, and taken from here the next time; None
        fits every block.
    """
    fitted = {} if fitted is None else fitted
    blocks = []
    for at, spec in enumerate(specs):
        progress(f"fit {spec.label}", at, len(specs))
        block = fitted.get(spec.label) or spec.build()
        if spec.label not in fitted:
            block.fit(training, progress=progress)
        if spec.kind in ITEMS_ONLY:
            fitted[spec.label] = block
        blocks.append(block)
    progress("fit", len(specs), len(specs))
    return blocks


def given_weights(
    weights: dict[str, tuple[float, ...]],
    specs: Sequence[BlockSpec],
    bucket_edges: Sequence[int],
) -> DoubleArray:
    """Return configured weights as a (n_buckets, n_blocks) float64 table; 0 for blocks not named.

    Raises
    ------
    ConfigError
        If a name is no block's, or the number of weights fits neither 1 nor the buckets.
    """
    labels = [spec.label for spec in specs]
    n_buckets = len(bucket_edges) + 1
    table = np.zeros((n_buckets, len(labels)))
    for name, values in weights.items():
        if name not in labels:
            raise ConfigError(f"weights must name blocks ({', '.join(labels)}); got {name!r}.")
        if len(values) not in (1, n_buckets):
            raise ConfigError(
                f"weights of {name!r} must be 1 number or one per activity bucket ({n_buckets}); "
                f"got {len(values)}."
            )
        table[:, labels.index(name)] = values
    return table


def _learn(
    training: TrainingSet,
    specs: Sequence[BlockSpec],
    config: HybridConfig,
    *,
    fitted: dict[str, Block],
    progress: Progress,
) -> tuple[DoubleArray, dict[str, Any], str]:
    n_buckets = len(config.bucket_edges) + 1
    examples, n_people, n_parts = [], 0, 0
    if len(specs) > 1:
        for part in validation_parts(training, config.validation, seed=config.seed):
            blocks = fit_blocks(specs, part.training, progress=progress, fitted=fitted)
            ones = np.ones((n_buckets, len(specs)))
            model = HybridModel(blocks, ones, bucket_edges=config.bucket_edges)
            queries = known_queries(part.training).take(part.user_rows)
            n_people, n_parts = n_people + len(part.user_rows), n_parts + 1
            examples.append(_examples(model, part, queries))
            some = part.first(MAX_NEWCOMERS)
            examples.append(_examples(model, some, _as_newcomers(queries.chunk(0, MAX_NEWCOMERS))))
    if not examples:
        table = default_weights(specs, config.bucket_edges)
        return table, {}, "weights: defaults (too few people to learn from)"
    progress("learn weights", 0, 0)
    scores, relevant, buckets = (
        np.concatenate([example[at] for example in examples]) for at in range(3)
    )
    learnt = learn_weights(scores, relevant, buckets, n_buckets=n_buckets)
    table = with_newcomer_floors(learnt.weights, specs)
    measured = {
        "n_people": n_people,
        "n_parts": n_parts,
        "ndcg@20": round(float(learnt.metric), 4),
        "best_single": specs[learnt.best_single].label,
        "best_single_ndcg@20": round(float(learnt.best_single_metric), 4),
    }
    why = f"weights: learnt on {n_people} people in {n_parts} validation part(s)"
    return table, measured, why


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
    by_block = model.block_scores(queries)
    each = max(POOL // len(by_block), 20)
    rows = part.user_rows[start : start + queries.n_queries]
    seen = part.training.interactions[rows]
    tops = [top_k(scores, each, exclude=seen).rows for scores in by_block]
    blend: FloatMatrix = np.sum(np.stack(by_block), axis=0, dtype=np.float32)
    tops.append(top_k(blend, POOL, exclude=seen).rows)
    pool = _first_distinct(np.hstack(tops), POOL)
    lines = np.arange(len(pool))[:, None]
    scores = np.stack([np.where(pool >= 0, s[lines, pool], -np.inf) for s in by_block], axis=2)
    relevant = relevance_of(part.relevant[start : start + len(pool)], pool)
    return scores.astype(np.float32), relevant


def _first_distinct(rows: RowArray, width: int) -> RowArray:
    """Keep the first occurrence of each row number per line, padded with -1 to ``width``."""
    out = np.full((len(rows), width), -1, dtype=np.int32)
    for line, padded in enumerate(rows):
        values = padded[padded >= 0]
        _, first = np.unique(values, return_index=True)
        kept = values[np.sort(first)][:width]
        out[line, : len(kept)] = kept
    return out
