"""Weights that start from a trusted blend."""

import numpy as np
import pytest

from recsys.models.blend.pool import Pool
from recsys.models.blend.steps import (
    MUCH,
    NEW_ITEMS_SHARE,
    climb,
    learn_beside_new_items,
    learn_trusted_weights,
)

N_CANDIDATES = 40


def people(*signal: float, n_people: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores of blocks that see a hidden taste with so much signal beside noise, and the taken."""
    rng = np.random.default_rng(seed)
    taste = rng.standard_normal((n_people, N_CANDIDATES))
    noise = rng.standard_normal((n_people, N_CANDIDATES, len(signal)))
    scores = taste[:, :, None] * np.array(signal) + noise
    relevant = np.zeros(taste.shape, bool)
    np.put_along_axis(relevant, np.argsort(-taste, axis=1)[:, :3], True, axis=1)
    return scores.astype(np.float32), relevant


def known(n_people: int) -> np.ndarray:
    return np.ones(n_people, np.int32)


def test_a_block_that_clearly_helps_is_taken_in_and_one_of_noise_is_not() -> None:
    scores, relevant = people(1.0, 2.0, 0.0)
    weights = climb(Pool.of(scores, relevant), np.array([1.0, 0.0, 0.0]))
    assert weights[1] > 0.5 * weights[0]
    assert weights[2] == 0


def test_without_clear_evidence_the_trusted_blend_stays_as_it_is() -> None:
    scores, relevant = people(1.0, 1.0, 0.3, n_people=30)
    trusted = np.array([1.0, 1.0, 0.3])
    assert climb(Pool.of(scores, relevant), trusted).tolist() == trusted.tolist()


def test_what_many_people_teach_holds_for_others() -> None:
    trusted = np.array([1.0, 0.2])
    learnt = climb(Pool.of(*people(0.5, 1.5, n_people=2000)), trusted)
    others = Pool.of(*people(0.5, 1.5, n_people=2000, seed=9))
    assert others.ndcg(learnt).mean() > others.ndcg(trusted).mean() + 0.02


@pytest.mark.parametrize("seed", range(5))
def test_the_measure_never_falls(seed: int) -> None:
    pool = Pool.of(*people(0.3, 0.8, 0.5, seed=seed))
    trusted = np.array([1.0, 0.7, 0.0])
    assert pool.ndcg(climb(pool, trusted)).mean() >= pool.ndcg(trusted).mean() - 1e-9


def test_some_weight_always_remains() -> None:
    scores, relevant = people(-1.0)
    assert climb(Pool.of(scores, relevant), np.array([1.0]))[0] > 0


def test_newcomers_trust_nothing_and_small_buckets_take_the_common_weights() -> None:
    scores, relevant = people(0.0, 2.0, n_people=300)
    history, more = people(2.0, 0.0, n_people=310, seed=1)
    buckets = np.repeat([0, 1, 2], [300, 300, 10]).astype(np.int32)
    learnt = learn_trusted_weights(
        np.concatenate([scores, history]),
        np.concatenate([relevant, more]),
        buckets,
        n_buckets=4,
        trusted=np.array([1.0, 0.0]),
    )
    newcomers, common, few, none = learnt.weights
    assert newcomers[1] > newcomers[0]
    assert common[0] > common[1]
    assert few.tolist() == none.tolist()
    assert learnt.metric >= learnt.best_single_metric


def test_absent_candidates_are_never_first() -> None:
    scores, relevant = people(1.0, 1.0)
    scores[:, 20:] = -np.inf
    pool = Pool.of(scores, relevant)
    weights = climb(pool, np.array([1.0, 0.7]))
    assert np.isfinite(weights).all()
    assert pool.ndcg(weights).mean() > pool.ndcg(np.array([1.0, 0.0])).mean()


def test_the_same_people_give_the_same_weights() -> None:
    pool = Pool.of(*people(0.3, 0.8, 0.5))
    trusted = np.array([1.0, 0.7, 0.0])
    assert climb(pool, trusted).tobytes() == climb(pool, trusted).tobytes()


def test_weights_stay_within_reach_of_the_trusted_ones() -> None:
    scores, relevant = people(0.3, 3.0, n_people=1000)
    trusted = np.array([1.0, 1.0])
    near = learn_trusted_weights(
        scores, relevant, known(1000), n_buckets=2, trusted=trusted, reach=2.0
    ).weights[1]
    far = learn_trusted_weights(
        scores, relevant, known(1000), n_buckets=2, trusted=trusted
    ).weights[1]
    assert near[1] / near[0] == pytest.approx(4.0)
    assert far[1] > 4.0 * far[0]


def test_of_several_trusted_blends_the_one_that_measures_best_is_where_learning_starts() -> None:
    scores, relevant = people(0.4, 1.5, n_people=400)
    blends = np.array([[1.0, 1.0], [1.0, 0.1], [1.0, 8.0]])
    learnt = learn_trusted_weights(
        scores, relevant, known(400), n_buckets=2, trusted=blends, reach=1.2
    )
    assert 8 / 1.2 <= learnt.weights[1, 1] <= 8 * 1.2


def test_too_few_people_take_the_first_of_the_trusted_blends() -> None:
    scores, relevant = people(0.4, 1.5, n_people=3)
    blends = np.array([[1.0, 1.0], [1.0, 8.0]])
    learnt = learn_trusted_weights(scores, relevant, known(3), n_buckets=2, trusted=blends)
    assert learnt.weights[1].tolist() == [1.0, 1.0]


N_PEOPLE = 400


def world(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return three blocks that see a taste more and more, and what was taken by it."""
    rng = np.random.default_rng(seed)
    taste = rng.standard_normal((N_PEOPLE, N_CANDIDATES))
    noise = rng.standard_normal((N_PEOPLE, N_CANDIDATES, 3))
    scores = taste[:, :, None] * np.array([0.3, 1.0, 2.0]) + noise
    relevant = taste >= np.sort(taste, axis=1)[:, -3:-2]
    return scores.astype(np.float32), relevant


def learnt(start: list[float], new_items: int | None, expected: float = 0.1) -> np.ndarray:
    buckets = (np.arange(N_PEOPLE) % 2).astype(np.int32)
    found = learn_beside_new_items(
        *world(),
        buckets,
        n_buckets=3,
        trusted=np.array(start),
        new_items=new_items,
        expected=expected,
        reach=np.inf,
    )
    assert found.weights.shape == (3, 3)
    return found.weights


def test_without_such_a_block_it_is_learning_from_the_trusted_blend() -> None:
    buckets = (np.arange(N_PEOPLE) % 2).astype(np.int32)
    plain = learn_trusted_weights(*world(), buckets, n_buckets=3, trusted=np.array([1.0, 0, 0]))
    assert learnt([1.0, 0, 0], None).tolist() == plain.weights.tolist()


@pytest.mark.parametrize("at", [0, 1, 2])
def test_new_items_have_their_share_whatever_a_cut_says_of_them(at: int) -> None:
    start = np.ones(3)
    start[at] = 0.0
    table = learnt(start.tolist(), at)
    others = np.delete(table, at, axis=1)
    np.testing.assert_allclose(table[:, at], NEW_ITEMS_SHARE * others.max(axis=1))


def test_new_items_weigh_less_where_little_is_expected_on_them() -> None:
    much, little, nothing = (learnt([1, 1, 0], 2, expected)[:, 2] for expected in (1, 0.01, 0))
    np.testing.assert_allclose(little, much * 0.01 / MUCH)
    assert not nothing.any()


def test_the_other_blocks_are_weighed_as_if_it_was_not_there() -> None:
    scores, relevant = world()
    buckets = np.ones(N_PEOPLE, np.int32)
    alone = learn_trusted_weights(
        scores[:, :, :2], relevant, buckets, n_buckets=2, trusted=np.array([1.0, 0.0])
    )
    both = learn_beside_new_items(
        scores,
        relevant,
        buckets,
        n_buckets=2,
        trusted=np.array([1.0, 0.0, 0.0]),
        new_items=2,
        expected=0.1,
        reach=np.inf,
    )
    np.testing.assert_array_equal(both.weights[:, :2], alone.weights)
