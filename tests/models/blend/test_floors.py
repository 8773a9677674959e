"""Default and minimum weights."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys.models.blend.floors import default_weights, with_cold_start_minimums
from recsys.models.spec import BlockSpec

SPECS = tuple(BlockSpec(kind=kind) for kind in ("popularity", "content", "spectral", "ease"))


def test_history_takes_over_from_popularity_as_it_grows() -> None:
    table = default_weights(SPECS, (1, 5, 20))
    assert table.shape == (4, 4)
    assert (np.diff(table[:, 0]) < 0).all()
    assert (np.diff(table[:, 2]) > 0).all()
    assert (table > 0).all()


weights = hnp.arrays(np.float64, (4, 4), elements=st.floats(0, 5))


@given(table=weights)
def test_nobodys_list_is_arbitrary_and_nothing_else_is_changed(table: np.ndarray) -> None:
    floored = with_cold_start_minimums(table, SPECS)
    assert (floored[:, 0] > 0).all()
    assert floored[:, 2:].tolist() == table[:, 2:].tolist()
    assert (floored >= table).all()


@given(table=weights)
def test_declared_tags_of_a_newcomer_outweigh_popularity(table: np.ndarray) -> None:
    floored = with_cold_start_minimums(table, SPECS)
    assert floored[0, 1] >= 2 * floored[0, 0]


def test_floors_do_not_touch_the_table_given() -> None:
    table = np.zeros((4, 4))
    with_cold_start_minimums(table, SPECS)
    assert not table.any()
