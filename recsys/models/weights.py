"""Blend weights learnt on validation people: what each block is worth at each activity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, FloatMatrix

DEPTH = 20
"""Places of a list that count when blends are compared."""

RIDGE = 1e-3
"""Pull of the common weights towards 0, per person."""

PRIOR_PEOPLE = 150.0
"""People whose evidence a bucket's pull towards the common weights is worth."""

MIN_PEOPLE = 30
"""People below which a bucket takes the common weights."""

MAX_STEPS = 60

PAIRS = 20_000
"""Items taken that are placed at once: bounds temporary memory."""


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
    r"""Return blend weights by conditional logit, never below the best single block.

    .. math::

        \min_{w \ge 0} \frac{1}{n} \sum_u \frac{1}{|R_u|} \sum_{i \in R_u}
        -\log \frac{\exp \langle w, x_{ui} \rangle}{\sum_{j \in C_u} \exp \langle w, x_{uj} \rangle}
        + \lambda \lVert w - w_0 \rVert^2

    with :math:`x_{ui}` the standardised block scores, :math:`R_u` what the person took next among
    the candidates :math:`C_u` [McFadden1974]_. First for everybody with :math:`w_0 = 0`, then for
    each bucket with :math:`w_0` the common weights.

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

    Notes
    -----
    On the people given, a bucket whose blend is no better than the best single block gets that
    block alone. Deterministic.
    """
    return learn_from_pool(Pool.of(scores, relevant), buckets, n_buckets=n_buckets)


def learn_from_pool(
    pool: Pool,
    buckets: npt.NDArray[np.int32],
    *,
    n_buckets: int,
    start: DoubleArray | None = None,
) -> LearntWeights:
    """Return the same for scores that are pooled already.

    Parameters
    ----------
    pool : Pool
    buckets : (n_people,) int32
    n_buckets : int
    start : (n_blocks,) float64 or None
        Where the search for the common weights begins: near the answer it is short.
    """
    n_blocks = pool.scores.shape[2]
    singles = np.array([pool.ndcg_alone(at).mean() for at in range(n_blocks)])
    best = int(np.argmax(singles))
    found = conditional_logit(pool, np.zeros(n_blocks), RIDGE, start=start)
    common = _better(pool, found, np.eye(n_blocks)[best])
    table = np.tile(common, (n_buckets, 1))
    for bucket in range(n_buckets):
        mine = pool.only(buckets == bucket)
        if mine.n_people >= MIN_PEOPLE:
            own = conditional_logit(mine, common, PRIOR_PEOPLE / mine.n_people * 0.1)
            table[bucket] = _better(mine, own, common)
    metric = float(pool.ndcg_by(table[buckets]).mean())
    return LearntWeights(table, metric, float(singles[best]), best)


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
        """How many people there are."""
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
        return self._ndcg(self.blend(weights))

    def ndcg_alone(self, block: int) -> DoubleArray:
        """Return (n_people,) float64 nDCG at ``DEPTH`` of one block."""
        return self._ndcg(np.where(self.absent, np.float32(-np.inf), self.scores[:, :, block]))

    def ndcg_by(self, weights: DoubleArray) -> DoubleArray:
        """Return (n_people,) float64 nDCG at ``DEPTH`` of (n_people, n_blocks) own weights."""
        blend = np.einsum("pcb,pb->pc", self.scores, weights.astype(np.float32))
        return self._ndcg(np.where(self.absent, np.float32(-np.inf), blend))

    def _ndcg(self, blend: FloatMatrix) -> DoubleArray:
        # the places of what was taken are all that counts: no candidate list is sorted
        people, taken = np.nonzero(self.relevant)
        places = np.zeros(len(people), dtype=np.int64)
        for start in range(0, len(people), PAIRS):
            some = slice(start, start + PAIRS)
            others = blend[people[some]]
            own = blend[people[some], taken[some]][:, None]
            earlier = np.arange(blend.shape[1]) < taken[some, None]
            places[some] = ((others > own) | ((others == own) & earlier)).sum(axis=1)
        discounts = 1 / np.log2(np.arange(DEPTH) + 2)
        gains = np.where(places < DEPTH, discounts[np.minimum(places, DEPTH - 1)], 0.0)
        n_wanted = np.clip(self.relevant.sum(axis=1), 1, DEPTH)
        ideal = np.cumsum(discounts)[n_wanted - 1]
        return np.asarray(np.bincount(people, gains, self.n_people) / ideal, dtype=np.float64)


def _better(pool: Pool, weights: DoubleArray, other: DoubleArray) -> DoubleArray:
    """Return whichever blend is better on the people of ``pool``; ties go to ``weights``."""
    gap = pool.ndcg(weights).mean() - pool.ndcg(other).mean()
    return weights if gap >= 0 and weights.any() else other


def conditional_logit(
    pool: Pool,
    prior: DoubleArray,
    ridge: float | DoubleArray,
    *,
    start: DoubleArray | None = None,
) -> DoubleArray:
    """Return the (n_blocks,) float64 weights of :func:`learn_weights` for the people of a pool.

    Parameters
    ----------
    pool : Pool
    prior : (n_blocks,) float64
        Where the weights are pulled to.
    ridge : float or (n_blocks,) float64
        How hard.
    start : (n_blocks,) float64 or None
        Where the search begins: near the answer it is short. None is the prior.
    """
    from scipy.optimize import minimize

    taken = pool.relevant & ~pool.absent
    some = pool.only(np.asarray(taken.any(axis=1), dtype=bool))
    if not some.n_people:
        return prior
    share = (some.relevant & ~some.absent).astype(np.float32)
    share /= share.sum(axis=1, keepdims=True)
    wanted = some.mixed(share) / some.n_people

    def loss(weights: DoubleArray) -> tuple[float, DoubleArray]:
        blend = some.blend(weights)
        top = blend.max(axis=1, keepdims=True)
        odds = np.exp(blend - top)
        mass = odds.sum(axis=1, keepdims=True, dtype=np.float64)
        expected = some.mixed(odds / mass.astype(np.float32))
        value = float((np.log(mass) + top).mean() - wanted @ weights)
        away = weights - prior
        gradient = expected / some.n_people - wanted + 2 * ridge * away
        return value + float((ridge * away) @ away), gradient.astype(np.float64)

    start = prior if start is None or not start.any() else start
    start = np.where(start > 0, start, 0.1)
    bounds = [(0.0, None)] * len(prior)
    options = {"maxiter": MAX_STEPS, "ftol": 1e-7}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(found.x, dtype=np.float64)
