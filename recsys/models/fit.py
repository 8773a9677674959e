"""From a training set to a fitted hybrid: choose blocks, learn weights, fit on everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from pydantic import NonNegativeInt, PositiveFloat

from recsys.core.arrays import DoubleArray
from recsys.core.config import Config
from recsys.core.errors import ConfigError
from recsys.core.note import Note
from recsys.core.progress import Progress
from recsys.core.threads import one_blas_thread
from recsys.models.base import Block, TrainingSet
from recsys.models.blend.examples import examples_of_parts
from recsys.models.blend.recipe import Recipe
from recsys.models.blend.validation import ValidationConfig, validation_parts
from recsys.models.blend.weights import Learnt, learn
from recsys.models.blocks.data_size import DataSize
from recsys.models.blocks.history_weights import known_queries
from recsys.models.hybrid import BUCKET_EDGES, HybridModel, scaled_hybrid
from recsys.models.notes import (
    BLOCKS_AS_CONFIGURED,
    DEFAULT_WEIGHTS,
    POPULARITY_ADDED,
    TIMES_AS_CONFIGURED,
    WEIGHTS_AS_CONFIGURED,
    left_out,
)
from recsys.models.presets.als_regularization import with_als_strength
from recsys.models.presets.choose import choose_blocks, recipe_for
from recsys.models.presets.footprint import blocks_that_fit, check_blocks
from recsys.models.presets.sparse import is_sparse
from recsys.models.presets.timeliness import without_times, without_useless_times
from recsys.models.spec import POPULARITY, BlockSpec, check_labels, has_vectors

FORMER_LABELS = {"links": "item_knn_linkprop", "walks": "item_knn_rp3"}
"""Names that blocks of the presets had before, still taken in ``weights``."""

Preset = Literal["fast", "balanced", "best"]


class HybridConfig(Config):
    """Settings of the hybrid."""

    blocks: tuple[BlockSpec, ...] | None = None
    """The blocks; None lets the data choose."""
    weights: dict[str, tuple[float, ...]] | None = None
    """Per block one weight for each activity bucket, or one for all; None learns them. Where the
    data choose the blocks, those without a weight are left out."""
    use_times: bool | None = None
    """Whether the times of events are learnt from. None: yes where ``blocks`` are given; where the
    data choose them, only if times say what people do next."""
    bucket_edges: tuple[int, ...] = BUCKET_EDGES
    """Items consumed at which a person enters the next activity bucket; ascending."""
    validation: ValidationConfig = ValidationConfig()
    """The part of the training events that weights are learnt on."""
    memory_limit_mb: PositiveFloat | None = None
    """Megabytes (10^6 bytes) that fitting may take beside the data; None: what the machine, or its
    container, has available. Blocks the data chose are left out beyond it, others refused."""
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
    notes : tuple of Note
        Why these blocks and weights.
    validation : dict
        What was measured while learning the weights; empty when they were not learnt.
    """

    model: HybridModel
    specs: tuple[BlockSpec, ...]
    notes: tuple[Note, ...]
    validation: dict[str, Any] = field(default_factory=dict)


@one_blas_thread()  # else weights, and so lists, would depend on the number of threads
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
    training, recipe = choose(training, config, preset=preset, progress=progress)
    specs, notes = recipe.blocks, list(recipe.notes)
    fitted: dict[str, Block] = {}
    measured: dict[str, Any] = {}
    if config.weights is not None:
        weights = given_weights(config.weights, specs, config.bucket_edges)
        if config.blocks is not None and len(specs) > len(config.blocks):
            weights[:, -1] = 0.01 * weights.max()  # what was added; who is unknown gets a list too
        notes.append(WEIGHTS_AS_CONFIGURED)
        if config.blocks is None:  # nobody asked for the blocks that have no weight
            specs, weights = _worth_fitting(specs, weights)
    else:
        learnt = _learn(training, recipe, config, fitted=fitted, progress=progress)
        weights, measured = learnt.weights, learnt.measured
        specs, weights = _worth_fitting(specs, weights)
        kept = {spec.label for spec in specs}
        without = [spec.label for spec in recipe.blocks if spec.label not in kept]
        notes += [learnt.note, *([left_out(without)] if without else [])]
    blocks = fit_blocks(specs, training, progress=progress, fitted=fitted)
    model = scaled_hybrid(
        blocks,
        weights,
        known_queries(training),
        bucket_edges=config.bucket_edges,
        seed=config.seed,
    )
    return FittedHybrid(model, specs, tuple(notes), measured)


def choose(
    training: TrainingSet, config: HybridConfig, *, preset: Preset, progress: Progress
) -> tuple[TrainingSet, Recipe]:
    """Return the events that are learnt from, and the recipe for them.

    Raises
    ------
    ConfigError
        If two blocks have one name, or a block cannot fit in memory.
    """
    size, limit = DataSize.of(training), config.memory_limit_mb
    told: list[Note] = []
    if config.use_times is False:
        training, told = without_times(training), [TIMES_AS_CONFIGURED]
    elif config.use_times is None and config.blocks is None:
        training, told = without_useless_times(training)
    if config.blocks is not None:
        specs, notes = _with_vectors(config.blocks)
    else:
        specs, notes = choose_blocks(training, preset=preset, seed=config.seed)
        specs, too_large = blocks_that_fit(specs, size, limit_mb=limit)
        notes = [*notes, *map(Note.parse, too_large)]
    check_blocks(specs, size, limit_mb=limit)
    check_labels(specs)
    if config.blocks is None and config.weights is None and is_sparse(training):
        specs, tried = with_als_strength(
            training, specs, validation=config.validation, seed=config.seed, progress=progress
        )
        notes = [*notes, *tried]
    notes = [*told, *notes]
    return training, recipe_for(training, specs, bucket_edges=config.bucket_edges, notes=notes)


def _with_vectors(specs: tuple[BlockSpec, ...]) -> tuple[tuple[BlockSpec, ...], list[Note]]:
    """Return configured blocks, with popularity where an index could find nothing by them."""
    if any(has_vectors(spec) for spec in specs):
        return specs, [BLOCKS_AS_CONFIGURED]
    return (*specs, POPULARITY), [BLOCKS_AS_CONFIGURED, POPULARITY_ADDED]


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
        if not spec.block_class.learns_from_events:
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
    for given, values in weights.items():
        name = given if given in labels else FORMER_LABELS.get(given, given)
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
    recipe: Recipe,
    config: HybridConfig,
    *,
    fitted: dict[str, Block],
    progress: Progress,
) -> Learnt:
    def fit(part: TrainingSet) -> list[Block]:
        return fit_blocks(recipe.blocks, part, progress=progress, fitted=fitted)

    examples = None
    if len(recipe.blocks) > 1:
        parts = validation_parts(training, config.validation, seed=config.seed)
        examples = examples_of_parts(
            parts,
            fit,
            max_newcomers=config.validation.max_newcomers,
            bucket_edges=config.bucket_edges,
            seed=config.seed,
        )
    if examples is None:
        return Learnt(recipe.defaults, {}, DEFAULT_WEIGHTS)
    return learn(examples, recipe)


def _worth_fitting(
    specs: tuple[BlockSpec, ...], weights: DoubleArray
) -> tuple[tuple[BlockSpec, ...], DoubleArray]:
    """Leave out the blocks that have no weight in any bucket."""
    used = np.asarray(weights.any(axis=0), dtype=bool)
    return tuple(spec for spec, one in zip(specs, used, strict=True) if one), weights[:, used]
