"""Blend weights by conditional logit: common ones, then those of each activity bucket."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import DoubleArray
from recsys.models.blend.pool import MIN_PEOPLE, LearntWeights, Pool

RIDGE = 1e-3
"""Pull of the common weights towards 0, per person."""

PRIOR_PEOPLE = 150.0
"""People whose evidence a bucket's pull towards the common weights is worth."""


def learn_weights(
    pool: Pool,
    buckets: npt.NDArray[np.int32],
    *,
    n_buckets: int,
    start: DoubleArray | None = None,
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
    pool : Pool
        Standardised scores of the candidates, and which of them each person took next.
    buckets : (n_people,) int32
        Activity bucket of each.
    n_buckets : int
        Number of buckets.
    start : (n_blocks,) float64 or None
        Initial value of the search for the common weights; near the solution it is short.

    Notes
    -----
    On the people given, a bucket whose blend is no better than the best single block gets that
    block alone. Deterministic.
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
    options = {"ftol": 1e-7}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(found.x, dtype=np.float64)
