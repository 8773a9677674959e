"""Each peer learns what is there to learn, from what every peer is given."""

import time
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks.quality import peers_irspack, peers_rectools
from benchmarks.quality.peers import Peer, all_peers
from benchmarks.quality.peers_popularity import DECAYED, by_sql
from benchmarks.quality.problem import Judge, Problem
from benchmarks.quality.row import _narrow
from benchmarks.quality.search import search
from tests.benchmarks.worlds import two_tastes

PEERS = all_peers()
TASTE = ["implicit ALS", "implicit BPR", "irspack iALS", "irspack RP3beta", "irspack EASE",
         "LightFM WARP"]  # fmt: skip


def installed(name: str) -> Peer:
    if not PEERS[name].version:
        pytest.skip(f"{PEERS[name].package} is not installed")
    return PEERS[name]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TASTE)
def test_a_peer_tells_two_tastes_apart(name: str) -> None:
    peer, problem = installed(name), two_tastes()
    scores = peer.fit(problem, _narrow(dict(peer.grid(problem)[0])))(np.arange(40, dtype=np.int32))
    assert scores.shape == (40, 20)
    assert np.isfinite(scores).all()
    right = (np.arange(40)[:, None] - np.arange(20)) % 2 == 0
    mine = np.where(right, scores, 0).sum(axis=1)
    others = np.where(right, 0, scores).sum(axis=1)
    assert (mine > others).mean() > 0.95


@pytest.mark.filterwarnings("ignore")
def test_lightfm_knows_a_cold_item_by_its_tag() -> None:
    peer, problem = installed("LightFM WARP"), two_tastes()
    train = problem.train.tolil()
    train[:, 0] = 0
    problem = replace(problem, train=train.tocsr())
    scores = peer.fit(problem, _narrow(dict(peer.grid(problem)[0])))(np.arange(40, dtype=np.int32))
    assert scores[::2, 0].mean() > scores[1::2, 0].mean()


@pytest.mark.parametrize("name", list(PEERS))
def test_a_grid_has_no_settings_twice(name: str) -> None:
    grid = list(PEERS[name].grid(two_tastes()))
    assert all(grid.count(one) == 1 for one in grid)


def test_popularity_is_one_line_of_sql() -> None:
    peer, problem = installed("popularity"), two_tastes()
    found = peer.fit(problem, {})(np.arange(2, dtype=np.int32))
    counts = np.bincount(problem.event_items, minlength=20)
    assert found.tolist() == [counts.tolist()] * 2


def test_decayed_popularity_halves_an_event_per_half_life() -> None:
    installed("decayed popularity")
    times = np.array(["2024-01-01", "2024-01-08", "2024-01-15"], "datetime64[us]")
    problem = replace(two_tastes(), event_items=np.array([4, 5, 5], np.int32), event_times=times)
    line = by_sql(problem, DECAYED.format(half_life=7))(np.zeros(1, np.int32))[0]
    assert line[[4, 5]].tolist() == [0.25, 1.5]


def test_a_peer_that_cannot_run_says_why() -> None:
    problem = two_tastes()
    untimed = replace(problem, event_times=np.full(len(problem.event_items), "NaT", "M8[us]"))
    assert PEERS["decayed popularity"].skip(untimed) == "the events have no time"
    assert PEERS["decayed popularity"].skip(problem) == ""


def test_ease_and_item_features_are_refused_where_they_would_fill_the_memory() -> None:
    class Wide:
        n_items = 40_981
        tags = two_tastes().train[:, [0] * 20_000]

    assert peers_irspack.too_many_items(Wide()).startswith(  # type: ignore[arg-type]
        "a dense matrix of 40981 items: 6.7 GB"
    )
    assert "20000 tags" in peers_irspack.too_many_tags(Wide())  # type: ignore[arg-type]


def test_without_its_environment_rectools_is_skipped_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv(peers_rectools.VENV_VARIABLE, str(tmp_path))
    assert peers_rectools.VENV_VARIABLE in PEERS["RecTools ALS"].skip(two_tastes())


def fake(values: dict[int, float], cost: float = 0.0) -> Peer:
    """A peer whose settings ``n`` rank the right items the higher ``values[n]``."""

    def fit(problem: Problem, params: dict[str, int]) -> object:
        started = time.process_time()
        while time.process_time() - started < cost:
            pass
        right = (np.arange(40)[:, None] - np.arange(20)) % 2 == 0
        noise = np.random.default_rng(0).random(right.shape)
        table = (values[params["n"]] * right + noise).astype(np.float32)
        return lambda rows: table[rows]

    grid = [{"n": n} for n in values]
    return Peer("fake", "numpy", lambda problem: grid, fit)  # type: ignore[arg-type]


def test_a_search_takes_the_best_and_the_earlier_of_equals() -> None:
    problem, judge = judged()
    found = search(
        fake({1: 0.0, 2: 5.0, 3: 5.0, 4: -5.0}), problem, judge, metric="recall@5", seconds=30.0
    )
    assert found["params"] == {"n": 2}
    assert (found["n_tried"], found["n_grid"]) == (4, 4)


def test_a_search_begins_nothing_after_its_seconds() -> None:
    problem, judge = judged()
    search(fake({1: 1.0}), problem, judge, metric="recall@5", seconds=30.0)  # compiled, once
    slow = fake({1: 1.0, 2: 2.0, 3: 3.0}, cost=0.6)
    found = search(slow, problem, judge, metric="recall@5", seconds=1.0)
    assert found["n_tried"] == 2


def judged() -> tuple[Problem, Judge]:
    problem = two_tastes()
    rest = ((np.arange(40)[:, None] - np.arange(20)) % 2 == 0) & (problem.train.toarray() == 0)
    relevant = sp.csr_matrix(rest.astype(np.float32))
    people = np.flatnonzero(rest.any(axis=1)).astype(np.int32)
    return problem, Judge(
        people, problem.train[people], relevant[people], rest.sum(axis=1)[people], (5,)
    )
