from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ConfigError
from recsys.core.progress import silent
from recsys.data import PositiveEvents
from recsys.models import BlockSpec, HybridConfig, TrainingSet, fit_hybrid
from recsys.models.blend.examples import Examples
from recsys.models.blend.recipe import Recipe
from recsys.models.blend.validation import ValidationConfig
from recsys.models.blend.weights import Learnt, learn
from recsys.models.notes import BLOCKS_AS_CONFIGURED, TIMES_AS_CONFIGURED
from recsys.models.tuning import search as machinery
from recsys.models.tuning.log import TuningLog
from recsys.models.tuning.tune import Tuned, TuningConfig, fingerprint, tune_hybrid

EVER = BlockSpec(kind="popularity", settings={"half_life_days": None})
# far too short for three groups of people, and far too damped
POOR = BlockSpec(
    kind="spectral", settings={"n_factors": 2, "ridge": 0.5, "item_exponent": 1.0, "seed": 0}
)
CONFIG = HybridConfig(blocks=(EVER, POOR), validation=ValidationConfig(min_users=10))


def tuned(training: TrainingSet, config: HybridConfig = CONFIG, **settings: Any) -> Tuned:
    given = {"minutes": None, "n_trials": 8, **settings}
    return tune_hybrid(
        training,
        config,
        preset="fast",
        tuning=TuningConfig(**{name: given.pop(name) for name in [*given] if name != "log"}),
        log=given.get("log"),
    )


@pytest.fixture(scope="module")
def found(tastes: TrainingSet) -> Tuned:
    """A search of eight trials from poor settings."""
    return tuned(tastes)


def outcomes(log: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [{name: one[name] for name in one if name != "seconds"} for one in lines]


def test_poor_settings_are_replaced_by_better_ones(found: Tuned) -> None:
    assert found.is_better
    searched, held = found.measured["searched"], found.measured["held_out"]
    assert searched["gain"] > searched["standard_error"]
    assert held["gain"] > 0
    assert found.config.blocks is not None
    assert found.config.blocks[1].settings["n_factors"] != 2
    assert found.n_trials == 8
    assert found.stopped == "trials"


def test_what_was_found_is_fitted_like_any_configuration(found: Tuned, tastes: TrainingSet) -> None:
    model = fit_hybrid(tastes, found.config, preset="fast", progress=silent)
    assert found.config.blocks is not None
    assert all(spec in found.config.blocks for spec in model.specs)


def test_the_same_seed_and_trials_find_the_same(found: Tuned, tastes: TrainingSet) -> None:
    again = tuned(tastes)
    assert again.config == found.config
    assert again.measured == found.measured


def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been(
    found: Tuned, tastes: TrainingSet, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    tuned(tastes, log=TuningLog(whole))
    lines = whole.read_bytes().splitlines(keepends=True)
    cut.write_bytes(b"".join(lines[:6]) + lines[6][:30])
    resumed = tuned(tastes, log=TuningLog(cut, resume=True))
    assert resumed.config == found.config
    assert resumed.measured == found.measured
    assert outcomes(cut) == outcomes(whole)


def test_finished_trials_are_not_repeated(
    tastes: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    first = tuned(tastes, log=TuningLog(path))

    def never(*_: object) -> None:
        raise AssertionError("nothing is left to try")

    monkeypatch.setattr(machinery.Search, "_try", never)
    again = tuned(tastes, log=TuningLog(path, resume=True))
    assert (again.config, again.n_trials) == (first.config, first.n_trials)


def test_the_log_of_other_data_is_refused(
    tastes: TrainingSet, checkerboard: TrainingSet, tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    tuned(tastes, n_trials=1, log=TuningLog(path))
    with pytest.raises(ConfigError, match="differs in data"):
        tuned(checkerboard, n_trials=1, log=TuningLog(path, resume=True))


def test_on_the_cut_the_result_is_never_below_where_it_began(tastes: TrainingSet) -> None:
    for seed in range(3):
        config = CONFIG.replace(seed=seed)
        searched = tuned(tastes, config, n_trials=4).measured["searched"]
        assert searched["found"] >= searched["as_given"]


def test_a_gain_by_chance_is_not_taken(new_training: Callable[..., TrainingSet]) -> None:
    rng = np.random.default_rng(0)
    noise = new_training(sp.csr_matrix((rng.random((120, 60)) < 0.15).astype(np.float32)))
    config = CONFIG.replace(blocks=(EVER, BlockSpec(kind="ease")))
    found = tuned(noise, config, n_trials=6)
    searched, held = found.measured["searched"], found.measured["held_out"]
    sure = searched["gain"] > searched["standard_error"] and held["gain"] > 0
    assert found.is_better == sure
    assert found.is_better or found.config == config
    assert found.is_better or "settings as given" in found.why


def test_time_that_is_over_before_the_first_trial_leaves_the_settings(
    tastes: TrainingSet,
) -> None:
    found = tuned(tastes, minutes=1e-9, n_trials=None)
    assert found.config == CONFIG
    assert found.stopped == "time"
    assert "before they were measured" in found.why


def test_the_search_ends_with_its_time(tastes: TrainingSet) -> None:
    ticks = iter(range(10_000))
    found = tune_hybrid(
        tastes,
        CONFIG,
        preset="fast",
        tuning=TuningConfig(minutes=2.0),
        clock=lambda: float(next(ticks)),
    )
    assert found.stopped == "time"
    assert found.n_trials > 0


def test_the_keyboard_ends_it_with_what_was_found(
    tastes: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = machinery.Search._try

    def interrupted(search: machinery.Search, *given: Any) -> Any:
        if search.budget.n_done == 6:
            raise KeyboardInterrupt
        return usual(search, *given)

    monkeypatch.setattr(machinery.Search, "_try", interrupted)
    found = tuned(tastes, n_trials=50)
    assert found.stopped == "keyboard"
    assert found.n_trials == 5
    assert found.measured["searched"]["found"] >= found.measured["searched"]["as_given"]


def test_too_few_people_leave_the_settings_and_say_so(
    new_training: Callable[..., TrainingSet],
) -> None:
    few = new_training(sp.csr_matrix(np.ones((5, 9), np.float32)))
    found = tuned(few)
    assert found.config == CONFIG
    assert found.stopped == "too few people"
    assert "too few" in found.why
    assert found.n_trials == 0


def test_settings_that_cannot_be_fitted_are_a_failed_trial(
    tastes: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> None:
        raise ConfigError("it must fit in memory; it does not.")

    monkeypatch.setattr(machinery.Search, "_compare", too_large)
    path = tmp_path / "log.jsonl"
    found = tuned(tastes, n_trials=2, log=TuningLog(path))
    assert [one["outcome"] for one in outcomes(path)[2:]] == ["failed", "failed"]
    assert found.config == CONFIG


def test_where_the_data_chooses_the_blocks_those_are_searched(tastes: TrainingSet) -> None:
    found = tuned(tastes, CONFIG.replace(blocks=None), n_trials=3)
    assert found.n_trials == 3


def test_weights_that_are_given_stay(tastes: TrainingSet) -> None:
    weights = {"popularity": (0.1,), "spectral": (1.0,)}
    found = tuned(tastes, CONFIG.replace(weights=weights), n_trials=5)
    assert found.config.weights == weights


def test_times_are_searched_on_more_than_one_cut(training: TrainingSet) -> None:
    config = HybridConfig(
        blocks=(BlockSpec(kind="popularity"),), validation=ValidationConfig(min_users=5)
    )
    found = tuned(training, config, n_trials=2)
    assert found.measured["n_parts"] >= 2


def test_a_search_without_a_limit_is_refused(tastes: TrainingSet) -> None:
    with pytest.raises(ConfigError, match="minutes or n_trials must be given"):
        tuned(tastes, n_trials=None)


def test_a_metric_that_is_none_is_refused(tastes: TrainingSet) -> None:
    with pytest.raises(ConfigError, match="such as ndcg@20"):
        tuned(tastes, metric="accuracy")


def test_the_fingerprint_is_of_the_data(
    tastes: TrainingSet, checkerboard: TrainingSet, training: TrainingSet
) -> None:
    assert fingerprint(tastes) == fingerprint(tastes)
    assert len({fingerprint(one) for one in (tastes, checkerboard, training)}) == 3


def one_visit(tastes: TrainingSet) -> TrainingSet:
    """The same takings, each person's all in one hour of their own."""
    hours = tastes.events.user_rows.astype(np.int64) * np.timedelta64(90_000_000_000, "us")
    times = np.datetime64("2024-01-01", "us") + hours
    order = np.argsort(times, kind="stable")
    events = tastes.events
    timed = PositiveEvents(
        events.user_rows[order], events.item_rows[order], events.weights[order], times[order]
    )
    return replace(tastes, events=timed, now=times.max())


def test_what_is_found_without_useless_times_is_fitted_without_them(tastes: TrainingSet) -> None:
    training = one_visit(tastes)
    config = CONFIG.replace(blocks=None)
    first = fit_hybrid(training, config, preset="fast", progress=silent).notes[0]
    assert (first.topic, first.value) == ("times", "ignored")
    found = tuned(training, config, n_trials=12)
    assert found.measured["n_parts"] == 1
    assert found.config.use_times is (False if found.is_better else None)


def test_times_that_are_not_to_be_used_are_not(tastes: TrainingSet) -> None:
    config = CONFIG.replace(use_times=False)
    found = fit_hybrid(one_visit(tastes), config, preset="fast", progress=silent)
    assert found.notes[:2] == (TIMES_AS_CONFIGURED, BLOCKS_AS_CONFIGURED)
    assert found.validation["n_parts"] == 1


@pytest.mark.parametrize("kind", ["timed", "dense", "sparse"])
def test_fit_and_tune_learn_the_same_weights_from_the_same_examples(
    kind: str,
    training: TrainingSet,
    tastes: TrainingSet,
    new_training: Callable[..., TrainingSet],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(3)
    few = sp.csr_matrix(rng.random((400, 600)) < 0.012, dtype=np.float32)
    data = {"timed": training, "dense": tastes, "sparse": new_training(few)}[kind]
    given: dict[str, list[tuple[Examples, Recipe]]] = {"fit": [], "tune": []}
    for caller, module in (("fit", "recsys.models.fit"), ("tune", "recsys.models.tuning.bench")):

        def learnt(examples: Examples, recipe: Recipe, to: str = caller) -> Learnt:
            given[to].append((examples, recipe))
            return learn(examples, recipe)

        monkeypatch.setattr(f"{module}.learn", learnt)
    config = HybridConfig(validation=ValidationConfig(min_users=10))
    fit_hybrid(data, config, preset="balanced", progress=silent)
    tune_hybrid(data, config, preset="balanced", tuning=TuningConfig(minutes=None, n_trials=1))
    (examples, in_fit), (_, in_tune) = given["fit"][0], given["tune"][0]
    assert in_fit.blocks == in_tune.blocks
    assert (in_fit.prior_blends is None) == (kind == "timed")
    one, other = learn(examples, in_fit), learn(examples, in_tune)
    np.testing.assert_array_equal(one.weights, other.weights)
    assert one.measured == other.measured
