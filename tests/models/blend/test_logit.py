"""Blend weights learnt from what people took next."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.blend.logit import learn_weights
from recsys.models.blend.pool import DEPTH, Pool

N_PEOPLE, N_CANDIDATES = 200, 40


def world(*strengths: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of blocks, and items taken that follow each block as much as told."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(N_PEOPLE, N_CANDIDATES, len(strengths)))
    noise = rng.gumbel(size=(N_PEOPLE, N_CANDIDATES))
    wanted = scores @ np.array(strengths) + noise
    relevant = wanted >= np.sort(wanted, axis=1)[:, -3:-2]
    return scores.astype(np.float32), relevant


def one_bucket() -> np.ndarray:
    return np.zeros(N_PEOPLE, np.int32)


def test_weights_follow_what_people_took() -> None:
    scores, relevant = world(3.0, 1.0, 0.0)
    learnt = learn_weights(Pool.of(scores, relevant), one_bucket(), n_buckets=1)
    first, second, third = learnt.weights[0]
    assert first > 2 * second > 4 * third


def test_a_harmful_block_gets_nothing() -> None:
    scores, relevant = world(2.0, -2.0)
    learnt = learn_weights(Pool.of(scores, relevant), one_bucket(), n_buckets=1)
    assert learnt.weights[0, 1] == 0
    assert (learnt.weights >= 0).all()


@pytest.mark.parametrize("strengths", [(2.0, 1.0), (0.0, 0.0), (0.0, 3.0, 0.1), (-1.0, -1.0)])
def test_the_blend_is_never_below_the_best_single_block(strengths: tuple[float, ...]) -> None:
    scores, relevant = world(*strengths)
    learnt = learn_weights(Pool.of(scores, relevant), one_bucket(), n_buckets=1)
    assert learnt.metric >= learnt.best_single_metric - 1e-12


def test_buckets_may_differ() -> None:
    (a, taken_a), (b, taken_b) = world(3.0, 0.0, seed=1), world(0.0, 3.0, seed=2)
    scores, relevant = np.concatenate([a, b]), np.concatenate([taken_a, taken_b])
    buckets = np.repeat(np.array([0, 1], np.int32), N_PEOPLE)
    learnt = learn_weights(Pool.of(scores, relevant), buckets, n_buckets=2)
    assert learnt.weights[0, 0] > learnt.weights[0, 1]
    assert learnt.weights[1, 1] > learnt.weights[1, 0]


def test_a_bucket_of_few_people_takes_the_common_weights() -> None:
    scores, relevant = world(2.0, 1.0)
    buckets = one_bucket()
    buckets[:3] = 2
    learnt = learn_weights(Pool.of(scores, relevant), buckets, n_buckets=3)
    assert learnt.weights[1].tolist() == learnt.weights[2].tolist()


def test_the_order_of_people_changes_little() -> None:
    scores, relevant = world(2.0, 1.0)
    one = learn_weights(Pool.of(scores, relevant), one_bucket(), n_buckets=1)
    other = learn_weights(Pool.of(scores[::-1], relevant[::-1]), one_bucket(), n_buckets=1)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-2)


def test_the_same_people_give_the_same_weights() -> None:
    scores, relevant = world(2.0, 1.0)
    one, other = (
        learn_weights(Pool.of(scores, relevant), one_bucket(), n_buckets=1).weights
        for _ in range(2)
    )
    assert one.tolist() == other.tolist()


def test_absent_candidates_have_no_say() -> None:
    scores, relevant = world(2.0, 1.0)
    padded = np.concatenate([scores, np.full_like(scores, -np.inf)], axis=1)
    more = np.concatenate([relevant, np.zeros_like(relevant)], axis=1)
    one = learn_weights(Pool.of(scores, relevant), one_bucket(), n_buckets=1)
    other = learn_weights(Pool.of(padded, more), one_bucket(), n_buckets=1)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-3)
    assert one.metric == pytest.approx(other.metric)


def test_nobody_who_took_anything_is_no_reason_to_fail() -> None:
    scores, relevant = world(1.0, 1.0)
    learnt = learn_weights(Pool.of(scores, np.zeros_like(relevant)), one_bucket(), n_buckets=1)
    assert np.isfinite(learnt.weights).all()
    assert learnt.weights.any()


@given(seed=st.integers(0, 99), weight=st.floats(0.1, 9))
def test_the_measure_is_plain_ndcg(seed: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(1, 30, 1)).astype(np.float32)
    relevant = rng.random((1, 30)) < 0.2
    (found,) = Pool.of(scores, relevant).ndcg(np.array([weight]))
    order = np.argsort(-scores[0, :, 0], kind="stable")[:DEPTH]
    gain = sum(1 / math.log2(place + 2) for place, at in enumerate(order) if relevant[0, at])
    n_wanted = min(int(relevant.sum()), DEPTH)
    ideal = sum(1 / math.log2(place + 2) for place in range(n_wanted))
    assert found == pytest.approx(gain / ideal if ideal else 0.0)


@pytest.mark.parametrize("block", [0, 1])
def test_a_block_alone_is_the_blend_of_nothing_else(block: int) -> None:
    scores = np.random.default_rng(3).normal(size=(20, 30, 2)).astype(np.float32)
    scores[:, 25:] = -np.inf
    pool = Pool.of(scores, np.random.default_rng(4).random((20, 30)) < 0.1)
    assert pool.ndcg_alone(block).tolist() == pool.ndcg(np.eye(2)[block]).tolist()


def test_one_blend_for_all_equals_the_same_blend_for_each() -> None:
    scores, relevant = world(2.0, 1.0)
    pool, blend = Pool.of(scores, relevant), np.array([0.7, 0.3])
    np.testing.assert_allclose(pool.ndcg(blend), pool.ndcg_by(np.tile(blend, (N_PEOPLE, 1))))
