"""What a block will take is told before it is tried, and about right."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ConfigError
from recsys.core.progress import silent
from recsys.models.base import TrainingSet
from recsys.models.blocks.data_size import DataSize
from recsys.models.fit import HybridConfig, fit_hybrid
from recsys.models.presets.footprint import blocks_that_fit, check_blocks, footprint
from recsys.models.spec import BLOCKS, BlockSpec

SETTINGS: dict[str, dict[str, object]] = {
    "als": {"n_epochs": 1},
    "bpr": {"n_epochs": 1},
    "lightfm": {"n_epochs": 1},
    "feature_als": {"n_epochs": 1},
    "item_knn": {"n_neighbors": 100},
    "cooccurrence": {"n_neighbors": 100},
    "sparse_ease": {"n_neighbors": 50},
}


@pytest.fixture
def crowd(new_training: Callable[..., TrainingSet]) -> TrainingSet:
    """3,000 people and 2,000 items with 300 tags, at random."""
    rng = np.random.default_rng(3)
    taken = sp.random(3000, 2000, density=0.01, random_state=rng, format="csr")
    tags = sp.random(2000, 300, density=0.02, random_state=rng, format="csr")
    taken.data[:], tags.data[:] = 1, 1
    now = np.datetime64("2024-03-01T00:00:00", "us")
    days = rng.integers(0, 90, taken.nnz).astype("timedelta64[D]")
    return new_training(taken, features=tags.astype(np.float32), times=now - days)


@pytest.mark.parametrize("kind", sorted(BLOCKS))
def test_the_estimate_is_above_what_a_fit_takes_and_not_far(
    kind: str, crowd: TrainingSet, training: TrainingSet
) -> None:
    if kind == "lightfm":
        pytest.importorskip("lightfm")
    spec = BlockSpec(kind=kind, settings=SETTINGS.get(kind, {}))
    spec.build().fit(training, progress=silent)  # imports and compiles
    told = footprint(spec, DataSize.of(crowd))
    block = spec.build()
    tracemalloc.start()
    block.fit(crowd, progress=silent)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = sum(array.nbytes for array in block.to_arrays().values())
    assert peak <= 1.1 * told.peak
    assert told.peak <= 10 * peak  # how many tiles are in work at once is luck
    assert kept <= 1.1 * told.kept
    assert told.kept <= 3 * kept


def test_what_does_not_fit_is_refused_by_name_with_both_numbers(training: TrainingSet) -> None:
    specs = (BlockSpec(kind="popularity"), BlockSpec(kind="ease", name="wide"))
    with pytest.raises(
        ConfigError,
        match=r"block 'wide' must fit in memory; it needs .* kB and .* kB are available "
        r"\(memory_limit_mb\)\. Use sparse_ease",
    ):
        check_blocks(specs, DataSize.of(training), limit_mb=0.2)
    check_blocks(specs, DataSize.of(training), limit_mb=10)


def test_blocks_count_beside_those_that_stay(training: TrainingSet) -> None:
    size = DataSize.of(training)
    spec = BlockSpec(kind="ease")
    one = footprint(spec, size)
    again = (spec, BlockSpec(kind="ease", name="again"))
    with pytest.raises(ConfigError, match="'again' must fit"):
        check_blocks(again, size, limit_mb=(one.peak + one.kept / 2) / 1e6)
    check_blocks(again, size, limit_mb=(one.peak + one.kept) / 1e6)


def test_blocks_the_data_chose_are_left_out_with_a_note(training: TrainingSet) -> None:
    specs = (BlockSpec(kind="popularity"), BlockSpec(kind="ease"), BlockSpec(kind="item_knn"))
    kept, notes = blocks_that_fit(specs, DataSize.of(training), limit_mb=0.2)
    assert "ease" not in {spec.label for spec in kept}
    assert any(note.startswith("ease: left out, it needs") for note in notes)
    everything, none = blocks_that_fit(specs, DataSize.of(training), limit_mb=100)
    assert everything == specs
    assert none == []


def test_a_chosen_hybrid_is_made_of_what_fits(training: TrainingSet) -> None:
    config = HybridConfig(memory_limit_mb=0.2)
    fitted = fit_hybrid(training, config, preset="best", progress=silent)
    assert any(note.value.startswith("left out, it needs") for note in fitted.notes)
    assert "ease" not in {spec.label for spec in fitted.specs}


def test_a_configured_block_beyond_the_limit_is_refused_before_anything_is_fitted(
    training: TrainingSet,
) -> None:
    config = HybridConfig(blocks=(BlockSpec(kind="ease"),), memory_limit_mb=0.01)
    told: list[str] = []
    with pytest.raises(ConfigError, match="block 'ease' must fit in memory"):
        fit_hybrid(training, config, preset="fast", progress=lambda *report: told.append(report[0]))
    assert told == []


def test_not_even_popularity_is_an_error(training: TrainingSet) -> None:
    config = HybridConfig(memory_limit_mb=0.0001)
    message = r"'popularity_1d_forecast' must fit .*Raise memory_limit_mb"
    with pytest.raises(ConfigError, match=message):
        fit_hybrid(training, config, preset="fast", progress=silent)


def test_without_a_limit_the_machine_is_asked(
    training: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.models.presets.footprint.available_bytes", lambda: 10)
    with pytest.raises(ConfigError, match=r"10 bytes are available\. "):
        check_blocks((BlockSpec(kind="content"),), DataSize.of(training))
