"""A split as matrices, for models that know rows only, and the one judge of their lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp

from benchmarks.quality.datasets import Split
from recsys.core.arrays import Csr, DoubleArray, FloatMatrix, RowArray, TimeArray
from recsys.core.rng import named_rng
from recsys.data import Dataset, IdMap, interaction_matrix, positive_events
from recsys.evaluation import targets
from recsys.evaluation.targets import pair_matrix, without_pairs
from recsys.index import top_k
from recsys.metrics import ranking_metrics

BATCH = 512
"""People scored at once: at 40,000 items the scores are 80 MB."""

Scores: TypeAlias = Callable[[RowArray], FloatMatrix]
"""From (n,) user rows to (n, n_items) float32 scores."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What every peer is given.

    Attributes
    ----------
    train : (n_users, n_items) csr float32
        1 for each pair of taste: every kind of event but the negative and authoring ones.
    tags : (n_items, n_tags) csr float32 or None
        Weights of tags.
    event_items : (n_events,) int32
        The items of the taste events, oldest first.
    event_times : (n_events,) datetime64[us]
        When they happened; NaT where unknown.
    """

    train: Csr
    tags: Csr | None
    event_items: RowArray
    event_times: TimeArray

    @property
    def n_items(self) -> int:
        """Candidates."""
        return int(self.train.shape[1])

    @property
    def has_times(self) -> bool:
        """Whether every event has its time."""
        return len(self.event_times) > 0 and not bool(np.isnat(self.event_times).any())


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """The people of a test, what they must not get, and what they took.

    Attributes
    ----------
    user_rows : (n_people,) int32
        In the problem's rows.
    hidden : (n_people, n_items) csr
        Their own train and mask pairs.
    relevant : (n_people, n_items) csr
        Their test items among the candidates.
    n_relevant : (n_people,) int64
        All their test items.
    ks : tuple of int
    """

    user_rows: RowArray
    hidden: Csr
    relevant: Csr
    n_relevant: np.ndarray
    ks: tuple[int, ...]

    def some(self, n_people: int) -> Judge:
        """Return at most ``n_people`` of them, at random."""
        if len(self.user_rows) <= n_people:
            return self
        drawn = named_rng(0, "judge").permutation(len(self.user_rows))[:n_people]
        kept = np.sort(drawn)
        return Judge(
            user_rows=self.user_rows[kept],
            hidden=self.hidden[kept],
            relevant=self.relevant[kept],
            n_relevant=self.n_relevant[kept],
            ks=self.ks,
        )

    def lists(self, scores: Scores) -> RowArray:
        """Return (n_people, max(ks)) int32: the best items of each, ties by row number."""
        k = max(self.ks)
        out = np.empty((len(self.user_rows), k), np.int32)
        for start in range(0, len(out), BATCH):
            part = slice(start, start + BATCH)
            block = np.ascontiguousarray(scores(self.user_rows[part]), np.float32)
            out[part] = top_k(block, k, exclude=self.hidden[part], n_threads=1).rows
        return out

    def measure(self, scores: Scores) -> dict[str, DoubleArray]:
        """Return each metric of each person."""
        ranked = self.lists(scores)
        return ranking_metrics(ranked, self.relevant, ks=self.ks, n_relevant=self.n_relevant)


def prepare(split: Split, ks: tuple[int, ...]) -> tuple[Problem, Judge]:
    """Return the split as matrices, and its judge: the rules of ``recsys.evaluation``."""
    train_log = split.train if split.mask is None else without_pairs(split.train, split.mask)
    dataset = Dataset.join(train_log, split.catalog, split.people)
    timed = positive_events(dataset, now=np.datetime64("NaT"))
    train = sp.csr_matrix(interaction_matrix(timed, dataset.shape), copy=True)
    train.data[:] = 1
    tags = dataset.catalog.tags
    problem = Problem(
        train=train,
        tags=sp.csr_matrix(tags, dtype=np.float32) if tags.shape[1] else None,
        event_items=timed.item_rows,
        event_times=timed.occurred_at,
    )
    return problem, _judge(split, dataset, ks)


def with_fallback(problem: Problem, scores: Scores) -> Scores:
    """Return scores that are popularity for people without any training pair."""
    popular = np.asarray(problem.train.sum(axis=0), np.float32).ravel()
    empty = np.diff(problem.train.indptr) == 0

    def filled(user_rows: RowArray) -> FloatMatrix:
        out = np.ascontiguousarray(scores(user_rows), np.float32)
        nobody = empty[user_rows]
        if nobody.any():
            out = np.array(out)
            out[nobody] = popular
        return out

    return filled


def _judge(split: Split, dataset: Dataset, ks: tuple[int, ...]) -> Judge:
    candidates = np.ones(dataset.n_items, dtype=bool)
    wanted = targets(split.test, dataset.items, candidates=candidates)
    people = IdMap.of(wanted.user_ids)
    hidden = pair_matrix(split.train, people, dataset.items)
    if split.mask is not None:
        hidden = sp.csr_matrix(hidden + pair_matrix(split.mask, people, dataset.items))
    return Judge(
        user_rows=dataset.users.rows(wanted.user_ids),
        hidden=hidden,
        relevant=wanted.relevant,
        n_relevant=wanted.n_relevant,
        ks=ks,
    )
