from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.models.base import TrainingSet
from recsys.models.blocks.block_config import BlockConfig, Choice
from recsys.models.spec import BLOCKS, BlockSpec
from recsys.models.tuning.space import Number, search_space


def holds(one: Number | Choice, value: object) -> bool:
    if isinstance(one, Choice):
        return value in one.values
    return isinstance(value, int | float) and one.low <= value <= one.high


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_range_is_of_a_setting_and_holds_what_it_is(kind: str, training: TrainingSet) -> None:
    spec = BlockSpec(kind=kind)
    present = spec.block_config().to_dict()
    space = search_space(spec, training)
    assert set(spec.block_config().search_rules()) <= set(present)
    for name, one in space.items():
        if name != "n_factors":  # of 30 items there are fewer
            assert holds(one, present[name]), name


@pytest.mark.parametrize("kind", BLOCKS)
def test_both_ends_of_every_range_can_be_set(kind: str, training: TrainingSet) -> None:
    for name, one in search_space(BlockSpec(kind=kind), training).items():
        ends = one.values if isinstance(one, Choice) else (one.low, one.high)
        for end in ends:
            BLOCKS[kind][1](**{name: end})


def test_settings_far_from_the_default_are_within_their_own_range(training: TrainingSet) -> None:
    settings = {"regularization": 400.0, "output_exponent": -0.5, "tag_weight": 0.07}
    space = search_space(BlockSpec(kind="ease", settings=settings), training)
    assert all(holds(space[name], value) for name, value in settings.items())


def test_tags_are_searched_only_where_there_are_some(
    training: TrainingSet, checkerboard: TrainingSet
) -> None:
    spec = BlockSpec(kind="ease")
    assert "tag_weight" in search_space(spec, training)
    assert "tag_weight" not in search_space(spec, checkerboard)


def test_half_lives_are_searched_only_where_there_are_times(
    training: TrainingSet, checkerboard: TrainingSet
) -> None:
    spec = BlockSpec(kind="popularity")
    assert "half_life_days" in search_space(spec, training)
    assert search_space(spec, checkerboard) == {}


def test_the_popularity_of_all_time_stays_that(training: TrainingSet) -> None:
    spec = BlockSpec(kind="popularity", settings={"half_life_days": None})
    assert "half_life_days" not in search_space(spec, training)


def test_vectors_are_not_longer_than_the_data_can_fill(
    new_training: Callable[..., TrainingSet],
) -> None:
    training = new_training(sp.csr_matrix(np.ones((8, 5), np.float32)))
    found = search_space(BlockSpec(kind="spectral", settings={"n_factors": 3}), training)
    assert found["n_factors"] == Number(1, 4, log=True, whole=True)


def test_a_block_without_rules_is_not_searched(
    training: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = type(BlockSpec(kind="ease").block_config())
    monkeypatch.setattr(config, "search_rules", BlockConfig.search_rules)
    assert search_space(BlockSpec(kind="ease"), training) == {}


def test_numbers_are_written_short_and_stay_within_the_ends() -> None:
    assert Number(0.0123, 5.0, log=True).tidy(0.01234) == 0.0123
    assert Number(0.0, 0.975).tidy(0.9749) == 0.97
    assert Number(1, 9, whole=True).tidy(4.0) == 4


def test_of_two_ways_to_use_tags_the_one_in_use_is_searched(training: TrainingSet) -> None:
    plain = search_space(BlockSpec(kind="ease"), training)
    apart = search_space(BlockSpec(kind="ease", settings={"tag_share": 0.1}), training)
    assert ("tag_weight" in plain, "tag_share" in plain) == (True, False)
    assert ("tag_weight" in apart, "tag_share" in apart) == (False, True)
