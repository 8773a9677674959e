from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.clock import to_utc
from recsys.core.progress import silent
from recsys.data import PositiveEvents, interaction_matrix
from recsys.models.base import TrainingSet
from recsys.models.blend.examples import Examples, examples_of_parts
from recsys.models.blend.pool import Pool
from recsys.models.blend.recipe import Recipe
from recsys.models.blend.validation import ValidationConfig, validation_parts
from recsys.models.blend.weights import Learnt, learn
from recsys.models.blocks.history_weights import known_queries
from recsys.models.fit import fit_blocks
from recsys.models.hybrid import scaled_hybrid
from recsys.models.presets.choose import recipe_for
from recsys.models.spec import BlockSpec

N_USERS, N_ITEMS, N_DAYS = 60, 30, 40
EDGES = (1, 5, 20)
NOW = BlockSpec(
    kind="popularity", name="now", settings={"half_life_days": 1.0, "forecast_new": False}
)
EVER = BlockSpec(kind="popularity", name="ever", settings={"half_life_days": None})


def fashions(seed: int = 0) -> TrainingSet:
    """Each day everybody takes one of that day's few items: only what is new matters."""
    rng = np.random.default_rng(seed)
    users = np.tile(np.arange(N_USERS, dtype=np.int32), N_DAYS)
    days = np.repeat(np.arange(N_DAYS), N_USERS)
    items = ((days // 2 * 2 + rng.integers(0, 4, len(days))) % N_ITEMS).astype(np.int32)
    times = to_utc("2024-01-01") + days * np.timedelta64(86_400_000_000, "us")
    events = PositiveEvents(users, items, np.ones(len(users), np.float32), times)
    return TrainingSet(
        interactions=interaction_matrix(events, (N_USERS, N_ITEMS)),
        events=events,
        item_features=sp.csr_matrix((N_ITEMS, 0), dtype=np.float32),
        user_features=sp.csr_matrix((N_USERS, 0), dtype=np.float32),
        item_times=np.full(N_ITEMS, np.datetime64("NaT", "us")),
        now=times[-1],
    )


def learnt_on(specs: list[BlockSpec], training: TrainingSet) -> Learnt:
    parts = validation_parts(training, ValidationConfig(window_days=2.0, min_users=5), seed=0)
    examples = examples_of_parts(
        parts,
        lambda part: fit_blocks(specs, part, progress=silent),
        max_newcomers=20,
        bucket_edges=EDGES,
        seed=0,
    )
    assert examples is not None
    return learn(examples, recipe_for(training, specs, bucket_edges=EDGES))


def test_what_is_in_fashion_outweighs_what_ever_was() -> None:
    learnt = learnt_on([EVER, NOW], fashions())
    ever, now = learnt.weights.mean(axis=0)
    assert now > 3 * ever


def test_the_blend_is_not_below_its_best_block_where_it_was_learnt() -> None:
    measured = learnt_on([EVER, NOW], fashions()).measured
    assert measured["ndcg@20"] >= measured["best_single_ndcg@20"] - 1e-4


def test_the_same_data_give_the_same_weights() -> None:
    one, other = (learnt_on([EVER, NOW], fashions()) for _ in range(2))
    np.testing.assert_array_equal(one.weights, other.weights)


def test_the_scale_makes_the_usual_spread_one() -> None:
    training = fashions()
    blocks = fit_blocks([EVER, NOW], training, progress=silent)
    queries = known_queries(training)
    model = scaled_hybrid(blocks, np.ones((4, 2)), queries, bucket_edges=EDGES, seed=0)
    for scores in model.block_scores(queries):
        assert scores.std(axis=1).mean() == pytest.approx(1, rel=1e-3)


def test_parts_that_were_held_out_are_told_of() -> None:
    learnt = learnt_on([EVER, NOW], fashions())
    assert learnt.measured["held_out_ndcg@20"] > 0
    assert learnt.measured["best_popularity_ndcg@20"] > 0
    assert "held-out part" in learnt.note.reason


def test_with_a_prior_weights_stay_near_it_and_without_one_they_are_free() -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(200, 30, 2)).astype(np.float32)
    relevant = scores[:, :, 1] >= np.sort(scores[:, :, 1], axis=1)[:, -3:-2]
    examples = Examples(Pool.of(scores, relevant), np.ones(200, np.int32), np.zeros(200, np.int32))
    recipe = Recipe((EVER, NOW), np.ones((2, 2)), np.array([[1.0, 1.0]]), max_ratio=2.0)
    near = learn(examples, recipe).weights[1]
    far = learn(examples, replace(recipe, prior_blends=None)).weights[1]
    assert near[1] / near[0] == 4.0
    assert far[1] > 100 * far[0]
