"""Choose blocks for the data, and the way in which their weights are learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recsys.core.note import Note
from recsys.models.base import TrainingSet
from recsys.models.blend.floors import default_weights
from recsys.models.blend.recipe import Recipe
from recsys.models.notes import IN_ORDER, block_notes, data_note
from recsys.models.presets.dense import dense_recipe, dense_specs, is_dense
from recsys.models.presets.sparse import is_sparse, sparse_recipe, sparse_specs
from recsys.models.presets.timed import popularity_specs, timed_specs
from recsys.models.spec import BlockSpec

RECENCY = {"recency_boost": 4.0, "recency_half_life": 3.0}
"""Where events come in order without times: the last one counts five times, the sixth twice. On
the films that people rated in a row this gave a tenth more, a gap of an eighth left out between."""


def choose_blocks(
    training: TrainingSet, *, preset: str, seed: int
) -> tuple[tuple[BlockSpec, ...], list[Note]]:
    """Return the blocks for some data, and why.

    Parameters
    ----------
    training : TrainingSet
    preset : {"fast", "balanced", "best"}
        How much time the fit may take.
    seed : int
        Goes into every block that draws.
    """
    specs = popularity_specs(training)
    if training.item_features.nnz:
        specs.append(BlockSpec(kind="content"))
    if training.item_features.nnz and training.interactions.nnz:
        specs.append(BlockSpec(kind="affinity"))
    kind = "with times" if training.has_times else "without times"
    if training.interactions.nnz and is_dense(training):
        kind = f"dense, {kind}"
        specs += dense_specs(training, preset=preset, seed=seed)
    elif training.interactions.nnz and is_sparse(training):
        kind = f"sparse, {kind}"
        specs += sparse_specs(training, preset=preset, seed=seed)
    elif training.interactions.nnz:
        specs += timed_specs(training, preset=preset, seed=seed)
    notes = [data_note(training, kind), *block_notes(specs)]
    if training.in_order:
        specs = [_with_recency(spec) for spec in specs]
        notes.append(IN_ORDER)
    return tuple(specs), notes


def recipe_for(
    training: TrainingSet,
    specs: Sequence[BlockSpec],
    *,
    bucket_edges: Sequence[int],
    notes: Sequence[Note] = (),
) -> Recipe:
    """Return how the weights of some blocks are learnt on some data.

    Parameters
    ----------
    training : TrainingSet
    specs : sequence of BlockSpec
        From :func:`choose_blocks`, or configured by somebody: their kinds count, not their names.
    bucket_edges : sequence of int
        Of the activity buckets.
    notes : sequence of Note
        Why these blocks.
    """
    found = None
    if is_sparse(training):
        found = sparse_recipe(training, specs, bucket_edges)
    elif is_dense(training):
        found = dense_recipe(specs, bucket_edges)
    recipe = found or Recipe(tuple(specs), default_weights(specs, bucket_edges))
    return replace(recipe, notes=tuple(notes))


def _with_recency(spec: BlockSpec) -> BlockSpec:
    """Return a block that learns from who took what, with the latest of a history counting more."""
    if not spec.block_class.is_collaborative:
        return spec
    boosted: BlockSpec = spec.replace(settings={**spec.settings, **RECENCY})
    return boosted
