"""Blend weights that leave a trusted blend only where the evidence is clear."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, FloatMatrix
from recsys.models.blend.logit import learn_weights
from recsys.models.blend.pool import DEPTH, MIN_PEOPLE, LearntWeights, Pool, measured_weights

STANDARD_ERRORS = 2.0
"""A step must gain so many standard errors of its own mean to be taken."""

FACTORS = (0.0, 0.5, 0.7, 1.4, 2.0)
"""What a step multiplies a weight by."""

STARTS = (0.1, 0.25, 0.5, 1.0)
"""What a step gives a block without weight, in parts of the largest trusted weight."""

MAX_STEPS = 12


def learn_trusted_weights(
    scores: FloatMatrix,
    relevant: BoolArray,
    buckets: npt.NDArray[np.int32],
    *,
    n_buckets: int,
    trusted: DoubleArray,
    reach: float = np.inf,
) -> LearntWeights:
    r"""Return the weights that steps of one weight at a time lead to from a trusted blend.

    A step from weights *w* to *w'* is taken if

    .. math:: \bar d > z \, s_d / \sqrt n, \qquad
              d_u = \mathrm{nDCG}_u(w') - \mathrm{nDCG}_u(w)

    over the *n* people measured, with *z* ``STANDARD_ERRORS``; of several the one that gains most.

    Parameters
    ----------
    scores : (n_people, n_candidates, n_blocks) float32
        Standardised; -inf in every block where a person has fewer candidates.
    relevant : (n_people, n_candidates) bool
        What the person took next.
    buckets : (n_people,) int32
        Activity bucket of each; of bucket 0 no history is known, so that it trusts nothing.
    n_buckets : int
        Number of buckets.
    trusted : (n_blocks,) or (n_blends, n_blocks) float64
        Not negative, no blend all 0. Of several learning starts from the one that measures best;
        from the first where there are too few people to tell.
    reach : float
        Weights stay between 1/reach and reach times those; inf lets them go anywhere.

    Notes
    -----
    A random part held out is not what comes next: what it says weakly it may well say wrongly. And
    the likelihood that :func:`~recsys.models.blend.logit.learn_weights` climbs counts every item
    taken, the measure only the first places of a list. Deterministic.
    """
    pool = Pool.of(scores, relevant)
    known = pool.only(buckets > 0)
    start = _best_of(known, np.atleast_2d(trusted))
    limits = (start / reach, start * reach) if np.isfinite(reach) else None
    common = climb(known, start, limits=limits) if known.n_people >= MIN_PEOPLE else start
    table = np.tile(common, (n_buckets, 1))
    for bucket in range(n_buckets):
        here = buckets == bucket
        if here.sum() < MIN_PEOPLE:
            continue
        if bucket == 0:
            nobody = np.zeros(int(here.sum()), dtype=np.int32)
            table[0] = learn_weights(scores[here], relevant[here], nobody, n_buckets=1).weights[0]
        else:
            table[bucket] = climb(pool.only(here), common, limits=limits)
    return measured_weights(pool, buckets, table)


def _best_of(pool: Pool, blends: DoubleArray) -> DoubleArray:
    """Return the blend whose lists are best on the mean, the first of equals."""
    best = 0
    if len(blends) > 1 and pool.n_people >= MIN_PEOPLE:
        best = int(np.argmax([_ndcg(pool, pool.blend(blend)).mean() for blend in blends]))
    return np.asarray(blends[best])


def climb(
    pool: Pool, start: DoubleArray, *, limits: tuple[DoubleArray, DoubleArray] | None = None
) -> DoubleArray:
    """Return (n_blocks,) float64: where steps that are clearly worth it lead from ``start``.

    Parameters
    ----------
    pool : Pool
    start : (n_blocks,) float64
    limits : tuple of two (n_blocks,) float64, or None
        The least and the greatest weight of each block; None is 0 and infinity.
    """
    weights = np.array(start, dtype=np.float64)
    unit = float(weights.max())
    measured = _ndcg(pool, pool.blend(weights))
    for _ in range(MAX_STEPS):
        blend = pool.blend(weights)
        best_gain, best = 0.0, None
        for block, value in _steps(weights, unit):
            if limits is not None and not limits[0][block] <= value <= limits[1][block]:
                continue
            moved = blend + np.float32(value - weights[block]) * pool.scores[:, :, block]
            new = _ndcg(pool, moved)
            gain = new - measured
            error = float(gain.std()) / np.sqrt(len(gain))
            if gain.mean() > max(STANDARD_ERRORS * error, best_gain):
                best_gain, best = float(gain.mean()), (block, value, new)
        if best is None:
            break
        weights[best[0]], measured = best[1], best[2]
    return weights


def _steps(weights: DoubleArray, unit: float) -> Iterator[tuple[int, float]]:
    """Yield (block, new weight); never the one that leaves no weight at all."""
    for block, weight in enumerate(weights):
        if weight == 0:
            yield from ((block, part * unit) for part in STARTS)
            continue
        alone = np.count_nonzero(weights) == 1
        yield from ((block, factor * weight) for factor in FACTORS if factor or not alone)


def _ndcg(pool: Pool, blend: FloatMatrix) -> DoubleArray:
    """Return (n_people,) float64 nDCG at ``DEPTH``; only the first places are put in order."""
    blend = np.where(pool.absent, np.float32(-np.inf), blend)
    depth = min(DEPTH, blend.shape[1])
    first = np.argpartition(-blend, depth - 1, axis=1)[:, :depth]
    order = np.argsort(-np.take_along_axis(blend, first, axis=1), axis=1, kind="stable")
    hits = np.take_along_axis(pool.relevant, np.take_along_axis(first, order, axis=1), axis=1)
    discounts = 1 / np.log2(np.arange(DEPTH) + 2)
    ideal = np.cumsum(discounts)[np.clip(pool.relevant.sum(axis=1), 1, DEPTH) - 1]
    return np.asarray((hits @ discounts[:depth]) / ideal, dtype=np.float64)


NEW_ITEMS_SHARE = 0.6
"""Weight of the block of items that nobody met, where much is expected on them, in parts of the
greatest other weight."""

MUCH = 0.06
"""Share of the coming events expected on items that nobody met, from which on it is much."""


def learn_beside_new_items(
    scores: FloatMatrix,
    relevant: BoolArray,
    buckets: npt.NDArray[np.int32],
    *,
    n_buckets: int,
    trusted: DoubleArray,
    new_items: int | None,
    expected: float,
    reach: float,
) -> LearntWeights:
    """Return weights learnt from a trusted blend, and a fixed one for items that nobody met.

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
    trusted : (n_blocks,) or (n_blends, n_blocks) float64
        Where learning starts; see :func:`~recsys.models.blend.steps.learn_trusted_weights`.
    new_items : int or None
        Position of the block of items that nobody met.
    expected : float
        Share of the coming events to expect on those items, in [0, 1]; see
        :func:`~recsys.models.blend.validation.expected_unmet`.
    reach : float
        How far the other weights may go from the trusted ones, as a factor.

    Notes
    -----
    How often the unmet will be taken is a matter of what is published next, which no cut of the
    past tells: held out as often as the catalogue lets expect they cost the others a tenth, held
    out less often they are never shown. So their share is fixed at what cost at most a fiftieth of
    the recall on three data sets, and found as many of the new items as the learnt weight did.
    """
    if new_items is None:
        return learn_trusted_weights(
            scores, relevant, buckets, n_buckets=n_buckets, trusted=trusted, reach=reach
        )
    others = np.delete(np.arange(scores.shape[2]), new_items)
    found = learn_trusted_weights(
        scores[:, :, others],
        relevant,
        buckets,
        n_buckets=n_buckets,
        trusted=trusted[..., others],
        reach=reach,
    )
    table = np.zeros((n_buckets, scores.shape[2]))
    table[:, others] = found.weights
    share = NEW_ITEMS_SHARE * min(expected / MUCH, 1.0)
    table[:, new_items] = share * found.weights.max(axis=1)
    return measured_weights(Pool.of(scores, relevant), buckets, table)
