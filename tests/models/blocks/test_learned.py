"""Arrays that a block keeps."""

import numpy as np
import pytest

from recsys.core.errors import NotFittedError
from recsys.models.blocks.learned import LearnedBlock


def test_kept_arrays_are_read_only_and_contiguous() -> None:
    block = LearnedBlock("b")
    block.keep(values=np.ones((2, 3), order="F"))
    values = block.learned("values")
    assert values.flags.c_contiguous
    assert not values.flags.writeable


def test_before_a_fit_there_is_nothing_to_read() -> None:
    with pytest.raises(NotFittedError, match="b must be fitted"):
        LearnedBlock("b").learned("values")


def test_some_items_can_be_put_as_another_block_has_them() -> None:
    block = LearnedBlock("b")
    block.keep(item_factors=np.array([[0.0], [1.0], [2.0]]))
    other = block.at_items(np.array([2, 0], np.int32)).having(item_factors=np.array([[7.0], [5.0]]))
    found = block.put(other, np.array([2, 0]))
    assert found.learned("item_factors").ravel().tolist() == [5.0, 1.0, 7.0]
    assert block.learned("item_factors").ravel().tolist() == [0.0, 1.0, 2.0]
