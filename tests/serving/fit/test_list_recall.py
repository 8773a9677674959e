"""What lists find is measured with every block, and little is not accepted."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np

from recsys.index import ExactIndex, IndexConfig, NarrowIndex
from recsys.models import HybridModel
from recsys.serving.fit.list_recall import BESIDE, judged, list_recall
from tests.serving.answer.test_lists import model

PEOPLE = np.arange(20, dtype=np.int32)


def test_lists_of_codes_and_kernels_are_judged_while_fitting() -> None:
    fitted = model("narrow", "balanced")
    assert 0.9 <= fitted.snapshot.measured["index"]["list_recall"] <= 1
    assert "by all blocks are found" in str(fitted.notes[-1])


def test_a_list_of_all_items_has_everything() -> None:
    assert list_recall(model("narrow", "balanced").snapshot, PEOPLE, k=400) == 1.0


def test_nothing_is_judged_where_all_is_exact() -> None:
    for kind, preset in (("exact", "balanced"), ("narrow", "fast")):
        snapshot = model(kind, preset).snapshot
        assert judged(snapshot, PEOPLE) is snapshot


def test_where_vectors_alone_name_too_few_kernels_name_candidates_too() -> None:
    snapshot = model("narrow", "balanced").snapshot
    auto = snapshot.config.replace(index=IndexConfig(kind="auto", recall_target=0.9))
    with patch("recsys.serving.fit.list_recall.list_recall", side_effect=[0.5, 0.8, 0.95]):
        found = judged(replace(snapshot, config=auto), PEOPLE)
    assert isinstance(found.index, NarrowIndex)
    assert found.index.n_with_extra == BESIDE[1]
    assert found.measured["index"]["list_recall"] == 0.95
    assert str(found.notes[-1]).endswith("are found, 0.950 where kernels name candidates too")


def test_what_only_a_kernel_likes_is_found_beside_codes() -> None:
    snapshot = model("narrow", "balanced").snapshot
    kernel = [spec.kind for spec in snapshot.specs].index("cooccurrence")
    weights = np.array(snapshot.model.weights)
    weights[:, kernel] *= 20
    likes = HybridModel(
        snapshot.model.blocks,
        weights,
        scales=snapshot.model.scales,
        bucket_edges=snapshot.model.bucket_edges,
    )
    assert isinstance(snapshot.index, NarrowIndex)
    few = replace(snapshot, model=likes, index=replace(snapshot.index, n_candidates=20))
    beside = replace(few, index=replace(snapshot.index, n_with_extra=20))
    with (
        patch("recsys.serving.answer.candidates.OVERFETCH", 2),
    ):
        assert list_recall(few, PEOPLE, k=10) < list_recall(beside, PEOPLE, k=10)
    assert list_recall(beside, PEOPLE, k=10) > 0.97


def test_too_little_makes_it_exact() -> None:
    snapshot = model("narrow", "balanced").snapshot
    auto = snapshot.config.replace(index=IndexConfig(kind="auto", recall_target=0.9))
    assert isinstance(snapshot.index, NarrowIndex)
    with patch("recsys.serving.fit.list_recall.list_recall", return_value=0.5):
        found = judged(replace(snapshot, config=auto), PEOPLE)
    assert isinstance(found.index, ExactIndex)
    assert str(found.notes[-1]).endswith("too few, so the index is exact")
