from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ConfigError
from recsys.core.progress import silent
from recsys.models.base import Queries, TrainingSet
from recsys.models.blend.validation import ValidationConfig
from recsys.models.blend.weights import learn
from recsys.models.hybrid import block_scales, block_scores
from recsys.models.presets.choose import recipe_for
from recsys.models.spec import BlockSpec
from recsys.models.tuning.panels import (
    Panel,
    cut_panels,
    mean_and_error,
    measure_blend,
    panel_examples,
    parse_metric,
    standard_scores,
)

EDGES = (1, 5, 20)


def panels_of(training: TrainingSet, **validation: object) -> list[Panel]:
    config = ValidationConfig.from_dict({"min_users": 10, **validation})
    return cut_panels(training, config, bucket_edges=EDGES, held_share=0.3, seed=0)


def test_held_out_people_are_about_their_share(tastes: TrainingSet) -> None:
    (panel,) = panels_of(tastes)
    assert 0.15 < panel.held.mean() < 0.45


def test_time_cuts_give_a_panel_each(training: TrainingSet) -> None:
    later, earlier = panels_of(training, window_days=15.0, n_cuts=2, enough_users=1)
    assert later.training.now > earlier.training.now


def test_what_is_to_be_found_was_not_seen(tastes: TrainingSet) -> None:
    (panel,) = panels_of(tastes)
    assert panel.seen.multiply(panel.relevant).nnz == 0
    assert np.diff(panel.relevant.indptr).min() >= 1


def test_standard_scores_are_those_of_the_hybrid(tastes: TrainingSet) -> None:
    (panel,) = panels_of(tastes)
    block = BlockSpec(kind="ease").build()
    block.fit(panel.training, progress=silent)
    scale = block_scales([block], panel.queries)[0]
    expected = block_scores(block, panel.queries) * scale
    np.testing.assert_allclose(standard_scores(block, panel), expected, rtol=1e-4, atol=1e-6)


def test_a_silent_block_has_scores_of_0(tastes: TrainingSet) -> None:
    (panel,) = panels_of(tastes)
    block = BlockSpec(kind="content").build()
    block.fit(panel.training, progress=silent)
    assert not standard_scores(block, panel).any()


def made_panel() -> Panel:
    """Two people, four items; the first has seen item 0 and takes 2, the second takes 1 and 3."""
    seen = sp.csr_matrix(np.array([[1, 0, 0, 0], [0, 0, 0, 0]], np.float32))
    relevant = sp.csr_matrix(np.array([[0, 0, 1, 0], [0, 1, 0, 1]], np.float32))
    return Panel(
        training=None,  # type: ignore[arg-type]  # not looked at
        queries=Queries(seen, np.zeros(1, np.float32), sp.csr_matrix((2, 0))),
        seen=seen,
        relevant=relevant,
        buckets=np.array([1, 0], np.int32),
        held=np.array([False, False]),
    )


def test_a_list_leaves_out_what_was_seen_and_counts_what_was_taken() -> None:
    scores = np.tile(np.array([4, 3, 2, 1], np.float32), (2, 1))
    found = measure_blend(made_panel(), [scores], np.ones((2, 1)), metric="recall@2")
    assert found.tolist() == [1.0, 0.5]  # lists 1, 2 and 0, 1


def test_each_person_has_the_weights_of_their_bucket() -> None:
    up = np.tile(np.array([1, 2, 3, 4], np.float32), (2, 1))
    weights = np.array([[1.0, 0.0], [0.0, 1.0]])
    found = measure_blend(made_panel(), [up, -up], weights, metric="recall@1")
    assert found.tolist() == [0.0, 0.5]  # the first is in bucket 1: -up; the second in 0: up


def test_a_list_longer_than_the_catalog_is_fine() -> None:
    scores = np.ones((2, 4), np.float32)
    assert measure_blend(made_panel(), [scores], np.ones((2, 1)), metric="recall@9").all()


def test_weights_are_learnt_without_the_people_held_out(tastes: TrainingSet) -> None:
    (panel,) = panels_of(tastes)
    rng = np.random.default_rng(0)
    good = panel.relevant.toarray() + 0.1 * rng.random(panel.relevant.shape)
    bad = rng.random(panel.relevant.shape)
    good_for_held = np.where(panel.held[:, None], bad, good).astype(np.float32)
    bad_for_held = np.where(panel.held[:, None], good, bad).astype(np.float32)
    specs = [BlockSpec(kind="ease", name="a"), BlockSpec(kind="ease", name="b")]
    scores = {"a": [good_for_held], "b": [bad_for_held]}
    recipe = recipe_for(tastes, specs, bucket_edges=EDGES)
    weights = learn(panel_examples([panel], scores, specs), recipe).weights
    mean = weights[panel.buckets].mean(axis=0)
    assert mean[0] > 3 * mean[1]


@pytest.mark.parametrize("metric", ["ndcg", "ndcg@0", "auc@10", "ndcg@20 ", ""])
def test_a_metric_must_be_one(metric: str) -> None:
    with pytest.raises(ConfigError, match="such as ndcg@20"):
        parse_metric(metric)


def test_nobody_has_a_mean_of_0() -> None:
    assert mean_and_error(np.zeros(0)) == (0.0, 0.0)
