"""Contract tests of blocks: what holds for every block, whatever it learns."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import Csr, FloatMatrix, TimeArray, freeze, freeze_csr
from recsys.core.contribution import total
from recsys.core.errors import DataError, NotFittedError
from recsys.core.progress import silent
from recsys.data import PositiveEvents
from recsys.models import Block, ItemItemBlock, ItemwiseBlock, Queries, TrainingSet, VectorBlock

NOW = np.datetime64("2024-03-01T00:00:00", "us")
"""The moment of the fit."""


class BlockContract:
    """The properties of :class:`recsys.models.Block`, on a small world of three taste groups.

    It has 60 people, 30 items and 6 tags; people of a group take items of their group alone, and
    two tags name the group of each item. Tests that do not apply to a kind of block are skipped.

    Examples
    --------
    A test module of a block::

        class TestMyBlock(BlockContract):
            def build(self):
                return MyBlock(MyConfig(n_factors=6))
    """

    finds_groups = True
    """Whether a history of one group is given items of that group; False where scores are the same
    for everybody."""
    needs_tags_or_times = False
    """Whether it scores nothing by who took what alone."""

    def build(self) -> Block:
        """Return the block under test, not yet fitted."""
        raise NotImplementedError

    def test_the_parts_of_an_explanation_sum_to_the_score(self) -> None:
        """To one part in ten thousand of the largest score."""
        block, strangers = self._fitted(), group_queries()
        rows = np.arange(30, dtype=np.int32)[::-1].copy()
        scores = scores_of(block, strangers)[:, rows]
        for query in range(strangers.n_queries):
            parts = block.explain(strangers.chunk(query, query + 1), rows)
            size = max(float(np.abs(scores[query]).max()), 1e-6)
            assert np.abs(total(parts, 30) - scores[query]).max() <= 1e-4 * size
            assert all(part.block == block.name for part in parts)

    def test_a_batch_equals_one_by_one(self) -> None:
        """A score does not depend on who else is asked about."""
        block, strangers = self._fitted(), group_queries()
        chunks = [strangers.chunk(at, at + 1) for at in range(strangers.n_queries)]
        alone = np.vstack([scores_of(block, one) for one in chunks])
        np.testing.assert_allclose(scores_of(block, strangers), alone, rtol=1e-4, atol=1e-5)

    def test_arrays_taken_by_a_new_block_give_the_same_scores(self) -> None:
        """As after saving and loading, with read-only arrays."""
        block, other, strangers = self._fitted(), self.build(), group_queries()
        arrays = {key: freeze(array.copy()) for key, array in block.to_arrays().items()}
        assert all(array.dtype != object for array in arrays.values())
        other.load_arrays(arrays)
        np.testing.assert_array_equal(scores_of(other, strangers), scores_of(block, strangers))

    def test_the_same_seed_gives_the_same_numbers(self) -> None:
        """Up to rounding."""
        strangers = group_queries()
        first, second = (scores_of(self._fitted(), strangers) for _ in range(2))
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-7)

    def test_a_history_is_given_items_of_its_group(self) -> None:
        """Of people that no training has seen."""
        if not self.finds_groups:
            pytest.skip("the same scores for everybody")
        strangers = group_queries()
        scores = scores_of(self._fitted(), strangers)
        for query, group in ((0, 0), (1, 1)):
            unseen = np.setdiff1d(np.arange(30), strangers.history[query].indices)
            best = unseen[np.argsort(-scores[query, unseen], kind="stable")[:5]]
            assert set(best % 3) == {group}

    def test_a_person_without_history_and_tags_gets_zeros(self) -> None:
        """So that popularity decides."""
        block = self._fitted()
        if not block.is_personal:
            pytest.skip("the same scores for everybody")
        assert not scores_of(block, group_queries())[3].any()

    def test_a_block_that_is_not_fitted_says_so(self) -> None:
        """By an error of its own."""
        with pytest.raises(NotFittedError, match="must be fitted"):
            self.build().to_arrays()

    def test_explaining_two_people_at_once_is_refused(self) -> None:
        """The rows of their histories would mix."""
        block = self._fitted()
        if not block.is_personal:
            pytest.skip("it reads nothing of them")
        with pytest.raises(DataError, match="one query"):
            block.explain(group_queries(), np.array([0], np.int32))

    def test_a_cold_item_lands_in_the_group_of_its_tag(self) -> None:
        """In as many float32 columns as known items have."""
        block, strangers = self._vector(), group_queries()
        tags = sp.csr_matrix(np.repeat(np.eye(3, dtype=np.float32), 2, axis=1))
        cold = block.cold_item_factors(tags)
        assert cold.shape == (3, block.item_factors.shape[1])
        assert cold.dtype == np.float32
        if self.finds_groups:
            scores = block.user_factors(strangers) @ cold.T
            assert scores[:2].argmax(axis=1).tolist() == [0, 1]

    def test_factors_are_float32_and_contiguous(self) -> None:
        """As an index takes them."""
        block = self._vector()
        for factors in (block.item_factors, block.user_factors(group_queries())):
            assert factors.dtype == np.float32
            assert factors.flags.c_contiguous

    def test_candidates_score_as_in_the_whole_row(self) -> None:
        """And 0 at row -1."""
        block, strangers = self._item_item(), group_queries()
        rows = np.array([[3, -1, 29, 0]] * 4, dtype=np.int32)
        whole = np.take_along_axis(block.scores(strangers), rows, axis=1)
        found = block.candidate_scores(strangers, rows)
        np.testing.assert_allclose(found, np.where(rows >= 0, whole, 0), atol=1e-6)

    def test_an_item_item_block_says_how_many_items_it_knows(self) -> None:
        """A hybrid asks it of no other."""
        assert self._item_item().n_known_items == 30

    def test_a_block_taken_apart_and_joined_again_scores_the_same(self) -> None:
        """As compaction does after observing."""
        block, strangers = self._itemwise(), group_queries()
        rows = np.arange(30, dtype=np.int32)
        halves = block.at_items(rows[:11]).joined(block.at_items(rows[11:]))
        np.testing.assert_allclose(
            scores_of(halves, strangers), scores_of(block, strangers), rtol=1e-5, atol=1e-7
        )

    def test_a_block_over_the_items_of_a_history_knows_its_person(self) -> None:
        """User factors need no other item."""
        block, strangers = self._itemwise(), group_queries()
        some = np.unique(strangers.history.indices).astype(np.int32)
        found = block.at_items(some).user_factors(strangers.at_items(some))
        np.testing.assert_allclose(found, block.user_factors(strangers), rtol=1e-5, atol=1e-6)

    def test_a_block_of_new_items_has_their_cold_vectors(self) -> None:
        """And folds in a person who took one of them."""
        block, training = self._itemwise(), group_training()
        tags = training.item_features[:3]
        new = block.of_new_items(tags)
        np.testing.assert_array_equal(new.item_factors, block.cold_item_factors(tags))
        one = history_queries(sp.csr_matrix([[1, 0, 0]]), tags=tags[:1])
        assert np.isfinite(new.user_factors(one)).all()
        assert len(block.with_features(training.item_features).item_factors) == 30

    def test_a_training_set_without_tags_and_times_is_fine(self) -> None:
        """Interactions are enough."""
        if self.needs_tags_or_times:
            pytest.skip("it needs more")
        plain = training_of(group_training().interactions)
        scores = scores_of(self._fitted(plain), history_queries(plain.interactions[:2]))
        assert np.isfinite(scores).all()
        assert scores.any()

    def _fitted(self, training: TrainingSet | None = None) -> Block:
        block = self.build()
        block.fit(group_training() if training is None else training, progress=silent)
        return block

    def _vector(self) -> VectorBlock:
        block = self._fitted()
        return block if isinstance(block, VectorBlock) else pytest.skip("no vector block")

    def _itemwise(self) -> ItemwiseBlock:
        block = self._fitted()
        return block if isinstance(block, ItemwiseBlock) else pytest.skip("no itemwise block")

    def _item_item(self) -> ItemItemBlock:
        block = self._fitted()
        return block if isinstance(block, ItemItemBlock) else pytest.skip("no item-item block")


def scores_of(block: Block, queries: Queries) -> FloatMatrix:
    """Return the (n_queries, n_items) float32 scores of a block."""
    if isinstance(block, VectorBlock):
        return block.user_factors(queries) @ block.item_factors.T
    assert isinstance(block, ItemItemBlock)
    return block.scores(queries)


def training_of(
    interactions: Csr, *, features: Csr | None = None, times: TimeArray | None = None
) -> TrainingSet:
    """Return a training set of read-only arrays with one event per pair.

    Parameters
    ----------
    interactions : (n_users, n_items) sparse
        Confidence of each pair.
    features : (n_items, n_tags) sparse, optional
        None: no tags.
    times : (nnz,) datetime64[us], optional
        Of each stored pair, before ``NOW``; None: no times.
    """
    matrix = freeze_csr(sp.csr_matrix(interactions, dtype=np.float32))
    pairs = matrix.tocoo()
    n_users, n_items = matrix.shape
    nothing = np.datetime64("NaT", "us")
    when = np.full(matrix.nnz, nothing) if times is None else times
    order = np.argsort(when, kind="stable")
    tags = sp.csr_matrix((n_items, 0)) if features is None else features
    return TrainingSet(
        interactions=matrix,
        events=PositiveEvents(
            user_rows=pairs.row[order].astype(np.int32),
            item_rows=pairs.col[order].astype(np.int32),
            weights=pairs.data[order].astype(np.float32),
            occurred_at=when[order],
        ),
        item_features=freeze_csr(tags),
        user_features=freeze_csr(sp.csr_matrix((n_users, tags.shape[1]))),
        item_times=np.full(n_items, nothing),
        now=nothing if times is None else NOW,
    )


def history_queries(history: Csr, *, tags: Csr | None = None, ages: float = 0.0) -> Queries:
    """Return queries of read-only arrays, every event ``ages`` days old."""
    matrix = freeze_csr(sp.csr_matrix(history, dtype=np.float32))
    declared = sp.csr_matrix((matrix.shape[0], 0)) if tags is None else tags
    return Queries(matrix, np.full(matrix.nnz, ages, np.float32), freeze_csr(declared))


def group_training() -> TrainingSet:
    """Return the three taste groups: 60 people, 30 items, 6 tags, events of 90 days."""
    rng = np.random.default_rng(7)
    groups = np.arange(60)[:, None] % 3 == np.arange(30)[None, :] % 3
    taken = groups & (rng.random((60, 30)) < 0.6)
    confidence = taken * rng.uniform(0.5, 3.0, size=taken.shape)
    tags = np.repeat(np.eye(3)[np.arange(30) % 3], 2, axis=1) / np.sqrt(2)
    days = rng.integers(0, 90, size=int(taken.sum())).astype("timedelta64[D]")
    return training_of(
        sp.csr_matrix(confidence), features=sp.csr_matrix(tags, dtype=np.float32), times=NOW - days
    )


def group_queries() -> Queries:
    """Return four people that no training has seen: two histories, tags alone, nothing at all."""
    history = np.zeros((4, 30), np.float32)
    history[0, [0, 3]] = [1.0, 2.0]
    history[1, [1, 4, 7]] = 1.0
    tags = np.zeros((4, 2 * 3), np.float32)
    tags[2, 4] = 1.0
    return history_queries(sp.csr_matrix(history), tags=sp.csr_matrix(tags), ages=10.0)
