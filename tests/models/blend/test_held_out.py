"""Which blocks are blended, and how far the blend is trusted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.blend.examples import Examples
from recsys.models.blend.held_out import best_blend, block_sets, steady_popularity, towards
from recsys.models.blend.pool import Pool
from recsys.models.spec import BlockSpec
from tests.models.presets.test_choose import popular

N_PEOPLE, N_CANDIDATES = 240, 40
FORECAST = BlockSpec(kind="popularity", name="forecast", settings={"half_life_days": 1.0})
FADING = BlockSpec(
    kind="popularity", name="fading", settings={"half_life_days": 1.0, "forecast_new": False}
)
SLOW = BlockSpec(
    kind="popularity", name="slow", settings={"half_life_days": 30.0, "forecast_new": False}
)
TASTE = BlockSpec(kind="affinity")


def examples(*strengths: tuple[float, ...], seed: int = 0) -> Examples:
    """Return people of one part for each line of strengths: how far they follow each block."""
    rng = np.random.default_rng(seed)
    n_blocks = len(strengths[0])
    parts = np.repeat(np.arange(len(strengths), dtype=np.int32), N_PEOPLE // len(strengths))
    scores = rng.normal(size=(len(parts), N_CANDIDATES, n_blocks))
    noise = rng.gumbel(size=(len(parts), N_CANDIDATES))
    wanted = np.einsum("pcb,pb->pc", scores, np.array(strengths)[parts]) + noise
    relevant = wanted >= np.sort(wanted, axis=1)[:, -3:-2]
    pool = Pool.of(scores.astype(np.float32), relevant)
    return Examples(pool, np.zeros(len(parts), np.int32), parts)


def test_taste_that_helps_in_every_part_is_blended_in() -> None:
    blend = best_blend([FADING, TASTE], examples(*[(1.0, 1.0)] * 3), n_buckets=1)
    assert blend.learnt.weights[0, 1] > 0.5 * blend.learnt.weights[0, 0]
    assert blend.shrinkage > 0
    assert blend.held_out is not None
    assert blend.popularity is not None
    assert blend.held_out > blend.popularity


def test_what_helps_in_one_part_and_harms_in_the_next_is_left_out() -> None:
    lucky = examples((1.0, 1.5), (1.0, -1.5), (1.0, 1.5), (1.0, -1.5))
    blend = best_blend([FADING, TASTE], lucky, n_buckets=1)
    assert blend.shrinkage == 0
    assert blend.learnt.weights[0, 1] == 0
    assert blend.learnt.weights[0, 0] > 0


def test_the_popularity_that_is_best_on_all_parts_is_what_remains() -> None:
    nothing = examples(*[(0.5, 1.0, 0.0)] * 3)
    blend = best_blend([SLOW, FADING, TASTE], nothing, n_buckets=2)
    table = blend.learnt.weights
    assert (table[:, 1] > table[:, 0]).all()
    assert (table[:, 1] > 3 * table[:, 2]).all()


def test_the_forecast_is_not_mixed_with_what_was_only_seen() -> None:
    either = examples(*[(1.0, 0.6, 0.5)] * 3)
    weights = best_blend([FORECAST, FADING, TASTE], either, n_buckets=1).learnt.weights[0]
    assert weights[0] > 0
    assert weights[1] == 0


def test_a_forecast_that_is_as_good_as_what_was_seen_is_kept() -> None:
    alike = examples(*[(1.0, 1.0, 0.5)] * 3)
    alike.pool.scores[:, :, 1] = alike.pool.scores[:, :, 0]
    weights = best_blend([FORECAST, FADING, TASTE], alike, n_buckets=1).learnt.weights[0]
    assert weights[0] > 0
    assert weights[1] == 0


def test_a_forecast_that_is_surely_worse_gives_way() -> None:
    worse = examples(*[(0.3, 1.0, 0.5)] * 3)
    weights = best_blend([FORECAST, FADING, TASTE], worse, n_buckets=1).learnt.weights[0]
    assert weights[0] == 0
    assert weights[1] > 0


def test_a_blend_that_holds_is_kept_whole() -> None:
    blend = best_blend([FADING, TASTE], examples(*[(1.0, 0.4)] * 3), n_buckets=1)
    assert blend.shrinkage == 1


@pytest.mark.parametrize("seed", range(3))
def test_a_blend_that_harms_where_it_was_not_learnt_is_kept_in_part(seed: int) -> None:
    uneven = examples((1.0, 1.5), (1.0, 0.1), (1.0, 0.1), seed=seed)
    blend = best_blend([FADING, TASTE], uneven, n_buckets=1)
    assert 0 < blend.shrinkage < 1
    assert blend.held_out is not None
    assert blend.popularity is not None
    assert blend.held_out > blend.popularity


def test_blocks_of_no_use_in_any_part_have_no_weight() -> None:
    specs = [FADING, TASTE, BlockSpec(kind="content")]
    weights = best_blend(specs, examples(*[(1.0, 1.0, -0.5)] * 3), n_buckets=2).learnt.weights
    assert (weights[:, :2] > 0).all()
    assert (weights[:, 2] == 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_caution_does_not_mix_them_either(seed: int) -> None:
    doubtful = examples((1.0, 1.0, 0.4), (1.0, 1.0, -0.2), (1.0, 1.0, 0.3), seed=seed)
    weights = best_blend([FORECAST, FADING, TASTE], doubtful, n_buckets=1).learnt.weights[0]
    assert (weights[:2] > 0).sum() == 1


def test_one_part_is_taken_at_its_word() -> None:
    blend = best_blend([FADING, TASTE], examples((1.0, 1.0)), n_buckets=1)
    assert blend.held_out is None
    assert blend.shrinkage == 1


def test_blocks_without_any_popularity_are_blended_as_well() -> None:
    blend = best_blend([TASTE, BlockSpec(kind="content")], examples(*[(1.0, 1.0)] * 3), n_buckets=1)
    assert (blend.learnt.weights > 0).all()


def test_the_same_examples_give_the_same_blend() -> None:
    one, other = (
        best_blend([FADING, TASTE], examples(*[(1.0, 0.3)] * 3), n_buckets=1) for _ in range(2)
    )
    assert one.learnt.weights.tolist() == other.learnt.weights.tolist()


@given(shrinkage=st.floats(0, 1))
def test_the_way_to_one_block_keeps_the_weight_of_popularity(shrinkage: float) -> None:
    weights = np.array([[0.5, 0.3, 0.4], [0.0, 0.0, 0.9]])
    popular = np.array([0, 1])
    mixed = towards(weights, 1, popular=popular, shrinkage=shrinkage)
    assert mixed[0, popular].sum() == pytest.approx(0.8)
    assert mixed[0, 2] == pytest.approx(0.4 * shrinkage)
    assert (mixed.sum(axis=1) > 0).all()
    assert towards(weights, 1, popular=popular, shrinkage=1.0).tolist() == weights.tolist()


def sets_of(*specs: BlockSpec) -> list[list[int]]:
    return [one.tolist() for one in block_sets(specs)]


def test_popularity_with_and_without_a_forecast_are_never_in_one_set() -> None:
    specs = (popular(None), popular(1.0), popular(1.0, forecast=True), BlockSpec(kind="ease"))
    assert sets_of(*specs) == [[0, 2, 3], [0, 1, 3]]


def test_half_lives_of_one_kind_stay_together() -> None:
    specs = (popular(1.0), popular(7.0), popular(None), BlockSpec(kind="ease"))
    assert sets_of(*specs) == [[0, 1, 2, 3]]


def test_a_lucky_half_life_at_the_edge_gives_way_to_a_steady_one() -> None:
    specs = tuple(popular(days) for days in (1.0, 2.0, 3.0, 7.0))
    assert steady_popularity(specs, {0: 0.205, 1: 0.17, 2: 0.2, 3: 0.2}) == [3]
    assert steady_popularity(specs, {0: 0.1, 1: 0.2, 2: 0.3, 3: 0.2}) == [2]


def test_without_times_there_is_one_set() -> None:
    assert sets_of(popular(None), BlockSpec(kind="ease")) == [[0, 1]]
