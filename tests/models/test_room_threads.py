"""The number of threads changes nothing beyond rounding: one part in ten thousand of the spread."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import FloatMatrix
from recsys.core.progress import silent
from recsys.models.base import Queries, TrainingSet
from recsys.models.blend.validation import ValidationConfig
from recsys.models.blocks.history_weights import known_queries
from recsys.models.fit import HybridConfig, fit_hybrid
from recsys.models.hybrid import block_scores
from recsys.models.spec import BLOCKS, BlockSpec

TOLERANCE = 1e-4
"""Of the difference of two scores, over the standard deviation of the scores."""

SETTINGS: dict[str, dict[str, object]] = {
    "spectral": {"n_factors": 16},
    "feature_als": {"n_factors": 16, "n_epochs": 4},
    "als": {"n_factors": 16, "n_epochs": 4},
    "bpr": {"n_factors": 8, "n_epochs": 3},
    "lightfm": {"n_factors": 8, "n_epochs": 3},
    "content": {"n_factors": 16},
}


@pytest.fixture
def crowd(new_training: Callable[..., TrainingSet]) -> TrainingSet:
    """1,500 people and 1,200 items in tiles enough for several threads, with 90 tags."""
    rng = np.random.default_rng(11)
    groups = rng.integers(0, 6, 1500)[:, None] == rng.integers(0, 6, 1200)[None, :]
    taken = sp.csr_matrix((rng.random((1500, 1200)) < 0.004 + 0.03 * groups).astype(np.float32))
    tags = sp.random(1200, 90, density=0.05, random_state=rng, format="csr", dtype=np.float32)
    now = np.datetime64("2024-03-01T00:00:00", "us")
    days = rng.integers(0, 90, taken.nnz).astype("timedelta64[D]")
    return new_training(taken, features=tags, times=now - days)


@pytest.fixture
def with_threads(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FloatMatrix]:
    """What runs a call with so many threads everywhere: our pool, BLAS, OpenMP and implicit."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    def run(call: Callable[[], FloatMatrix], n_threads: int) -> FloatMatrix:
        monkeypatch.setattr("recsys.core.threads.n_cores", lambda: n_threads)
        monkeypatch.setattr("multiprocessing.cpu_count", lambda: n_threads)  # implicit asks it
        monkeypatch.setattr("os.cpu_count", lambda: n_threads)
        with threadpool_limits(n_threads):
            return call()

    return run


def assert_same_scores(one: FloatMatrix, other: FloatMatrix) -> None:
    spread = max(float(one.std()), 1e-12)
    assert float(np.abs(one - other).max()) <= TOLERANCE * spread


@pytest.mark.parametrize("kind", sorted(BLOCKS))
def test_a_block_learns_the_same_on_one_thread_and_on_three(
    kind: str, crowd: TrainingSet, with_threads: Callable[..., FloatMatrix]
) -> None:
    if kind == "lightfm":
        pytest.importorskip("lightfm")
    queries = known_queries(crowd).chunk(0, 200)

    def scores() -> FloatMatrix:
        block = BlockSpec(kind=kind, settings=SETTINGS.get(kind, {})).build()
        block.fit(crowd, progress=silent)
        return block_scores(block, queries)

    assert_same_scores(with_threads(scores, 1), with_threads(scores, 3))


@pytest.mark.parametrize("preset", ["fast", "balanced", "best"])
def test_a_preset_ranks_the_same_on_one_thread_and_on_three(
    preset: str, training: TrainingSet, strangers: Queries, with_threads: Callable[..., FloatMatrix]
) -> None:
    config = HybridConfig(validation=ValidationConfig(min_users=5, share=0.2))

    def scores() -> FloatMatrix:
        model = fit_hybrid(training, config, preset=preset, progress=silent).model  # type: ignore[arg-type]
        state = model.states(strangers)
        return model.products(model.query_vectors(state)) + model.kernel_scores(strangers, state)

    assert_same_scores(with_threads(scores, 1), with_threads(scores, 3))
