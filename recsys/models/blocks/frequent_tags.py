"""Indicator columns of the most frequent tags, as regression features."""

from __future__ import annotations

import numpy as np

from recsys.core.arrays import Csr, DoubleArray, RowArray


def frequent_tags(item_features: Csr, *, max_tags: int, min_items: int = 10) -> RowArray:
    """Return the rising columns of the tags of most items, at most ``max_tags``; ties to the lower.

    A tag of fewer than ``min_items`` items is left out: too few to learn from.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> features = sp.csr_matrix(np.repeat([[1, 0, 1]], 12, axis=0))
    >>> frequent_tags(features, max_tags=64).tolist()
    [0, 2]
    """
    counts = np.bincount(item_features.indices, minlength=item_features.shape[1])
    most = np.argsort(-counts, kind="stable")[:max_tags]
    return np.sort(most[counts[most] >= min_items]).astype(np.int32)


def has_tags(item_features: Csr, tags: RowArray) -> DoubleArray:
    """Return (n_items, len(tags)) float64: 1 where an item has a tag."""
    return np.asarray((item_features[:, tags] > 0).toarray(), dtype=np.float64)
