from __future__ import annotations

import numpy as np
import pytest

from recsys.core.errors import DataError
from recsys.core.progress import silent
from recsys.models.base import TrainingSet
from recsys.models.blend.validation import ValidationConfig
from recsys.models.fit import HybridConfig
from recsys.models.spec import BlockSpec
from recsys.models.tuning.bench import Bench, Standing
from recsys.models.tuning.panels import cut_panels

EASE = BlockSpec(kind="ease", settings={"regularization": 10.0})
EVER = BlockSpec(kind="popularity", settings={"half_life_days": None})


def bench_of(training: TrainingSet, **config: object) -> Bench:
    settings = HybridConfig.from_dict(config)
    panels = cut_panels(
        training,
        ValidationConfig(min_users=10, n_cuts=2),
        bucket_edges=settings.bucket_edges,
        held_share=0.3,
        seed=0,
    )
    return Bench(panels, training, settings, metric="ndcg@10", progress=silent)


def standing(bench: Bench, *specs: BlockSpec) -> Standing:
    return bench.standing(specs, {spec.label: bench.fit_all(spec) for spec in specs})


def test_a_better_block_gains(tastes: TrainingSet) -> None:
    bench = bench_of(tastes)
    gain, error = bench.gain(standing(bench, EASE), standing(bench, EVER))
    assert gain > 3 * error > 0


def test_the_gain_is_the_difference_of_the_means(tastes: TrainingSet) -> None:
    bench = bench_of(tastes)
    one, other = standing(bench, EASE), standing(bench, EVER)
    for held in (False, True):
        gain, _ = bench.gain(one, other, held=held)
        assert gain == pytest.approx(bench.mean(one, held=held) - bench.mean(other, held=held))


def test_people_are_searched_on_or_held_out(tastes: TrainingSet) -> None:
    bench = bench_of(tastes)
    n_people = sum(panel.queries.n_queries for panel in bench.panels)
    assert bench.n_people(held=False) + bench.n_people(held=True) == n_people


def test_a_blend_is_as_good_as_its_best_block_where_it_was_learnt(tastes: TrainingSet) -> None:
    bench = bench_of(tastes)
    both = bench.mean(standing(bench, EASE, EVER))
    assert both >= bench.mean(standing(bench, EASE)) - 0.02


def test_given_weights_are_not_learnt(tastes: TrainingSet) -> None:
    bench = bench_of(tastes, weights={"popularity": (1.0,), "ease": (0.0,)})
    found = standing(bench, EASE, EVER)
    assert found.weights.tolist() == [[0.0, 1.0]] * 4
    assert bench.mean(found) == pytest.approx(bench.mean(standing(bench_of(tastes), EVER)))


def test_shares_are_the_weights_people_have(tastes: TrainingSet) -> None:
    bench = bench_of(tastes, weights={"popularity": (2, 2, 2, 3), "ease": (1.0,)})
    ease, ever = bench.shares(standing(bench, EASE, EVER))
    assert ease == 1
    assert 2 <= ever <= 3


def test_scores_that_are_no_numbers_are_refused(
    tastes: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        return np.full((3, 3), np.nan, np.float32)

    monkeypatch.setattr("recsys.models.tuning.bench.standard_scores", broken)
    with pytest.raises(DataError, match="scores of ease must be numbers"):
        bench_of(tastes).fit(EASE, 0)
