"""Blend weights that leave a trusted blend, with the block of unmet items kept apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, FloatMatrix
from recsys.models.trusted_weights import learn_trusted_weights
from recsys.models.weights import LearntWeights, Pool, measured_weights

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
        Where learning starts; see :func:`~recsys.models.trusted_weights.learn_trusted_weights`.
    new_items : int or None
        Position of the block of items that nobody met.
    expected : float
        Share of the coming events to expect on those items, in [0, 1]; see
        :func:`~recsys.models.validation.expected_unmet`.
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
