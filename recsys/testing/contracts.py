"""Contract tests of vector indexes: subclass and give it a ``build``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings

from recsys.core.arrays import FloatMatrix, freeze
from recsys.core.errors import ConfigError, DataError
from recsys.core.topk import TopK
from recsys.index import Request, VectorIndex, checked_request, load_index, score_rows
from recsys.testing.oracles import naive_scores, naive_top_k
from recsys.testing.strategies import Search, searches

# one property is run by several subclasses: that is the point of a contract
quick = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)


class VectorIndexContract:
    """The properties of :class:`recsys.index.VectorIndex`, with the naive search as oracle.

    Examples
    --------
    A test module of an implementation::

        class TestMyIndex(VectorIndexContract):
            min_recall = 0.95
            is_exact = False

            def build(self, vectors):
                return MyIndex.build(vectors)
    """

    min_recall = 1.0
    """Share of the exact best that must be found, on average over many queries."""
    is_exact = True
    """Whether every single answer must be the exact one."""

    def build(self, vectors: FloatMatrix) -> VectorIndex:
        """Return the index under test over ``vectors``."""
        raise NotImplementedError

    @quick
    @given(case=searches())
    def test_a_list_holds_exactly_k_allowed_items_or_all_there_are(self, case: Search) -> None:
        """No excluded, forbidden or repeated item, and no gap before the padding."""
        found = self._ask(case)
        assert found.rows.shape == (len(case.queries), case.k)
        for line, available in zip(found.rows.tolist(), case.available(), strict=True):
            real = [row for row in line if row >= 0]
            assert len(real) == len(set(real)) == min(case.k, len(available))
            assert set(real) <= available
            assert line == real + [-1] * (case.k - len(real))

    @quick
    @given(case=searches())
    def test_scores_are_the_inner_products_best_first(self, case: Search) -> None:
        """Right, never rising, -inf exactly at the padding, equal ones in the order of rows."""
        found = self._ask(case)
        products = np.asarray(naive_scores(case.queries.tolist(), case.vectors.tolist()))
        expected = np.take_along_axis(products, np.maximum(found.rows, 0).astype(np.int64), axis=1)
        real = found.rows >= 0
        scale = np.abs(case.queries).sum(axis=1).max() * np.abs(case.vectors).max()
        np.testing.assert_allclose(found.scores[real], expected[real], atol=1e-5 * scale + 1e-30)
        assert (found.scores[~real] == -np.inf).all()
        later, earlier = found.scores[:, 1:], found.scores[:, :-1]
        assert (later <= earlier).all()
        tied = (later == earlier) & real[:, 1:]
        assert (found.rows[:, 1:] > found.rows[:, :-1])[tied].all()

    @quick
    @given(case=searches())
    def test_the_exact_answer_is_the_naive_one(self, case: Search) -> None:
        """To the row where scores are exact, else to the score of each place."""
        if not self.is_exact:
            return
        found = self._ask(case)
        products = naive_scores(case.queries.tolist(), case.vectors.tolist())
        allowed = None if case.allowed is None else set(np.flatnonzero(case.allowed).tolist())
        naive = naive_top_k(products, case.k, exclude=case.excluded(), allowed=allowed)
        if case.is_whole:
            assert found.rows.tolist() == naive
        scores = score_rows(case.queries, case.vectors, np.asarray(naive, dtype=np.int32))
        np.testing.assert_allclose(found.scores, scores, rtol=1e-4, atol=1e-4)

    @quick
    @given(case=searches())
    def test_a_batch_equals_one_by_one(self, case: Search) -> None:
        """To the last bit: what else is asked at the same time changes nothing."""
        index, together = self.build(case.vectors), self._ask(case)
        for q in range(len(case.queries)):
            alone = index.search(
                case.queries[q : q + 1],
                k=case.k,
                exclude=None if case.exclude is None else case.exclude[q : q + 1],
                allowed=case.allowed,
            )
            assert alone.rows[0].tolist() == together.rows[q].tolist()
            assert alone.scores[0].tolist() == together.scores[q].tolist()

    @quick
    @given(case=searches())
    def test_permuted_queries_give_permuted_answers(self, case: Search) -> None:
        """The order of the queries has no meaning."""
        index, together = self.build(case.vectors), self._ask(case)
        back = index.search(
            case.queries[::-1],
            k=case.k,
            exclude=None if case.exclude is None else case.exclude[::-1],
            allowed=case.allowed,
        )
        assert back.rows[::-1].tolist() == together.rows.tolist()

    @quick
    @given(case=searches())
    def test_more_k_extends_an_exact_list(self, case: Search) -> None:
        """The first places do not depend on how many are asked for."""
        if not self.is_exact:
            return
        longer = self.build(case.vectors).search(case.queries, k=case.k + 2, **case.limits)
        assert longer.rows[:, : case.k].tolist() == self._ask(case).rows.tolist()

    def test_it_says_whether_it_is_exact(self) -> None:
        """Callers skip what only approximate answers need."""
        assert self.build(np.eye(2, dtype=np.float32)).is_exact is self.is_exact

    @quick
    @given(case=searches())
    def test_candidates_are_available_and_no_fewer_than_asked(self, case: Search) -> None:
        """Allowed, not excluded, each once per query; of an exact index they hold the best."""
        index = self.build(case.vectors)
        found = index.candidates(self._request(case), case.k)
        best = index.search(case.queries, k=case.k, **case.limits)
        for q, available in enumerate(case.available()):
            real = [row for row in found[q].tolist() if row >= 0]
            assert len(real) == len(set(real)) >= min(case.k, len(available))
            assert set(real) <= available
            if self.is_exact:
                assert set(best.rows[q].tolist()) <= {*real, -1}

    @quick
    @given(case=searches())
    def test_extra_scores_count_for_candidates(self, case: Search) -> None:
        """An available item that extra scores put first is a candidate, and no item twice."""
        index, request = self.build(case.vectors), self._request(case)
        extra = np.zeros((len(case.queries), index.n_items), np.float32)
        wanted = [max(available, default=-1) for available in case.available()]
        scale = max(float(np.abs(case.vectors).sum() * np.abs(case.queries).max(initial=1)), 1.0)
        for q, row in enumerate(wanted):
            if row >= 0:
                extra[q, row] = 4 * scale
        found = index.candidates(request, case.k, extra=extra)
        for line, row, available in zip(found.tolist(), wanted, case.available(), strict=True):
            real = [one for one in line if one >= 0]
            assert row == -1 or row in real
            assert len(real) == len(set(real)) >= min(case.k, len(available))
            assert set(real) <= available

    @pytest.mark.parametrize("share", [1.0, 0.5, 0.05])
    def test_enough_of_the_best_is_found_under_any_filter(self, share: float) -> None:
        """On taste groups with long and short vectors, the nearest of each query excluded."""
        vectors, queries = grouped_vectors(3000, seed=1), grouped_vectors(60, seed=2)
        allowed = np.random.default_rng(0).random(len(vectors)) < share
        scores = np.where(allowed, queries @ vectors.T, -np.inf)
        nearest = np.argsort(-scores, axis=1)
        hidden, best = nearest[:, :20], nearest[:, 20:30]
        indptr = np.arange(0, hidden.size + 1, 20)
        exclude = sp.csr_matrix(
            (np.ones(hidden.size), hidden.ravel(), indptr), shape=(len(queries), len(vectors))
        )
        mask = None if share == 1 else allowed
        found = self.build(vectors).search(queries, k=10, exclude=exclude, allowed=mask)
        assert (found.rows >= 0).all()
        hits = (found.rows[:, :, None] == best[:, None, :]).any(axis=2)
        assert hits.mean() >= self.min_recall

    def test_a_saved_index_answers_the_same(self, tmp_path: Path) -> None:
        """After a round trip over the disk, and after one over that."""
        vectors, queries = grouped_vectors(500, seed=3), grouped_vectors(9, seed=4)
        index = self.build(vectors)
        index.save(tmp_path / "one")
        load_index(tmp_path / "one").save(tmp_path / "two")
        for folder in ("one", "two"):
            again = load_index(tmp_path / folder)
            assert type(again) is type(index)
            assert_same(again.search(queries, k=10), index.search(queries, k=10))

    def test_read_only_arguments_are_accepted_and_left_alone(self) -> None:
        """Snapshots are read-only throughout."""
        vectors, queries = freeze(grouped_vectors(50, seed=5)), freeze(grouped_vectors(4, seed=6))
        exclude = sp.csr_matrix(np.eye(4, 50, dtype=np.float32))
        for part in (exclude.data, exclude.indices, exclude.indptr):
            freeze(part)
        allowed = freeze(np.arange(50) % 2 == 0)
        found = self.build(vectors).search(queries, k=5, exclude=exclude, allowed=allowed)
        assert (found.rows % 2 == 0).all()

    def test_the_callers_array_is_not_the_index(self) -> None:
        """Writing into what was given changes no later answer."""
        vectors, queries = grouped_vectors(40, seed=7), grouped_vectors(3, seed=8)
        index = self.build(vectors)
        before = index.search(queries, k=5)
        vectors[:] = 0
        assert_same(index.search(queries, k=5), before)

    def test_unsorted_and_repeated_exclusions_count(self) -> None:
        """A csr matrix straight from someone's loop will do."""
        vectors = np.eye(4, dtype=np.float32)
        exclude = sp.csr_matrix(
            (np.zeros(3), np.array([3, 0, 3]), np.array([0, 3])), shape=(1, 4), dtype=np.float32
        )
        found = self.build(vectors).search(np.ones((1, 4), np.float32), k=4, exclude=exclude)
        assert found.rows.tolist() == [[1, 2, -1, -1]]

    def test_one_item_no_query_and_nothing_allowed_are_fine(self) -> None:
        """The edges of every size."""
        one = self.build(np.ones((1, 3), dtype=np.float32))
        queries = np.ones((2, 3), dtype=np.float32)
        assert one.search(queries, k=3).rows.tolist() == [[0, -1, -1]] * 2
        assert one.search(queries[:0], k=3).rows.shape == (0, 3)
        nothing = one.search(queries, k=2, allowed=np.zeros(1, dtype=np.bool_))
        assert nothing.rows.tolist() == [[-1, -1]] * 2

    def test_an_index_of_nothing_answers_nothing(self) -> None:
        """A community's first day."""
        index = self.build(np.zeros((0, 3), dtype=np.float32))
        assert (index.n_items, index.n_factors) == (0, 3)
        assert index.search(np.ones((1, 3), dtype=np.float32), k=2).rows.tolist() == [[-1, -1]]

    def test_equal_vectors_stand_in_the_order_of_their_rows(self) -> None:
        """Also zero queries, of people nothing is known of."""
        index = self.build(np.ones((30, 5), dtype=np.float32))
        queries = np.array([[1] * 5, [0] * 5], dtype=np.float32)
        found = index.search(queries, k=30)
        assert found.rows.tolist() == [list(range(30))] * 2

    def test_concurrent_callers_get_what_they_would_get_alone(self) -> None:
        """Readers never lock, and never disturb each other."""
        vectors, queries = grouped_vectors(2000, seed=9), grouped_vectors(80, seed=10)
        index = self.build(vectors)
        expected = index.search(queries, k=10, n_threads=1)
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(index.search, queries, k=10, n_threads=2) for _ in range(8)]
            for done in waiting:
                assert_same(done.result(), expected)

    @pytest.mark.parametrize("shape", [(2,), (2, 4), (1, 2, 3)])
    def test_queries_of_another_shape_are_refused(self, shape: tuple[int, ...]) -> None:
        """The message says which shape was wanted."""
        with pytest.raises(DataError, match="queries must have shape"):
            self.build(np.eye(3, dtype=np.float32)).search(np.ones(shape, np.float32), k=1)

    def test_a_wrong_request_is_refused_in_one_line(self) -> None:
        """Every argument is checked before anything is searched."""
        index, queries = self.build(np.eye(3, dtype=np.float32)), np.ones((1, 3), np.float32)
        with pytest.raises(DataError, match="k must be > 0; got 0"):
            index.search(queries, k=0)
        with pytest.raises(DataError, match="queries must be finite; 3"):
            index.search(queries * np.float32(np.nan), k=1)
        with pytest.raises(DataError, match="exclude must have shape"):
            index.search(queries, k=1, exclude=sp.csr_matrix((2, 3)))
        with pytest.raises(DataError, match="allowed must be bool"):
            index.search(queries, k=1, allowed=np.array([0, 1, 2]))
        with pytest.raises(ConfigError, match="n_threads must be > 0"):
            index.search(queries, k=1, n_threads=0)

    @pytest.mark.parametrize("wrong", [np.ones(3), np.ones((3, 0)), np.full((2, 2), np.inf)])
    def test_vectors_that_are_no_vectors_are_refused(self, wrong: FloatMatrix) -> None:
        """Flat, empty or not finite."""
        with pytest.raises(DataError, match="vectors must"):
            self.build(wrong)

    def test_it_is_a_vector_index(self) -> None:
        """It offers every member of the protocol."""
        assert isinstance(self.build(np.eye(2, dtype=np.float32)), VectorIndex)

    def _request(self, case: Search) -> Request:
        limits = {"exclude": None, "allowed": None, **case.limits}
        return checked_request(case.queries, case.k, shape=case.vectors.shape, **limits)

    def _ask(self, case: Search) -> TopK:
        return self.build(case.vectors).search(case.queries, k=case.k, **case.limits)


def grouped_vectors(n_rows: int, *, seed: int, n_factors: int = 16) -> FloatMatrix:
    """Return (n_rows, n_factors) float32 in taste groups, log-normal in length.

    Parameters
    ----------
    n_rows, n_factors : int
        The shape.
    seed : int
        Another one for people than for items; the groups are the same.
    """
    groups = np.random.default_rng(0).normal(size=(20, n_factors))
    rng = np.random.default_rng(seed)
    tastes = groups[rng.integers(20, size=n_rows)] + 0.7 * rng.normal(size=(n_rows, n_factors))
    vectors: FloatMatrix = (tastes * rng.lognormal(0, 0.5, (n_rows, 1))).astype(np.float32)
    return vectors


def assert_same(a: TopK, b: TopK) -> None:
    """Assert that two answers are the same to the last bit."""
    assert a.rows.tolist() == b.rows.tolist()
    assert a.scores.tolist() == b.scores.tolist()
