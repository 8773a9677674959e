"""Candidates of validation people with their block scores, and the nDCG of weights on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, FloatMatrix
from recsys.models.hybrid import BATCH

DEPTH = 20
"""Places of a list that count when blends are compared."""

MIN_PEOPLE = 30
"""People below which a bucket takes the common weights."""

STANDARD_ERRORS = 2.0
"""Standard errors that a gain must exceed to be sure; over three parts odds of nine to one."""


@dataclass(frozen=True, slots=True, eq=False)
class LearntWeights:
    """Learnt weights, and their nDCG on the people they were learnt on.

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


def measured_weights(
    pool: Pool, buckets: npt.NDArray[np.int32], table: DoubleArray
) -> LearntWeights:
    """Return (n_buckets, n_blocks) weights with what they and the best single block reach."""
    singles = np.array([pool.ndcg_alone(at).mean() for at in range(pool.scores.shape[2])])
    best = int(np.argmax(singles))
    metric = float(pool.ndcg_by(table[buckets]).mean())
    return LearntWeights(table, metric, float(singles[best]), best)


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Candidates of people, what they took, and the measures of a blend on them.

    Attributes
    ----------
    scores : (n_people, n_candidates, n_blocks) float32
        0 where absent.
    absent, relevant : (n_people, n_candidates) bool
    """

    scores: FloatMatrix
    absent: BoolArray
    relevant: BoolArray

    @classmethod
    def of(cls, scores: FloatMatrix, relevant: BoolArray) -> Pool:
        """Take scores with -inf where a candidate is absent."""
        absent = np.asarray(~np.isfinite(scores).all(axis=2), dtype=bool)
        present = np.where(absent[:, :, None], 0, scores)
        # C order: a choice of columns is not, and each product would copy it
        return cls(np.ascontiguousarray(present, dtype=np.float32), absent, relevant)

    @property
    def n_people(self) -> int:
        """Number of people."""
        return len(self.relevant)

    def only(self, which: BoolArray) -> Pool:
        """Return some of the people."""
        return Pool(self.scores[which], self.absent[which], self.relevant[which])

    def blocks(self, columns: npt.NDArray[np.integer]) -> Pool:
        """Return the same candidates with the scores of some blocks."""
        if len(columns) == self.scores.shape[2]:
            return self
        some = np.ascontiguousarray(self.scores[:, :, columns])
        return Pool(some, self.absent, self.relevant)

    def blend(self, weights: DoubleArray) -> FloatMatrix:
        """Return (n_people, n_candidates) float32 blended scores; -inf where absent."""
        flat = self.scores.reshape(-1, self.scores.shape[2])
        blend = (flat @ np.asarray(weights, dtype=np.float32)).reshape(self.absent.shape)
        blend[self.absent] = -np.inf
        return np.asarray(blend, dtype=np.float32)

    def mixed(self, shares: FloatMatrix) -> DoubleArray:
        """Return (n_blocks,) float64: the scores summed with (n_people, n_candidates) shares."""
        flat = self.scores.reshape(-1, self.scores.shape[2])  # one product: no copies by einsum
        return np.asarray(shares.reshape(-1) @ flat, dtype=np.float64)

    def ndcg(self, weights: DoubleArray) -> DoubleArray:
        """Return (n_people,) float64 nDCG at ``DEPTH`` of one blend for all."""
        return self.ndcg_of(self.blend(weights))

    def ndcg_alone(self, block: int) -> DoubleArray:
        """Return (n_people,) float64 nDCG at ``DEPTH`` of one block."""
        return self.ndcg_of(np.where(self.absent, np.float32(-np.inf), self.scores[:, :, block]))

    def ndcg_by(self, weights: DoubleArray) -> DoubleArray:
        """Return (n_people,) float64 nDCG at ``DEPTH`` of (n_people, n_blocks) own weights."""
        blend = np.einsum("pcb,pb->pc", self.scores, weights.astype(np.float32))
        return self.ndcg_of(np.where(self.absent, np.float32(-np.inf), blend))

    def ndcg_of(self, blend: FloatMatrix) -> DoubleArray:
        """Return (n_people,) float64 nDCG at ``DEPTH`` of scores that are -inf where absent."""
        # the places of what was taken are all that counts: no candidate list is sorted
        people, taken = np.nonzero(self.relevant)
        places = np.zeros(len(people), dtype=np.int64)
        for start in range(0, len(people), BATCH):
            some = slice(start, start + BATCH)
            others = blend[people[some]]
            own = blend[people[some], taken[some]][:, None]
            earlier = np.arange(blend.shape[1]) < taken[some, None]
            places[some] = ((others > own) | ((others == own) & earlier)).sum(axis=1)
        discounts = 1 / np.log2(np.arange(DEPTH) + 2)
        gains = np.where(places < DEPTH, discounts[np.minimum(places, DEPTH - 1)], 0.0)
        n_wanted = np.clip(self.relevant.sum(axis=1), 1, DEPTH)
        ideal = np.cumsum(discounts)[n_wanted - 1]
        return np.asarray(np.bincount(people, gains, self.n_people) / ideal, dtype=np.float64)
