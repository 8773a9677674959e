"""Columns of frequent tags."""

import numpy as np
import scipy.sparse as sp

from recsys.models.blocks.frequent_tags import frequent_tags, has_tags


def test_rare_tags_are_left_out_and_the_most_common_stay() -> None:
    counts = (30, 9, 10, 50)
    features = sp.csr_matrix(np.arange(60)[:, None] < np.array(counts), dtype=np.float32)
    assert frequent_tags(features, max_tags=9).tolist() == [0, 2, 3]
    assert frequent_tags(features, max_tags=2).tolist() == [0, 3]


def test_a_tag_is_had_or_not_however_heavy() -> None:
    features = sp.csr_matrix(np.array([[0.1, 0, 0.7]], np.float32))
    assert has_tags(features, np.array([1, 2], np.int32)).tolist() == [[0.0, 1.0]]
