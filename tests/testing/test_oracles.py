import math

import pytest

from recsys.testing import (
    naive_coverage,
    naive_diversity,
    naive_gini,
    naive_novelty,
    naive_scores,
    naive_top_k,
    naive_user_metrics,
)


def test_inner_products_and_their_best_worked_by_hand() -> None:
    scores = naive_scores([[1, 2], [0, 1]], [[1, 0], [0, 1], [1, 1]])
    assert scores == [[1, 2, 3], [0, 1, 1]]
    assert naive_top_k(scores, 2) == [[2, 1], [1, 2]]
    assert naive_top_k(scores, 3, allowed={0, 1}, exclude=[{1}, set()]) == [[0, -1, -1], [1, 0, -1]]


def test_metrics_worked_by_hand() -> None:
    found = naive_user_metrics([9, 3, 5, -1], {3, 5, 8}, 4)
    assert found == pytest.approx(
        {
            "recall": 2 / 3,
            "precision": 0.5,
            "ndcg": (1 / math.log2(3) + 0.5) / (1 + 1 / math.log2(3) + 0.5),
            "map": (1 / 2 + 2 / 3) / 3,
            "mrr": 0.5,
            "hit_rate": 1.0,
        }
    )


def test_what_everyone_is_shown_worked_by_hand() -> None:
    lists = [[0, 1], [0, -1]]
    assert naive_coverage(lists, 4) == 0.5
    assert naive_gini(lists, 4) == pytest.approx((3 * 2 + 1 * 1 - 1 * 0 - 3 * 0) / (4 * 3))
    assert naive_novelty([0, 1, -1], [8, 2], 8) == 1.0
    assert naive_diversity([0, 1, 2], [{0: 1.0}, {0: 2.0}, {1: 1.0}]) == pytest.approx(2 / 3)
    assert math.isnan(naive_diversity([0], [{0: 1.0}]))
