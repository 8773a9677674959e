"""Blend weights learnt on validation people: what each block is worth at each activity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, FloatMatrix

DEPTH = 20
"""Places of a list that count while learning."""

STEPS = (0.0, 0.25, 0.5, 0.71, 1.41, 2.0, 4.0)
"""Factors tried on one weight at a time."""

ROUNDS = 6
PRIOR_PEOPLE = 200.0
"""People at which a bucket's own weights count as much as everybody's."""


@dataclass(frozen=True, slots=True, eq=False)
class LearntWeights:
    """What was learnt, and how good it is on the people it was learnt on.

    Attributes
    ----------
    weights : (n_buckets, n_blocks) float64
        Not negative.
    metric, best_single_metric : float
        Mean nDCG at ``DEPTH`` of the blend, and of the best block alone.
    best_single : int
        That block.
    """

    weights: DoubleArray
    metric: float
    best_single_metric: float
    best_single: int


def learn_weights(
    scores: FloatMatrix,
    relevant: BoolArray,
    buckets: npt.NDArray[np.int32],
    *,
    n_buckets: int,
) -> LearntWeights:
    """Return the weights of the best blend found; never below the best single block.

    Parameters
    ----------
    scores : (n_people, n_candidates, n_blocks) float32
        Standardised; -inf in every block where a person has fewer candidates.
    relevant : (n_people, n_candidates) bool
        What the person took next.
    buckets : (n_people,) int32
        Activity bucket of each.
    n_buckets : int
        Number of buckets.
    """
    pool = _Pool(scores, relevant)
    n_blocks = scores.shape[2]
    singles = [pool.ndcg(row) for row in np.eye(n_blocks)]
    means = [float(one.mean()) for one in singles]
    best = int(np.argmax(means))
    everybody = np.ones(len(scores), dtype=bool)
    start = np.eye(n_blocks)[best]
    common = _ascend(pool, start, everybody)
    table = np.tile(common, (n_buckets, 1))
    for bucket in range(n_buckets):
        mine = buckets == bucket
        if mine.sum() < 50:
            continue
        own = _ascend(pool.only(mine), common, everybody[: mine.sum()])
        share = mine.sum() / (mine.sum() + PRIOR_PEOPLE)
        table[bucket] = share * own + (1 - share) * common
    metric = float(np.mean(pool.ndcg_by(table[buckets])))
    plain = float(pool.ndcg(common).mean())
    if metric < plain:
        table, metric = np.tile(common, (n_buckets, 1)), plain
    return LearntWeights(table, metric, means[best], best)


class _Pool:
    def __init__(self, scores: FloatMatrix, relevant: BoolArray) -> None:
        self.scores = np.where(np.isfinite(scores), scores, 0).astype(np.float32)
        self.absent = ~np.isfinite(scores).all(axis=2)
        self.relevant = relevant
        n_wanted = np.maximum(relevant.sum(axis=1), 1)
        discounts = 1 / np.log2(np.arange(DEPTH) + 2)
        self.discounts = discounts
        self.ideal = np.cumsum(discounts)[np.minimum(n_wanted, DEPTH) - 1]

    def only(self, which: BoolArray) -> _Pool:
        out = object.__new__(_Pool)
        out.scores, out.absent = self.scores[which], self.absent[which]
        out.relevant, out.ideal = self.relevant[which], self.ideal[which]
        out.discounts = self.discounts
        return out

    def ndcg(self, weights: DoubleArray) -> DoubleArray:
        return self._of(self.scores @ weights.astype(np.float32))

    def ndcg_by(self, weights: DoubleArray) -> DoubleArray:
        return self._of(np.einsum("pcb,pb->pc", self.scores, weights.astype(np.float32)))

    def _of(self, blend: FloatMatrix) -> DoubleArray:
        blend = np.where(self.absent, -np.inf, blend)
        depth = min(DEPTH, blend.shape[1])
        top = np.argpartition(-blend, depth - 1, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(blend, top, 1), axis=1, kind="stable")
        hits = np.take_along_axis(self.relevant, np.take_along_axis(top, order, 1), 1)
        return np.asarray((hits @ self.discounts[:depth]) / self.ideal, dtype=np.float64)


def _ascend(pool: _Pool, start: DoubleArray, _everybody: BoolArray) -> DoubleArray:
    weights = start.copy()
    best = float(pool.ndcg(weights).mean())
    for _ in range(ROUNDS):
        before = best
        for at in range(len(weights)):
            base = weights[at] if weights[at] > 0 else 0.25 * weights.max()
            for step in STEPS:
                trial = weights.copy()
                trial[at] = base * step
                if not trial.any():
                    continue
                metric = float(pool.ndcg(trial).mean())
                if metric > best + 1e-6:
                    best, weights = metric, trial
        if best - before < 1e-4:
            break
    return weights / weights.max()
