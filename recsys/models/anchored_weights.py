"""Blend weights that stay near a blend known to be robust."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, FloatMatrix
from recsys.models.weights import (
    MIN_PEOPLE,
    RIDGE,
    LearntWeights,
    Pool,
    conditional_logit,
    measured_weights,
)

PULL = 5.0
"""Pull towards the anchor over the curvature of the likelihood: a weight moves about a sixth of the
way a random part would have it. Free weights leaned on ALS, and lost on every kind of cut."""

BUCKET_PEOPLE = 300.0
"""People whose evidence a bucket's pull towards the common weights is worth."""


def learn_anchored_weights(
    scores: FloatMatrix,
    relevant: BoolArray,
    buckets: npt.NDArray[np.int32],
    *,
    n_buckets: int,
    anchor: DoubleArray,
) -> LearntWeights:
    r"""Return blend weights by conditional logit, pulled towards an anchor.

    .. math:: \min_{w \ge 0} \; L(w) + \frac{\rho}{2} \sum_b L''_{bb} (w_b - t\, w_{0b})^2, \qquad
              t = \arg\min_t L(t\, w_0)

    with *L* the loss of :func:`~recsys.models.weights.learn_weights` and :math:`w_0` the anchor:
    its proportions are trusted, its size is learnt. Then each bucket moves away from that.

    Parameters
    ----------
    scores : (n_people, n_candidates, n_blocks) float32
        Standardised; -inf in every block where a person has fewer candidates.
    relevant : (n_people, n_candidates) bool
        What the person took next.
    buckets : (n_people,) int32
        Activity bucket of each; bucket 0 knows no history, so that it has no part in the anchor.
    n_buckets : int
        Number of buckets.
    anchor : (n_blocks,) float64
        Not negative, not all 0; nan where a block is free: pulled to 0, and hardly.
    """
    pool = Pool.of(scores, relevant)
    known = pool.only(buckets > 0)
    known = known if known.n_people >= MIN_PEOPLE else pool
    free = np.isnan(anchor)
    votes = np.where(free, 0.0, anchor)
    along = Pool.of(_along(scores, votes), relevant).only(buckets > 0)
    size = conditional_logit(along, np.zeros(1), 1e-4)[0] if along.n_people >= MIN_PEOPLE else 1.0
    start = votes * (size if size > 0 else 1.0)
    pull = np.where(free, RIDGE, PULL / 2 * curvature(known, start))
    common = conditional_logit(known, start, pull)
    table = np.tile(common, (n_buckets, 1))
    for bucket in range(n_buckets):
        mine = pool.only(buckets == bucket)
        if mine.n_people >= MIN_PEOPLE:
            doubt = 1 + BUCKET_PEOPLE / mine.n_people
            table[bucket] = conditional_logit(mine, common, pull * doubt if bucket else RIDGE)
    return measured_weights(pool, buckets, table)


def curvature(pool: Pool, weights: DoubleArray) -> DoubleArray:
    """Return the (n_blocks,) float64 second derivatives of the loss along each weight.

    Parameters
    ----------
    pool : Pool
    weights : (n_blocks,) float64
        Where.
    """
    blend = pool.blend(weights)
    odds = np.exp(blend - blend.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    mean = np.einsum("pc,pcb->pb", odds, pool.scores)
    square = np.einsum("pc,pcb,pcb->pb", odds, pool.scores, pool.scores, optimize=True)
    return np.asarray((square - mean**2).mean(axis=0), dtype=np.float64)


def _along(scores: FloatMatrix, anchor: DoubleArray) -> FloatMatrix:
    """Return (n_people, n_candidates, 1) float32 of the anchor's blend; -inf where absent."""
    used = anchor > 0
    return np.asarray(scores[:, :, used] @ anchor[used].astype(np.float32), np.float32)[:, :, None]
