"""Sets of popularity blocks."""

from recsys.models.blend.popularity_sets import block_sets, steady_popularity
from recsys.models.spec import BlockSpec
from tests.models.presets.test_choose import popular


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
