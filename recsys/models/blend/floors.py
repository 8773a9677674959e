"""Default weights for data too small to learn from, and minimum weights for new users."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.core.arrays import DoubleArray
from recsys.models.spec import BlockSpec


def default_weights(specs: Sequence[BlockSpec], bucket_edges: Sequence[int]) -> DoubleArray:
    """Return (n_buckets, n_blocks) float64 for data too small to learn from.

    Notes
    -----
    Newcomers lean on popularity and on what they declared; history takes over as it grows.
    """
    n_buckets = len(bucket_edges) + 1
    activity = np.linspace(0.0, 1.0, n_buckets)
    table = np.zeros((n_buckets, len(specs)))
    n_popularity = max(sum(spec.kind == "popularity" for spec in specs), 1)
    n_taste = max(sum(spec.kind not in ("popularity", "content") for spec in specs), 1)
    for at, spec in enumerate(specs):
        if spec.kind == "popularity":
            table[:, at] = np.where(activity == 0, 0.6, 0.35 - 0.15 * activity) / n_popularity
        elif spec.kind == "content":
            table[:, at] = 0.8 - 0.5 * activity
        else:
            table[:, at] = (0.2 + 0.6 * activity) / n_taste
    return table


def with_cold_start_minimums(weights: DoubleArray, specs: Sequence[BlockSpec]) -> DoubleArray:
    """Return weights under which nobody's list is arbitrary, and declared tags are felt.

    Parameters
    ----------
    weights : (n_buckets, n_blocks) float64
        As learnt.
    specs : sequence of BlockSpec

    Notes
    -----
    A person of whom the taste blocks know nothing is ranked by popularity, so it keeps a small
    weight everywhere. Validation people declared nothing, so that what a newcomer's declared tags
    are worth cannot be learnt: it is twice the popularity.
    """
    table = np.array(weights, dtype=np.float64)
    popular = np.array([spec.kind == "popularity" for spec in specs])
    content = np.array([spec.kind == "content" for spec in specs])
    if popular.any():
        silent = table[:, popular].sum(axis=1) == 0
        first = int(np.flatnonzero(popular)[0])
        table[silent, first] = 0.01 * np.maximum(table[silent].max(axis=1), 1e-6)
    if content.any():
        at = int(np.flatnonzero(content)[0])
        table[0, at] = max(table[0, at], 2.0 * table[0, popular].sum())
    return table
