"""Blend weights learnt by a recipe: the one learner, for fitting and for tuning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.core.arrays import DoubleArray
from recsys.core.note import Note
from recsys.models.blend.examples import Examples
from recsys.models.blend.floors import with_cold_start_minimums
from recsys.models.blend.held_out import Blend, best_blend
from recsys.models.blend.recipe import Recipe
from recsys.models.blend.steps import learn_from_priors
from recsys.models.notes import weights_note


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Weights, and where they come from.

    Attributes
    ----------
    weights : (n_buckets, n_blocks) float64
        A block that is worth nothing has 0 in every bucket.
    measured : dict
        What was measured on the validation parts.
    note : Note
        What the weights were learnt on.
    """

    weights: DoubleArray
    measured: dict[str, Any]
    note: Note


def learn(examples: Examples, recipe: Recipe) -> Learnt:
    """Return the weights of the blocks of a recipe.

    Parameters
    ----------
    examples : Examples
        Scores of the blocks in the order of ``recipe.blocks``.
    recipe : Recipe
        With prior blends a greedy search starts from them; else the weights are those of a
        conditional logit, cross-fitted over validation parts.
    """
    if recipe.prior_blends is None:
        blend = best_blend(recipe.blocks, examples, n_buckets=recipe.n_buckets)
    else:
        blend = Blend(
            learn_from_priors(
                examples.pool,
                examples.buckets,
                n_buckets=recipe.n_buckets,
                prior_blends=recipe.prior_blends,
                max_ratio=recipe.max_ratio,
                fixed_shares=recipe.fixed_shares,
            )
        )
    learnt = blend.learnt
    n_parts = len(np.unique(examples.parts))
    measured = {
        "n_people": examples.n_people,
        "n_parts": n_parts,
        "shrinkage": blend.shrinkage,
        "held_out_ndcg@20": _rounded(blend.held_out),
        "best_popularity_ndcg@20": _rounded(blend.popularity),
        "ndcg@20": round(learnt.metric, 4),
        "best_single": recipe.blocks[learnt.best_single].label,
        "best_single_ndcg@20": round(learnt.best_single_metric, 4),
    }
    note = weights_note(
        n_people=examples.n_people,
        n_parts=n_parts,
        shrinkage=blend.shrinkage,
        held_out=blend.held_out,
        popularity=blend.popularity,
    )
    return Learnt(with_cold_start_minimums(learnt.weights, recipe.blocks), measured, note)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
