"""Weights that stay near a robust blend."""

import numpy as np
import pytest

from recsys.models.anchored_weights import curvature, learn_anchored_weights
from recsys.models.weights import Pool, conditional_logit

N_PEOPLE, N_CANDIDATES = 300, 40


def world(*strengths: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of blocks, and items taken that follow each block as much as told."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(N_PEOPLE, N_CANDIDATES, len(strengths)))
    wanted = scores @ np.array(strengths) + rng.gumbel(size=scores.shape[:2])
    relevant = wanted >= np.sort(wanted, axis=1)[:, -3:-2]
    return scores.astype(np.float32), relevant


def learnt(anchor: list[float], *strengths: float, bucket: int = 1) -> np.ndarray:
    buckets = np.full(N_PEOPLE, bucket, np.int32)
    found = learn_anchored_weights(
        *world(*strengths), buckets, n_buckets=2, anchor=np.array(anchor)
    )
    return found.weights


def test_a_cut_that_agrees_with_the_anchor_keeps_its_proportions() -> None:
    first, second = learnt([1.0, 1.0], 2.0, 2.0)[1]
    assert first == pytest.approx(second, rel=0.1)


def test_a_cut_that_disagrees_moves_the_weights_part_of_the_way() -> None:
    first, second = learnt([1.0, 1.0], 3.0, 0.0)[1]
    free = conditional_logit(Pool.of(*world(3.0, 0.0)), np.zeros(2), 1e-4)
    assert 0.1 < second / first < 0.9
    assert second > free[1] + 0.1


def test_a_free_block_gets_what_the_cut_says() -> None:
    anchored = learnt([1.0, 0.0], 1.0, 2.0)[1]
    free = learnt([1.0, np.nan], 1.0, 2.0)[1]
    assert free[1] > 1.3 * anchored[1]


def test_the_size_of_the_anchor_does_not_matter() -> None:
    np.testing.assert_allclose(
        learnt([1.0, 0.5], 2.0, 1.0), learnt([10.0, 5.0], 2.0, 1.0), rtol=1e-2
    )


def test_newcomers_are_not_pulled_to_a_blend_of_tastes() -> None:
    first, second = learnt([1.0, 0.0], 0.0, 2.0, bucket=0)[0]
    assert second > 5 * first


def test_curvature_is_the_variance_of_a_score_where_nothing_is_known_yet() -> None:
    scores, relevant = world(1.0, 1.0)
    found = curvature(Pool.of(scores, relevant), np.zeros(2))
    np.testing.assert_allclose(found, scores.var(axis=1).mean(axis=0), rtol=1e-4)
