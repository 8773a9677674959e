"""TopK: one shape for every ranked answer."""

import numpy as np
import pytest

from recsys.core.errors import DataError
from recsys.core.topk import TopK


def test_found_items_are_counted_without_the_padding() -> None:
    top = TopK(
        rows=np.array([[4, 2], [1, -1], [-1, -1]], dtype=np.int32),
        scores=np.array([[2, 1], [3, -np.inf], [-np.inf, -np.inf]], dtype=np.float32),
    )
    assert top.n_found.tolist() == [2, 1, 0]
    assert top.n_found.dtype == np.int32


def test_rows_and_scores_have_fixed_types() -> None:
    top = TopK(rows=[[1]], scores=[[2]])  # type: ignore[arg-type]
    assert (top.rows.dtype.name, top.scores.dtype.name) == ("int32", "float32")


@pytest.mark.parametrize(
    ("rows", "scores"),
    [([1, 2], [0.5, 0.4]), ([[1, 2]], [[0.5]]), ([[1]], [0.5])],
    ids=["flat", "uneven", "mixed"],
)
def test_shapes_that_do_not_agree_are_refused(rows: list[object], scores: list[object]) -> None:
    with pytest.raises(DataError, match="rows and scores must be 2-d of one shape; got"):
        TopK(rows=rows, scores=scores)  # type: ignore[arg-type]


def test_an_answer_does_not_share_the_arrays_it_was_made_from() -> None:
    rows, scores = np.array([[1, 2]], dtype=np.int32), np.zeros((1, 2), dtype=np.float32)
    top = TopK(rows, scores)
    rows[0, 0] = 9
    scores[0, 0] = 9.0
    assert (top.rows[0, 0], top.scores[0, 0]) == (1, 0.0)


def test_an_answer_cannot_be_changed() -> None:
    top = TopK(rows=[[1]], scores=[[2.0]])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="read-only"):
        top.rows[0, 0] = 3
    with pytest.raises(AttributeError):
        top.rows = np.zeros((1, 1), dtype=np.int32)  # type: ignore[misc]


def test_frozen_arrays_are_not_copied_again() -> None:
    top = TopK(rows=[[1]], scores=[[2.0]])  # type: ignore[arg-type]
    assert TopK(top.rows, top.scores).rows is top.rows


def test_an_empty_batch_is_an_answer_too() -> None:
    top = TopK(rows=np.empty((0, 5), np.int32), scores=np.empty((0, 5), np.float32))
    assert top.n_found.shape == (0,)
