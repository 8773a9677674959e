"""Parts of a linear score."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.contribution import Source, total
from recsys.core.errors import DataError
from recsys.models.base import Queries
from recsys.models.blocks.explanation import check_one, linear_parts


def test_linear_parts_name_each_source_and_sum_to_the_product() -> None:
    weights = sp.csr_matrix(np.array([[2.0, 0.0, 1.0]], np.float32))
    sources = np.array([[1, 0], [9, 9], [0, 1]], np.float32)
    targets = np.array([[3, 4], [5, 6]], np.float32)
    parts = linear_parts("b", weights, source=Source.ITEM, sources=sources, targets=targets)
    assert parts.rows.tolist() == [0, 2]
    assert parts.values.tolist() == [[6, 10], [4, 6]]
    assert total([parts], 2).tolist() == [10, 16]


def test_two_queries_at_once_are_refused(new_queries: Callable[..., Queries]) -> None:
    with pytest.raises(DataError, match="one query at a time; got 2"):
        check_one(new_queries(sp.csr_matrix(np.eye(2, dtype=np.float32))))
