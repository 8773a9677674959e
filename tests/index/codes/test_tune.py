"""The dimensions of a code and its candidates are measured."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.core.arrays import FloatMatrix
from recsys.index import CodeIndex, ExactIndex
from recsys.index.codes.code import ItemCodes
from recsys.index.codes.tune import Sample, enough_candidates, tuned_index
from recsys.index.recall import recall_of
from recsys.testing.contracts import grouped_vectors


@pytest.fixture
def always_linking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small sets are cheaper to scan: here they are linked whenever that is asked for."""
    monkeypatch.setattr("recsys.index.codes.tune._ends_early", lambda *_: False)


def built(vectors: FloatMatrix, *, target: float, with_graph: bool = False) -> CodeIndex | None:
    exact = ExactIndex.build(vectors)
    width = vectors.shape[1]
    sample = Sample.of(exact, grouped(60, width, seed=3), k=10, exclude=None)
    return tuned_index(
        exact,
        grouped(300, width, seed=2),
        sample,
        target=target,
        with_graph=with_graph,
        m=8,
        ef_construction=40,
        seed=0,
    )


def grouped(n: int, width: int, *, seed: int) -> FloatMatrix:
    some = grouped_vectors(n, seed=seed)
    basis = np.random.default_rng(0).normal(size=(some.shape[1], width))
    return np.ascontiguousarray(some @ basis, dtype=np.float32)


@pytest.mark.usefixtures("always_linking")
@pytest.mark.parametrize("with_graph", [False, True])
def test_the_index_reaches_its_target_on_other_queries(with_graph: bool) -> None:
    vectors = grouped(4000, 40, seed=1)
    index = built(vectors, target=0.95, with_graph=with_graph)
    assert index is not None
    assert index.has_links is with_graph
    others = Sample.of(index.exact, grouped(100, 40, seed=9), k=10, exclude=None)
    assert others.recall(index.search(others.queries, k=10)) >= 0.93
    assert index.measured["recall"] >= 0.95
    assert index.measured["n_candidates"] == index.n_candidates


def test_a_stricter_target_keeps_no_fewer_candidates() -> None:
    vectors = grouped(3000, 40, seed=1)
    loose, strict = built(vectors, target=0.6), built(vectors, target=0.999)
    assert loose is not None
    assert strict is not None
    assert (strict.code.n_dims, strict.n_candidates) >= (loose.code.n_dims, loose.n_candidates)


def test_vectors_without_any_pattern_have_no_code() -> None:
    noise = np.random.default_rng(0).normal(size=(20_000, 600)).astype(np.float32)
    exact = ExactIndex.build(noise)
    people = np.random.default_rng(1).normal(size=(450, 600)).astype(np.float32)
    sample = Sample.of(exact, people[400:], k=10, exclude=None)
    settings = {"target": 0.99, "with_graph": False, "m": 8, "ef_construction": 40, "seed": 0}
    assert tuned_index(exact, people[:400], sample, **settings) is None  # type: ignore[arg-type]


@pytest.mark.usefixtures("always_linking")
def test_candidates_grow_until_they_are_enough() -> None:
    index = built(grouped(4000, 40, seed=1), target=0.9, with_graph=True)
    assert index is not None
    sample = Sample.of(index.exact, grouped(60, 40, seed=5), k=10, exclude=None)
    more = enough_candidates(index, sample, target=0.99)
    assert more is not None
    assert more.n_candidates >= index.n_candidates
    assert enough_candidates(index, sample, target=1.1) is None


@pytest.mark.usefixtures("always_linking")
def test_the_same_input_gives_the_same_index() -> None:
    vectors = grouped(1500, 30, seed=1)
    one, two = (built(vectors, target=0.95, with_graph=True) for _ in range(2))
    assert one is not None
    assert two is not None
    assert (one.code.items == two.code.items).all()
    assert one.graph is not None
    assert two.graph is not None
    assert (one.graph.links == two.graph.links).all()
    assert one.n_candidates == two.n_candidates


@pytest.mark.usefixtures("always_linking")
def test_where_no_graph_search_finds_enough_codes_are_scanned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recsys.index.codes.tune.enough_candidates", lambda *_, **__: None)
    index = built(grouped(3000, 40, seed=1), target=0.9, with_graph=True)
    assert index is not None
    assert not index.has_links
    assert index.measured["recall"] >= 0.9
    assert 0 < index.measured["n_scanned"] <= 3000


def test_where_a_few_are_long_nothing_is_linked_and_hardly_anything_scanned() -> None:
    vectors = grouped(6000, 40, seed=1)
    vectors[100:] *= 0.01
    index = built(vectors, target=0.95, with_graph=True)
    assert index is not None
    assert not index.has_links
    assert 20 <= index.measured["n_scanned"] <= 150
    people = grouped(100, 40, seed=9)
    others = Sample.of(index.exact, people, k=10, exclude=None)
    assert others.recall(index.search(others.queries, k=10)) >= 0.93


def test_where_all_are_alike_in_length_they_are_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs_are_cheap = "recsys.index.codes.tune.graph_ns"  # as if there were many items
    monkeypatch.setattr(graphs_are_cheap, lambda n, _: 20.0 * n)
    vectors = grouped(6000, 40, seed=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = built(vectors, target=0.9, with_graph=True)
    assert index is not None
    assert index.has_links


@pytest.mark.usefixtures("always_linking")
@pytest.mark.parametrize("with_graph", [False, True])
@pytest.mark.parametrize("share", [0.5, 0.1, 0.03, 0.01])
def test_the_target_is_reached_under_filters_too(share: float, with_graph: bool) -> None:
    index = built(grouped(4000, 40, seed=1), target=0.95, with_graph=with_graph)
    assert index is not None
    allowed = np.random.default_rng(7).random(4000) < share
    queries = grouped(100, 40, seed=9)
    best = index.exact.search(queries, k=10, allowed=allowed)
    assert recall_of(index.search(queries, k=10, allowed=allowed), best) >= 0.93


def test_widening_keeps_more_candidates_where_a_filter_hides_more() -> None:
    exact = ExactIndex.build(grouped(4000, 40, seed=1))
    code = ItemCodes.fit(exact.vectors, grouped(300, 40, seed=2), n_dims=2)  # it tells little
    wide = CodeIndex(exact, code, n_candidates=20)
    allowed = np.random.default_rng(7).random(4000) < 0.1
    queries = grouped(60, 40, seed=5)
    best = exact.search(queries, k=10, allowed=allowed)
    recalls = [
        recall_of(index.search(queries, k=10, allowed=allowed), best)
        for index in (replace(wide, filter_widening=0.0), wide)
    ]
    assert recalls[0] + 0.05 < recalls[1]


@pytest.mark.usefixtures("always_linking")
def test_a_filter_below_the_least_share_is_never_searched_in_the_graph(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index = built(grouped(4000, 40, seed=1), target=0.9, with_graph=True)
    assert index is not None
    assert index.graph is not None
    # cheap graph searches, in a graph whose links lead to the smallest norms and nowhere else
    monkeypatch.setattr("recsys.index.codes.index.scan_ns", lambda *_, **__: 1e6)
    monkeypatch.setattr("recsys.index.codes.index.graph_ns", lambda *_: 0.0)
    n_links = index.graph.links.shape[1]
    into = (np.arange(n_links) + n_links * np.arange(4000)[:, None]) % 300
    lost = replace(index.graph, links=np.ascontiguousarray(into, dtype=np.int32))
    allowed = np.random.default_rng(7).random(4000) < 0.3
    queries = grouped(60, 40, seed=5)
    best = index.exact.search(queries, k=10, allowed=allowed)
    recalls = [
        recall_of(one.search(queries, k=10, allowed=allowed), best)
        for one in (
            replace(index, graph=lost, min_share_for_graph=0.2),
            replace(index, graph=lost, min_share_for_graph=0.4),
        )
    ]
    assert recalls[0] < 0.8
    assert recalls[1] >= 0.9
