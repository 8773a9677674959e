from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.clock import to_utc
from recsys.core.progress import silent
from recsys.data import TimedEvents, interactions
from recsys.models.base import TrainingSet
from recsys.models.blend.examples import pooled_examples
from recsys.models.blend.learn import Learnt, learn_from_parts
from recsys.models.blend.validation import ValidationConfig
from recsys.models.blocks.history_weights import known_queries
from recsys.models.fit import fit_blocks
from recsys.models.hybrid import scaled_hybrid
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
    events = TimedEvents(users, items, np.ones(len(users), np.float32), times)
    return TrainingSet(
        interactions=interactions(events, (N_USERS, N_ITEMS)),
        events=events,
        item_features=sp.csr_matrix((N_ITEMS, 0), dtype=np.float32),
        user_features=sp.csr_matrix((N_USERS, 0), dtype=np.float32),
        item_times=np.full(N_ITEMS, np.datetime64("NaT", "us")),
        now=times[-1],
    )


def learnt_on(specs: list[BlockSpec], training: TrainingSet) -> Learnt:
    found = learn(specs, training)
    assert found is not None
    return found


def learn(specs: list[BlockSpec], training: TrainingSet, **validation: object) -> Learnt | None:
    return learn_from_parts(
        training,
        specs,
        fit=lambda part: fit_blocks(specs, part, progress=silent),
        validation=ValidationConfig.from_dict({"window_days": 2.0, "min_users": 5, **validation}),
        bucket_edges=EDGES,
        seed=0,
    )


def test_what_is_in_fashion_outweighs_what_ever_was() -> None:
    learnt = learnt_on([EVER, NOW], fashions())
    ever, now = learnt.weights.mean(axis=0)
    assert now > 3 * ever


def test_the_note_counts_people_and_parts() -> None:
    learnt = learnt_on([EVER, NOW], fashions())
    assert learnt.measured["n_parts"] >= 3
    assert "validation part" in learnt.note


def test_the_blend_is_not_below_its_best_block_where_it_was_learnt() -> None:
    measured = learnt_on([EVER, NOW], fashions()).measured
    assert measured["ndcg@20"] >= measured["best_single_ndcg@20"] - 1e-4


def test_with_too_few_people_nothing_is_learnt() -> None:
    assert learn([EVER, NOW], fashions(), min_users=1000) is None


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


def test_candidates_are_the_best_of_every_block_less_what_was_seen() -> None:
    n_items = 300
    one = np.arange(n_items, dtype=np.float32)[None, :]
    other = -one
    seen = sp.csr_matrix(([1.0], ([0], [n_items - 1])), shape=(1, n_items))
    taken = sp.csr_matrix(([1.0, 1.0], ([0, 0], [0, 150])), shape=(1, n_items))
    scores, relevant = pooled_examples([one, other], seen=seen, relevant=taken)
    candidates = set(scores[0, :, 0])
    assert {n_items - 2.0, 0.0} <= candidates
    assert n_items - 1.0 not in candidates
    assert scores[0, relevant[0], 0].tolist() == [0.0]


def test_parts_that_were_held_out_are_told_of() -> None:
    learnt = learnt_on([EVER, NOW], fashions())
    assert learnt.measured["held_out_ndcg@20"] > 0
    assert learnt.measured["best_popularity_ndcg@20"] > 0
    assert "parts held out" in learnt.note


def test_what_is_alike_for_all_is_ranked_once_with_the_same_result() -> None:
    rng = np.random.default_rng(1)
    row = rng.normal(size=(1, N_ITEMS)).astype(np.float32)
    seen = sp.random(9, N_ITEMS, density=0.6, format="csr", random_state=0, dtype=np.float32)
    relevant = sp.random(9, N_ITEMS, density=0.1, format="csr", random_state=1, dtype=np.float32)
    other = rng.normal(size=(9, N_ITEMS)).astype(np.float32)
    shared, plain = (
        pooled_examples([one, other], seen=seen, relevant=relevant)
        for one in (np.broadcast_to(row, (9, N_ITEMS)), np.repeat(row, 9, axis=0))
    )
    np.testing.assert_array_equal(shared[0], plain[0])
    np.testing.assert_array_equal(shared[1], plain[1])
