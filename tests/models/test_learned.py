"""Arrays that a block keeps."""

import numpy as np
import pytest

from recsys.core.errors import NotFittedError
from recsys.models.learned import LearnedBlock


def test_kept_arrays_are_read_only_and_contiguous() -> None:
    block = LearnedBlock("b")
    block.keep(values=np.ones((2, 3), order="F"))
    values = block.learned("values")
    assert values.flags.c_contiguous
    assert not values.flags.writeable


def test_before_a_fit_there_is_nothing_to_read() -> None:
    with pytest.raises(NotFittedError, match="b must be fitted"):
        LearnedBlock("b").learned("values")
