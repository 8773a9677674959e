"""A model and its process after a fork: workers of gunicorn --preload, celery, multiprocessing."""

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recsys
from recsys.core.threads import fork_safe_lock, one_blas_thread
from recsys.datasets import synthetic_world
from recsys.index.hnsw.links import faiss_module, faiss_threads

pytestmark = [
    pytest.mark.skipif(
        "fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system"
    ),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

SECONDS = 60
"""Until a child is taken to hang."""

EVENTS, CATALOG, PEOPLE = synthetic_world(n_users=60, n_items=80)
USER, ITEM = EVENTS.users.id(0), EVENTS.items.id(0)


def in_fork(call: Callable[[], Any]) -> Any:
    """Return what ``call`` gives in a forked child; fails if it gives nothing in time."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(call()))
    child.start()
    try:
        assert receiver.poll(SECONDS), "the child hangs"
        return receiver.recv()
    finally:
        child.kill()
        child.join()


def fit(**settings: Any) -> recsys.Recommender:
    config = recsys.RecommenderConfig(**settings)
    return recsys.Recommender.fit(EVENTS, CATALOG, users=PEOPLE, config=config)


@pytest.fixture(scope="module")
def model() -> recsys.Recommender:
    model = fit(model="als")
    model.recommend([USER], k=3)
    return model


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "als"},
        {"model": "bpr"},
        {"model": "ease"},
        {"model": "content"},
        {"model": "popularity"},
        {"preset": "fast"},
        {"preset": "balanced"},
    ],
    ids=lambda settings: "-".join(settings.values()),
)
def test_a_fit_ends_in_a_child_of_a_process_that_fitted(settings: dict[str, Any]) -> None:
    version = fit(**settings).version
    assert in_fork(lambda: fit(**settings).version) == version


def test_a_fit_ends_in_a_child_of_a_child(model: recsys.Recommender) -> None:
    assert in_fork(lambda: in_fork(lambda: fit(model="als").version)) == model.version


ANSWERS: dict[str, Callable[[recsys.Recommender], Any]] = {
    "recommend": lambda model: model.recommend([USER], k=5).item_ids.tolist(),
    "recommend many": lambda model: model.recommend(EVENTS.users.ids(), k=5).item_ids.tolist(),
    "explain": lambda model: model.recommend([USER], k=5, explain=True).item_ids.tolist(),
    "similar_items": lambda model: model.similar_items([ITEM], k=5).item_ids.tolist(),
    "score": lambda model: model.score([USER], [ITEM]).tolist(),
    "observe": lambda model: model.observe(EVENTS).recommend([USER], k=5).item_ids.tolist(),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_child_answers_as_its_parent(
    answer: Callable[[recsys.Recommender], Any], model: recsys.Recommender
) -> None:
    assert in_fork(lambda: answer(model)) == answer(model)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_child_loads_and_answers_as_its_parent(
    answer: Callable[[recsys.Recommender], Any], model: recsys.Recommender, tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    assert in_fork(lambda: answer(recsys.load(tmp_path / "model"))) == answer(model)


def test_faiss_with_several_threads_ends_in_a_child() -> None:
    faiss = faiss_module()
    vectors = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)

    def search() -> list[list[int]]:
        graph = faiss.IndexHNSWFlat(8, 8)
        with faiss_threads(3):
            graph.add(vectors[:1])
            rows: list[list[int]] = graph.search(vectors, 1)[1].tolist()
        return rows

    assert in_fork(search) == search()
    assert in_fork(search) == search()


def test_a_lock_that_another_thread_held_is_free_in_a_child() -> None:
    lock = fork_safe_lock()
    with lock:
        assert in_fork(lambda: lock.acquire(timeout=5))
    assert lock.acquire(blocking=False)


def test_blas_is_held_in_a_child_of_a_process_that_holds_it() -> None:
    def inside() -> int:
        with one_blas_thread():
            return threading.active_count()

    with one_blas_thread():
        assert in_fork(inside) >= 1
