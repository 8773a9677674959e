"""Weights that start from a prior blend."""

import numpy as np
import pytest

from recsys.models.blend.pool import Pool
from recsys.models.blend.steps import greedy_search, learn_from_priors

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
    weights = greedy_search(Pool.of(scores, relevant), np.array([1.0, 0.0, 0.0]))
    assert weights[1] > 0.5 * weights[0]
    assert weights[2] == 0


def test_without_clear_evidence_the_prior_blend_stays_as_it_is() -> None:
    scores, relevant = people(1.0, 1.0, 0.3, n_people=30)
    prior = np.array([1.0, 1.0, 0.3])
    assert greedy_search(Pool.of(scores, relevant), prior).tolist() == prior.tolist()


def test_what_many_people_teach_holds_for_others() -> None:
    prior = np.array([1.0, 0.2])
    learnt = greedy_search(Pool.of(*people(0.5, 1.5, n_people=2000)), prior)
    others = Pool.of(*people(0.5, 1.5, n_people=2000, seed=9))
    assert others.ndcg(learnt).mean() > others.ndcg(prior).mean() + 0.02


@pytest.mark.parametrize("seed", range(5))
def test_the_measure_never_falls(seed: int) -> None:
    pool = Pool.of(*people(0.3, 0.8, 0.5, seed=seed))
    prior = np.array([1.0, 0.7, 0.0])
    assert pool.ndcg(greedy_search(pool, prior)).mean() >= pool.ndcg(prior).mean() - 1e-9


def test_some_weight_always_remains() -> None:
    scores, relevant = people(-1.0)
    assert greedy_search(Pool.of(scores, relevant), np.array([1.0]))[0] > 0


def test_newcomers_trust_nothing_and_small_buckets_take_the_common_weights() -> None:
    scores, relevant = people(0.0, 2.0, n_people=300)
    history, more = people(2.0, 0.0, n_people=310, seed=1)
    buckets = np.repeat([0, 1, 2], [300, 300, 10]).astype(np.int32)
    learnt = learn_from_priors(
        Pool.of(np.concatenate([scores, history]), np.concatenate([relevant, more])),
        buckets,
        n_buckets=4,
        prior_blends=np.array([[1.0, 0.0]]),
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
    weights = greedy_search(pool, np.array([1.0, 0.7]))
    assert np.isfinite(weights).all()
    assert pool.ndcg(weights).mean() > pool.ndcg(np.array([1.0, 0.0])).mean()


def test_the_same_people_give_the_same_weights() -> None:
    pool = Pool.of(*people(0.3, 0.8, 0.5))
    prior = np.array([1.0, 0.7, 0.0])
    assert greedy_search(pool, prior).tobytes() == greedy_search(pool, prior).tobytes()


def test_weights_stay_within_a_ratio_of_the_prior_ones() -> None:
    pool, prior = Pool.of(*people(0.3, 3.0, n_people=1000)), np.array([[1.0, 1.0]])
    near, far = (
        learn_from_priors(
            pool, known(1000), n_buckets=2, prior_blends=prior, max_ratio=ratio
        ).weights[1]
        for ratio in (2.0, np.inf)
    )
    assert near[1] / near[0] == pytest.approx(4.0)
    assert far[1] > 4.0 * far[0]


def test_of_several_prior_blends_the_one_that_measures_best_is_where_learning_starts() -> None:
    pool = Pool.of(*people(0.4, 1.5, n_people=400))
    blends = np.array([[1.0, 1.0], [1.0, 0.1], [1.0, 8.0]])
    learnt = learn_from_priors(pool, known(400), n_buckets=2, prior_blends=blends, max_ratio=1.2)
    assert 8 / 1.2 <= learnt.weights[1, 1] <= 8 * 1.2


def test_too_few_people_take_the_first_of_the_prior_blends() -> None:
    pool = Pool.of(*people(0.4, 1.5, n_people=3))
    blends = np.array([[1.0, 1.0], [1.0, 8.0]])
    learnt = learn_from_priors(pool, known(3), n_buckets=2, prior_blends=blends)
    assert learnt.weights[1].tolist() == [1.0, 1.0]


N_PEOPLE = 400
BUCKETS = (np.arange(N_PEOPLE) % 2).astype(np.int32)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_fixed_share_is_kept_whatever_a_cut_says_and_changes_no_other_weight(at: int) -> None:
    scores, relevant = people(0.3, 1.0, 2.0, n_people=N_PEOPLE)
    others = np.delete(np.arange(3), at)
    shares = np.zeros(3)
    shares[at] = 0.6
    found = learn_from_priors(
        Pool.of(scores, relevant),
        BUCKETS,
        n_buckets=3,
        prior_blends=np.where(shares > 0, 0.0, [[1.0, 0.5, 0.2]]),
        fixed_shares=shares,
    ).weights
    alone = learn_from_priors(
        Pool.of(scores[:, :, others], relevant),
        BUCKETS,
        n_buckets=3,
        prior_blends=np.array([[1.0, 0.5, 0.2]])[:, others],
    ).weights
    np.testing.assert_array_equal(found[:, others], alone)
    np.testing.assert_allclose(found[:, at], 0.6 * alone.max(axis=1))
