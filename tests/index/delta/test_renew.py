"""Renewing an index after changes."""

from dataclasses import replace

import numpy as np

from recsys.core.arrays import FloatMatrix
from recsys.index import (
    CodeIndex,
    DeltaIndex,
    ExactIndex,
    FaissConfig,
    FaissIndex,
    renewed_index,
)
from recsys.index.codes.code import ItemCodes
from recsys.index.codes.graph import CodeGraph
from recsys.testing.contracts import assert_same, grouped_vectors
from tests.index.delta.test_index import split


def test_how_candidates_are_named_survives_a_new_build() -> None:
    vectors = grouped_vectors(300, seed=1)

    def narrow(some: FloatMatrix) -> CodeIndex:
        exact = ExactIndex.build(some)
        code, order = CodeGraph.in_order(ItemCodes.fit(exact.vectors, exact.vectors, n_dims=16))
        return CodeIndex(exact, code, order)

    main = replace(narrow(vectors), n_with_extra=40)
    rows = np.arange(60, dtype=np.int32)
    renewed = renewed_index(
        DeltaIndex.build(main, rows, vectors[rows]), vectors * 2, rebuild=narrow
    )
    assert isinstance(renewed, CodeIndex)
    assert renewed.n_with_extra == 40
    assert (renewed.vectors == vectors * 2).all()


def rebuilt(vectors: FloatMatrix) -> ExactIndex:
    return ExactIndex.build(vectors * 0 + 5)


def test_an_exact_index_is_renewed_by_its_vectors() -> None:
    vectors, queries = grouped_vectors(60, seed=1), grouped_vectors(5, seed=2)
    renewed = renewed_index(split(vectors), vectors, rebuild=rebuilt)
    assert isinstance(renewed, ExactIndex)
    assert_same(renewed.search(queries, k=7), split(vectors).search(queries, k=7))


def test_a_graph_stays_while_few_vectors_changed() -> None:
    vectors, queries = grouped_vectors(2000, seed=1), grouped_vectors(20, seed=2)
    graph = FaissIndex.build(vectors, FaissConfig(m=16, ef_search=200))
    rows = np.array([5, 2000], np.int32)
    changed = np.vstack([vectors, grouped_vectors(1, seed=3)])
    changed[5] = 2 * changed[7]
    beside = DeltaIndex.build(graph, rows, changed[rows])
    renewed = renewed_index(beside, changed * np.float32(0.5), rebuild=rebuilt)
    assert isinstance(renewed, DeltaIndex)
    assert isinstance(renewed.main, FaissIndex)
    assert renewed.main.graph is graph.graph
    found, best = (one.search(queries, k=10) for one in (renewed, ExactIndex.build(changed)))
    assert np.mean([np.isin(a, b).mean() for a, b in zip(found.rows, best.rows, strict=True)]) > 0.9
    many = DeltaIndex.build(graph, np.arange(200, dtype=np.int32), vectors[:200])
    assert renewed_index(many, vectors, rebuild=rebuilt).vectors[0, 0] == 5
    assert not beside.is_exact
    assert split(vectors).is_exact
