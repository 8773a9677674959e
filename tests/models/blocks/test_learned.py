"""Arrays that a block keeps."""

import numpy as np
import pytest

from recsys.core.errors import NotFittedError
from recsys.models.blocks.learned import LearnedBlock


def test_kept_arrays_are_read_only_and_contiguous() -> None:
    block = LearnedBlock("b")
    block.set_arrays(values=np.ones((2, 3), order="F"))
    values = block.array("values")
    assert values.flags.c_contiguous
    assert not values.flags.writeable


def test_before_a_fit_there_is_nothing_to_read() -> None:
    with pytest.raises(NotFittedError, match="b must be fitted"):
        LearnedBlock("b").array("values")


def test_some_items_are_taken_from_another_block() -> None:
    block = LearnedBlock("b")
    block.set_arrays(item_factors=np.array([[0.0], [1.0], [2.0]]))
    other = block.at_items(np.array([2, 0], np.int32)).with_arrays(
        item_factors=np.array([[7.0], [5.0]])
    )
    rows, places = np.array([0, 1, 2, 1], np.int32), np.array([1, -1, 0, -1])
    found = block.overlaid(other, rows, places)
    assert found.array("item_factors").ravel().tolist() == [5.0, 1.0, 7.0, 1.0]
    assert block.array("item_factors").ravel().tolist() == [0.0, 1.0, 2.0]
