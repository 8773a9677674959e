"""Items like these, by direction in the space of taste."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import RowArray
from recsys.core.topk import TopK
from recsys.ranking import parse_filter
from recsys.serving.constraints import Where
from recsys.serving.snapshot import Snapshot


def similar_rows(snapshot: Snapshot, item_rows: RowArray, *, k: int, where: Where) -> TopK:
    """Return the ``k`` most similar allowed items of each item, itself left out.

    Notes
    -----
    Items that are not for everybody are left out: no person is asking.
    """
    snapshot = snapshot.whole
    vectors = snapshot.similarity
    allowed = snapshot.eligible & snapshot.is_for_all
    if where is not None:
        allowed = allowed & parse_filter(where).mask(snapshot.columns)
    n_queries = len(item_rows)
    itself = sp.csr_matrix(
        (np.ones(n_queries, np.float32), (np.arange(n_queries), item_rows)),
        shape=(n_queries, snapshot.n_items),
    )
    queries = np.ascontiguousarray(vectors.vectors[item_rows])
    n_best = min(k, snapshot.n_items)
    return vectors.search(queries, k=n_best, exclude=itself, allowed=allowed)
