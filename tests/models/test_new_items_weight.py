"""Weights with tags, and what nobody met."""

import numpy as np
import pytest

from recsys.models.new_items_weight import MUCH, NEW_ITEMS_SHARE, learn_beside_new_items
from recsys.models.trusted_weights import learn_trusted_weights

N_PEOPLE, N_CANDIDATES = 400, 40


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
