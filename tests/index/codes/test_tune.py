"""The width of a code and its candidates come from measuring."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.core.arrays import FloatMatrix
from recsys.index import ExactIndex, NarrowIndex
from recsys.index.codes.code import ShortCode
from recsys.index.codes.tune import Sample, enough_effort, enough_spread, narrow_index
from recsys.testing.contracts import grouped_vectors


@pytest.fixture
def always_linking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small sets are cheaper to scan: here they are linked whenever that is asked for."""
    monkeypatch.setattr("recsys.index.codes.tune._is_short", lambda *_: False)


def built(vectors: FloatMatrix, *, target: float, with_graph: bool = False) -> NarrowIndex | None:
    exact = ExactIndex.build(vectors)
    width = vectors.shape[1]
    sample = Sample.of(exact, grouped(60, width, seed=3), k=10, exclude=None)
    return narrow_index(
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
    assert index.measured["candidates"] == index.effort


def test_a_stricter_target_keeps_no_fewer_candidates() -> None:
    vectors = grouped(3000, 40, seed=1)
    loose, strict = built(vectors, target=0.6), built(vectors, target=0.999)
    assert loose is not None
    assert strict is not None
    assert (strict.code.width, strict.effort) >= (loose.code.width, loose.effort)


def test_vectors_without_any_pattern_have_no_short_code() -> None:
    noise = np.random.default_rng(0).normal(size=(20_000, 600)).astype(np.float32)
    exact = ExactIndex.build(noise)
    people = np.random.default_rng(1).normal(size=(450, 600)).astype(np.float32)
    sample = Sample.of(exact, people[400:], k=10, exclude=None)
    settings = {"target": 0.99, "with_graph": False, "m": 8, "ef_construction": 40, "seed": 0}
    assert narrow_index(exact, people[:400], sample, **settings) is None  # type: ignore[arg-type]


@pytest.mark.usefixtures("always_linking")
def test_effort_grows_until_it_is_enough() -> None:
    index = built(grouped(4000, 40, seed=1), target=0.9, with_graph=True)
    assert index is not None
    sample = Sample.of(index.exact, grouped(60, 40, seed=5), k=10, exclude=None)
    more = enough_effort(index, sample, target=0.99)
    assert more is not None
    assert more.effort >= index.effort
    assert enough_effort(index, sample, target=1.1) is None


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
    assert one.effort == two.effort


@pytest.mark.usefixtures("always_linking")
def test_where_no_walk_finds_enough_all_codes_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recsys.index.codes.tune.enough_effort", lambda *_, **__: None)
    index = built(grouped(3000, 40, seed=1), target=0.9, with_graph=True)
    assert index is not None
    assert not index.has_links
    assert index.measured["recall"] >= 0.9
    assert 0 < index.measured["looked_at"] <= 3000


def test_where_a_few_are_long_nothing_is_linked_and_hardly_anything_looked_at() -> None:
    vectors = grouped(6000, 40, seed=1)
    vectors[100:] *= 0.01
    index = built(vectors, target=0.95, with_graph=True)
    assert index is not None
    assert not index.has_links
    assert 20 <= index.measured["looked_at"] <= 150
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


def test_under_filters_as_many_candidates_are_kept_as_reach_the_target_there_too() -> None:
    vectors = grouped(4000, 40, seed=1)
    index = built(vectors, target=0.95)
    assert index is not None
    assert set(index.measured["filtered_recall"]) == {"0.5", "0.1", "0.01", "0.001"}
    assert index.measured["spread"] == index.spread
    for share in (0.3, 0.03):
        allowed = np.random.default_rng(7).random(4000) < share
        others = Sample.of(index.exact, grouped(100, 40, seed=9), k=10, exclude=None)
        some = others.filtered(index.exact, allowed, n=100)
        assert some.recall(index.search(some.queries, k=10, allowed=allowed)) >= 0.93


def test_more_candidates_are_kept_where_a_filter_hides_more() -> None:
    exact = ExactIndex.build(grouped(4000, 40, seed=1))
    code = ShortCode.fit(exact.vectors, grouped(300, 40, seed=2), width=2)  # it tells little
    index = NarrowIndex(exact, code, effort=20)
    sample = Sample.of(exact, grouped(60, 40, seed=5), k=10, exclude=None)
    hard = enough_spread(index, sample, target=0.9, seed=0)
    easy = enough_spread(index, sample, target=0.01, seed=0)
    assert hard.spread > easy.spread
    assert hard.effort == easy.effort == 20


@pytest.mark.usefixtures("always_linking")
def test_where_walks_cannot_find_what_a_filter_leaves_it_is_scanned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # searched in the graph, wherever that may be
    monkeypatch.setattr("recsys.index.codes.index.scan_ns", lambda *_, **__: 1e6)
    monkeypatch.setattr("recsys.index.codes.index.graph_ns", lambda *_: 0.0)
    index = built(grouped(4000, 40, seed=1), target=0.9, with_graph=True)
    assert index is not None
    assert index.graph is not None
    width = index.graph.links.shape[1]
    into = np.arange(width) + width * np.arange(4000)[:, None]
    # everything leads to the shortest codes, and nowhere else
    lost = replace(index.graph, links=np.ascontiguousarray(into % 300, dtype=np.int32))
    sample = Sample.of(index.exact, grouped(60, 40, seed=5), k=10, exclude=None)
    found = enough_spread(
        replace(index, graph=lost, spread=0.25, walk_share=0.0), sample, target=0.9, seed=0
    )
    assert found.walk_share > 0.5
    assert min(found.measured["filtered_recall"].values()) >= 0.9
