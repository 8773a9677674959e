"""Candidates by int8 codes: the contract of every index, and what is particular."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ArtifactError
from recsys.index import CodeIndex, ExactIndex, checked_request, load_index
from recsys.index.codes.code import ItemCodes
from recsys.index.codes.graph import CodeGraph
from recsys.index.saved import read_index_manifest
from recsys.testing import VectorIndexContract
from recsys.testing.contracts import assert_same, grouped_vectors, quick
from recsys.testing.strategies import Search, searches


def built(vectors: FloatMatrix, *, linked: bool, n_dims: int = 8) -> CodeIndex:
    exact = ExactIndex.build(vectors)
    if not len(vectors):
        return CodeIndex(
            exact, ItemCodes.fit(exact.vectors, np.ones_like(vectors, shape=(1, 3)), n_dims=2)
        )
    code = ItemCodes.fit(exact.vectors, exact.vectors, n_dims=n_dims)
    if linked:
        code, graph = CodeGraph.build(code, m=16, ef_construction=40, seed=0)
    else:
        code, graph = CodeGraph.in_order(code)
    return CodeIndex(exact, code, graph, 64)


class TestScannedCodes(VectorIndexContract):
    min_recall = 0.95
    is_exact = False

    def build(self, vectors: FloatMatrix) -> CodeIndex:
        return built(vectors, linked=False, n_dims=16)


@pytest.fixture(scope="class")
def scans_are_dear() -> Iterator[None]:
    """Small sets are cheaper to scan: here the graph has to answer whatever it can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys.index.codes.index.scan_ns", lambda *_, **__: 1e12)
        yield


@pytest.mark.usefixtures("scans_are_dear")
class TestSearchedGraphOfCodes(VectorIndexContract):
    min_recall = 0.95
    is_exact = False

    def build(self, vectors: FloatMatrix) -> CodeIndex:
        return built(vectors, linked=True, n_dims=16)


@quick
@given(case=searches())
def test_few_candidates_still_give_every_allowed_item_of_a_short_list(case: Search) -> None:
    index = built(case.vectors, linked=len(case.vectors) > 0).with_n_candidates(1)
    found = index.search(case.queries, k=case.k, **case.limits)
    for line, available in zip(found.rows.tolist(), case.available(), strict=True):
        real = [row for row in line if row >= 0]
        assert len(real) == len(set(real)) == min(case.k, len(available))
        assert set(real) <= available


def test_concurrent_callers_get_what_one_would() -> None:
    index = built(grouped_vectors(2000, seed=1), linked=True, n_dims=16)
    queries = grouped_vectors(200, seed=2)
    alone = index.search(queries, k=10, n_threads=1)

    def ask(at: int) -> list[int]:
        rows: list[int] = index.search(queries[at : at + 1], k=10).rows[0].tolist()
        return rows

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(200))) == alone.rows.tolist()
    assert_same(index.search(queries, k=10, n_threads=2), alone)


def test_rows_that_the_caller_knows_are_not_looked_for_again() -> None:
    index = built(grouped_vectors(500, seed=1), linked=False)
    allowed = np.arange(500) % 7 == 0
    queries = grouped_vectors(3, seed=2)
    asked = index.search(queries, k=5, allowed=allowed)
    request = checked_request(
        queries, 5, shape=(500, index.n_factors), exclude=None, allowed=allowed
    )
    known = replace(request, allowed_rows=np.flatnonzero(allowed).astype(np.int32))
    assert_same(index.answer(known), asked)


def test_a_damaged_graph_gives_a_poor_list_and_reads_nothing_outside(tmp_path: Path) -> None:
    index = built(grouped_vectors(400, seed=1), linked=True)
    index.save(tmp_path / "index")
    links = np.load(tmp_path / "index" / "links.npy")
    links[:] = np.iinfo(np.int32).max
    np.save(tmp_path / "index" / "links.npy", links)
    found = load_index(tmp_path / "index").search(grouped_vectors(5, seed=2), k=10)
    assert (found.rows >= 0).all()
    assert (found.rows < 400).all()


@quick
@given(case=searches(), linked=st.booleans())
def test_beside_other_scores_the_best_by_both_are_found(case: Search, linked: bool) -> None:
    n_items = len(case.vectors)
    index = replace(built(case.vectors, linked=linked and n_items > 0), n_with_extra=1)
    limits = {"exclude": None, "allowed": None, **case.limits}
    shape = (n_items, index.n_factors)
    request = checked_request(case.queries, case.k, shape=shape, **limits)
    extra = np.random.default_rng(0).normal(size=(len(case.queries), n_items)).astype(np.float32)
    extra *= 1e6  # beside which the codes hardly count
    found = index.candidates(request, 4 * case.k, extra=extra)
    for line, own, available in zip(found.tolist(), extra, case.available(), strict=True):
        real = [row for row in line if row >= 0]
        assert len(real) == len(set(real)) == min(4 * case.k, len(available))
        assert set(real) <= available
        best = sorted(available, key=lambda row: -own[row])[: len(real)]
        assert len(set(best) & set(real)) >= len(real) - 1


def test_without_other_scores_the_best_codes_are_candidates() -> None:
    index = replace(built(grouped_vectors(500, seed=1), linked=True, n_dims=16), n_with_extra=50)
    assert index.graph is not None
    queries = grouped_vectors(40, seed=2)
    request = checked_request(queries, 5, shape=(500, 16), exclude=None, allowed=None)
    found = index.candidates(request, 20, extra=np.zeros((40, 500), np.float32))
    alone = replace(index, graph=None, code=index.code.taken(index.graph.places))
    same = found == alone.best_codes(request, 50)
    assert same.mean() > 0.99  # equal scores in floats need not be equal in whole numbers


def test_nobody_gets_no_candidates() -> None:
    index = replace(built(grouped_vectors(100, seed=1), linked=False), n_with_extra=70)
    request = checked_request(
        np.zeros((0, 16), np.float32), 5, shape=(100, 16), exclude=None, allowed=None
    )
    assert index.candidates(request, 20, extra=np.zeros((0, 100), np.float32)).shape == (0, 70)


def test_how_candidates_are_named_survives_saving(tmp_path: Path) -> None:
    index = replace(built(grouped_vectors(100, seed=1), linked=False), n_with_extra=70)
    index.save(tmp_path / "index")
    loaded = load_index(tmp_path / "index")
    assert isinstance(loaded, CodeIndex)
    assert loaded.n_with_extra == 70


def test_an_index_without_links_survives_saving(tmp_path: Path) -> None:
    index = built(grouped_vectors(500, seed=1), linked=False)
    index.save(tmp_path / "index")
    loaded = load_index(tmp_path / "index")
    assert isinstance(loaded, CodeIndex)
    assert loaded.graph is not None
    assert not loaded.has_links
    queries = grouped_vectors(20, seed=2)
    for allowed in (None, np.arange(500) % 4 == 0, np.arange(500) % 100 == 0):
        assert_same(
            loaded.search(queries, k=10, allowed=allowed),
            index.search(queries, k=10, allowed=allowed),
        )


@pytest.mark.parametrize("step", [2, 20, 100])
def test_codes_in_no_order_give_the_same_lists(step: int) -> None:
    index = built(grouped_vectors(900, seed=1), linked=False)
    assert index.graph is not None
    in_rows = replace(index, code=index.code.taken(index.graph.places), graph=None)
    queries = grouped_vectors(30, seed=2)
    for allowed in (None, np.arange(900) % step == 0):
        assert_same(
            in_rows.search(queries, k=10, allowed=allowed),
            index.search(queries, k=10, allowed=allowed),
        )


def test_an_index_saved_by_rows_is_still_read(tmp_path: Path) -> None:
    index = built(grouped_vectors(500, seed=1), linked=True)
    assert index.graph is not None
    links, entry_points, rows, places = index.graph.arrays
    by_row = np.where(links < 0, -1, rows[np.maximum(links, 0)])[places].astype(np.int32)
    old = replace(index, code=index.code.taken(places), graph=CodeGraph(by_row, rows[entry_points]))
    old.save(tmp_path / "index")
    for name in ("rows", "places"):
        (tmp_path / "index" / f"{name}.npy").unlink()
    path = tmp_path / "index" / "index.json"
    former = {"format": 1, "kind": "narrow", "effort": old.n_candidates}
    path.write_text(json.dumps(read_index_manifest(tmp_path / "index") | former))
    loaded = load_index(tmp_path / "index")
    queries = grouped_vectors(20, seed=2)
    best = index.exact.search(queries, k=10)
    for allowed in (None, np.arange(500) % 4 == 0):
        assert_same(
            loaded.search(queries, k=10, allowed=allowed),
            old.search(queries, k=10, allowed=allowed),
        )
    assert (loaded.search(queries, k=10).rows == best.rows).mean() > 0.9


def test_an_index_in_an_order_of_its_own_says_so_to_older_libraries(tmp_path: Path) -> None:
    index = built(grouped_vectors(200, seed=1), linked=True)
    index.save(tmp_path / "index")
    assert read_index_manifest(tmp_path / "index")["format"] == 2
    queries = grouped_vectors(9, seed=2)
    assert_same(load_index(tmp_path / "index").search(queries, k=5), index.search(queries, k=5))


@pytest.mark.usefixtures("scans_are_dear")
def test_a_graph_search_that_finds_nothing_allowed_ends_in_a_scan() -> None:
    vectors = grouped_vectors(3000, seed=1)
    index = built(vectors, linked=True, n_dims=16)
    query = grouped_vectors(1, seed=2)
    allowed = np.zeros(3000, dtype=np.bool_)
    allowed[index.exact.search(query, k=3000).rows[0, -40:]] = True  # the worst of all
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys.index.codes.index.jump_ns", lambda _: 1e12)
        found = index.search(query, k=10, allowed=allowed)
    assert_same(found, index.exact.search(query, k=10, allowed=allowed))


@pytest.mark.parametrize("name", ["codes", "links", "query_map", "hubs", "rows", "places"])
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, name: str) -> None:
    index = built(grouped_vectors(100, seed=1), linked=True)
    index.save(tmp_path / "index")
    path = tmp_path / "index" / f"{name}.npy"
    np.save(path, np.load(path).astype(np.float64))
    with pytest.raises(ArtifactError):
        load_index(tmp_path / "index")


def test_a_missing_array_is_refused(tmp_path: Path) -> None:
    built(grouped_vectors(100, seed=1), linked=False).save(tmp_path / "index")
    (tmp_path / "index" / "codes.npy").unlink()
    with pytest.raises(ArtifactError, match="codes"):
        load_index(tmp_path / "index")


def test_a_list_of_most_items_is_exact() -> None:
    vectors, queries = grouped_vectors(100, seed=1), grouped_vectors(4, seed=2)
    index = built(vectors, linked=False, n_dims=1)
    assert_same(index.search(queries, k=60), index.exact.search(queries, k=60))


def test_excluded_items_take_no_ones_place() -> None:
    index = built(grouped_vectors(3000, seed=1), linked=True, n_dims=16)
    queries = grouped_vectors(20, seed=2)
    best = index.exact.search(queries, k=300)
    nearest = sp.csr_matrix(
        (np.ones(20 * 200), np.sort(best.rows[:, :200]).ravel(), np.arange(0, 4001, 200)),
        shape=(20, 3000),
    )
    found = index.search(queries, k=10, exclude=nearest)
    hits = (found.rows[:, :, None] == best.rows[:, None, 200:210]).any(axis=2)
    assert hits.mean() >= 0.95
