"""Greedy search for blend weights from a prior blend; a step needs a gain of 2 errors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import DoubleArray
from recsys.models.blend.logit import learn_weights
from recsys.models.blend.pool import (
    MIN_PEOPLE,
    STANDARD_ERRORS,
    LearntWeights,
    Pool,
    measured_weights,
)

FACTORS = (0.0, 0.5, 0.7, 1.4, 2.0)
"""Factors by which a step changes a weight."""

STARTS = (0.1, 0.25, 0.5, 1.0)
"""Values that a step gives a block without weight, as shares of the largest prior weight."""


def learn_from_priors(
    pool: Pool,
    buckets: npt.NDArray[np.int32],
    *,
    n_buckets: int,
    prior_blends: DoubleArray,
    max_ratio: float = np.inf,
    fixed_shares: DoubleArray | None = None,
) -> LearntWeights:
    r"""Return the weights that a greedy search from a prior blend ends at, one weight at a time.

    A step from weights *w* to *w'* is taken if

    .. math:: \bar d > z \, s_d / \sqrt n, \qquad
              d_u = \mathrm{nDCG}_u(w') - \mathrm{nDCG}_u(w)

    over the *n* people measured, with *z* ``STANDARD_ERRORS``; of several the one that gains most.

    Parameters
    ----------
    pool : Pool
        Standardised scores of the candidates, and which of them each person took next.
    buckets : (n_people,) int32
        Activity bucket of each; bucket 0 has no history, so its weights are those of a
        conditional logit without a prior.
    n_buckets : int
        Number of buckets.
    prior_blends : (n_blends, n_blocks) float64
        Not negative, no blend all 0. Of several learning starts from the one that measures best;
        from the first where there are too few people to tell.
    max_ratio : float
        Each weight stays within [prior / max_ratio, prior * max_ratio]; inf leaves it free.
    fixed_shares : (n_blocks,) float64 or None
        Weight of a block that is not learnt, as a share of the largest learnt weight; 0 where it
        is learnt. None: all are.

    Notes
    -----
    A random part held out is not a sample of what comes next: a small gain on it may well be a loss
    later. And the likelihood of :func:`~recsys.models.blend.logit.learn_weights` counts every item
    taken, the measure only the first places of a list. Deterministic.
    """
    shares = np.zeros(pool.scores.shape[2]) if fixed_shares is None else fixed_shares
    learnt = np.flatnonzero(shares == 0)
    some = pool.blocks(learnt)
    known = some.only(buckets > 0)
    start = _best_of(known, prior_blends[:, learnt])
    limits = (start / max_ratio, start * max_ratio) if np.isfinite(max_ratio) else None
    enough = known.n_people >= MIN_PEOPLE
    common = greedy_search(known, start, limits=limits) if enough else start
    table = np.tile(common, (n_buckets, 1))
    for bucket in range(n_buckets):
        here = some.only(buckets == bucket)
        if here.n_people < MIN_PEOPLE:
            continue
        if bucket == 0:
            nobody = np.zeros(here.n_people, dtype=np.int32)
            table[0] = learn_weights(here, nobody, n_buckets=1).weights[0]
        else:
            table[bucket] = greedy_search(here, common, limits=limits)
    out = table.max(axis=1, keepdims=True) * shares
    out[:, learnt] = table
    return measured_weights(pool, buckets, out)


def _best_of(pool: Pool, blends: DoubleArray) -> DoubleArray:
    """Return the blend whose lists are best on the mean, the first of equals."""
    best = 0
    if len(blends) > 1 and pool.n_people >= MIN_PEOPLE:
        best = int(np.argmax([pool.ndcg(blend).mean() for blend in blends]))
    return np.asarray(blends[best])


def greedy_search(
    pool: Pool, start: DoubleArray, *, limits: tuple[DoubleArray, DoubleArray] | None = None
) -> DoubleArray:
    """Return the (n_blocks,) float64 weights reached from ``start`` by steps that surely gain.

    Parameters
    ----------
    pool : Pool
    start : (n_blocks,) float64
    limits : tuple of two (n_blocks,) float64, or None
        The least and the greatest weight of each block; None is 0 and infinity.
    """
    weights = np.array(start, dtype=np.float64)
    unit = float(weights.max())
    measured = pool.ndcg(weights)
    while True:
        blend = pool.blend(weights)
        best_gain, best = 0.0, None
        for block, value in _steps(weights, unit):
            if limits is not None and not limits[0][block] <= value <= limits[1][block]:
                continue
            moved = blend + np.float32(value - weights[block]) * pool.scores[:, :, block]
            new = pool.ndcg_of(moved)
            gain = new - measured
            error = float(gain.std()) / np.sqrt(len(gain))
            if gain.mean() > max(STANDARD_ERRORS * error, best_gain):
                best_gain, best = float(gain.mean()), (block, value, new)
        if best is None:
            return weights
        weights[best[0]], measured = best[1], best[2]


def _steps(weights: DoubleArray, unit: float) -> Iterator[tuple[int, float]]:
    """Yield (block, new weight); never the one that leaves no weight at all."""
    for block, weight in enumerate(weights):
        if weight == 0:
            yield from ((block, part * unit) for part in STARTS)
            continue
        alone = np.count_nonzero(weights) == 1
        yield from ((block, factor * weight) for factor in FACTORS if factor or not alone)
