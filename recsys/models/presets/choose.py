"""Which blocks suit the data, and what they weigh before anything is learnt."""

from __future__ import annotations

from recsys.models.base import TrainingSet
from recsys.models.presets.dense import (
    dense_notes,
    dense_specs,
    is_dense,
)
from recsys.models.presets.sparse import is_sparse, sparse_blocks
from recsys.models.presets.timed import add_collaborative, add_popularity
from recsys.models.spec import BlockSpec

COLLABORATIVE = ("spectral", "ease", "item_knn", "feature_als")

RECENCY = {"recency_boost": 4.0, "recency_half_life": 3.0}
"""Where events come in order without times: the last one counts five times, the sixth twice. On
the films that people rated in a row this gave a tenth more, a gap of an eighth left out between."""


def choose_blocks(
    training: TrainingSet, *, preset: str, seed: int
) -> tuple[tuple[BlockSpec, ...], list[str]]:
    """Return the blocks for some data, and why, for a person to read.

    Parameters
    ----------
    training : TrainingSet
    preset : {"fast", "balanced", "best"}
        How much time the fit may take.
    seed : int
        Goes into every block that draws.
    """
    specs: list[BlockSpec] = []
    notes: list[str] = []
    add_popularity(training, specs, notes)
    if training.item_features.nnz:
        specs.append(BlockSpec(kind="content"))
        notes.append("content: items have tags or text")
    if training.item_features.nnz and training.interactions.nnz:
        specs.append(BlockSpec(kind="affinity"))
        notes.append("affinity: what a person takes more often than others, by tag")
    if training.interactions.nnz and is_dense(training):
        dense = dense_specs(training, preset=preset, seed=seed)
        specs += dense
        notes += dense_notes(training, dense)
    elif training.interactions.nnz and is_sparse(training):
        sparse, why = sparse_blocks(training, preset=preset, seed=seed)
        specs += sparse
        notes += why
    elif training.interactions.nnz:
        add_collaborative(training, specs, notes, preset=preset, seed=seed)
    if training.in_order:
        specs = [_with_recency(spec) for spec in specs]
        notes.append(
            "order: the events have no times but come in order, so that the latest of a person "
            "count more"
        )
    return tuple(specs), notes


def _with_recency(spec: BlockSpec) -> BlockSpec:
    """Return a block that learns from who took what, with the latest of a history counting more."""
    if spec.kind not in COLLABORATIVE:
        return spec
    boosted: BlockSpec = spec.replace(settings={**spec.settings, **RECENCY})
    return boosted
