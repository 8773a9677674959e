"""ALS regularization chosen on a validation part: no value suits all sparse data.

On music ten times the regularisation that is best on articles is best, and either's best costs the
other a sixth of its recall. Small and short fits, 64 factors and 6 sweeps, order the values as
whole ones do: recall@20 on a fifth of the training part held out was .277, .298, .322 on music and
.294, .284, .167 on articles; whole .277, .29, .329 and .339, .33, .18.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.core.note import Note
from recsys.core.progress import Progress, silent
from recsys.index import top_k
from recsys.metrics import ranking_metrics
from recsys.models.base import Block, TrainingSet
from recsys.models.blend.pool import DEPTH
from recsys.models.blend.validation import ValidationConfig, ValidationPart, validation_parts
from recsys.models.blocks.history_weights import known_queries
from recsys.models.hybrid import SCALE_BATCH, block_scores
from recsys.models.notes import regularization_note
from recsys.models.spec import BlockSpec

STRENGTHS = (0.002, 0.006, 0.02)
"""Values of λ that are tried; the middle one first, then on the side that is better."""

TRIAL = {"n_factors": 64, "n_epochs": 6}
"""What a trial fits with."""


def with_als_strength(
    training: TrainingSet,
    specs: Sequence[BlockSpec],
    *,
    validation: ValidationConfig,
    seed: int,
    progress: Progress,
) -> tuple[tuple[BlockSpec, ...], list[Note]]:
    """Return the blocks with λ of ALS as it does best on a validation part, and why.

    Parameters
    ----------
    training : TrainingSet
    specs : sequence of BlockSpec
        Returned as they are where none is feature-aware ALS, or nobody can be measured. What is
        found for the first goes to all of them: they differ in where they start.
    validation : ValidationConfig
        How the part is cut; it is the one that the weights are learnt on.
    seed : int
        Draws the part.
    progress : Progress
        Told of each trial.
    """
    at = [place for place, spec in enumerate(specs) if spec.kind == "feature_als"]
    part = next(validation_parts(training, validation, seed=seed), None) if at else None
    if part is None:
        return tuple(specs), []
    found = _tried(specs[at[0]], part, progress=progress)
    best = max(found, key=lambda one: found[one])
    out = list(specs)
    for place in at:
        out[place] = _with_strength(specs[place], best)
    return tuple(out), [regularization_note(out[at[0]].label, best, found)]


def _tried(spec: BlockSpec, part: ValidationPart, *, progress: Progress) -> dict[float, float]:
    """Return the mean nDCG by strength: of the middle, above, and below where above is worse."""
    low, middle, high = STRENGTHS
    found: dict[float, float] = {}
    for step, strength in enumerate((middle, high, low)):
        if strength == low and found[high] > found[middle]:
            break
        progress(f"try {spec.label}", step, len(STRENGTHS))
        found[strength] = _worth(_with_strength(spec, strength, **TRIAL).build(), part)
    progress(f"try {spec.label}", len(STRENGTHS), len(STRENGTHS))
    return found


def _worth(block: Block, part: ValidationPart) -> float:
    """Return the mean nDCG of a block alone, fitted before the cut."""
    block.fit(part.training, progress=silent)
    queries = known_queries(part.training).take(part.user_rows)
    seen = part.training.interactions[part.user_rows]
    ranked = np.full((queries.n_queries, DEPTH), -1, dtype=np.int32)
    for start in range(0, queries.n_queries, SCALE_BATCH):
        some = slice(start, start + SCALE_BATCH)
        scores = block_scores(block, queries.chunk(start, start + SCALE_BATCH))
        best = top_k(scores, DEPTH, exclude=seen[some]).rows
        ranked[some, : best.shape[1]] = best
    return float(ranking_metrics(ranked, part.relevant, ks=[DEPTH])[f"ndcg@{DEPTH}"].mean())


def _with_strength(spec: BlockSpec, strength: float, **settings: int) -> BlockSpec:
    changed: BlockSpec = spec.replace(
        settings={**spec.settings, "regularization": strength, **settings}
    )
    return changed
