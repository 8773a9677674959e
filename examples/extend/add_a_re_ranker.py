"""Add a re-ranker: maximal marginal relevance over the candidates of ``recommend``."""

from typing import Any

import numpy as np

import recsys
from recsys.datasets import load_community


def diversified(model: recsys.Recommender, user_ids: Any, *, k: int, weight: float = 0.5) -> Any:
    """Return (n_users, k) item ids: each next item is relevant and unlike those before it.

    An item's value is ``(1 - weight) * s - weight * c``, with s its score, scaled to [0, 1] within
    the list, and c its largest cosine with the items chosen before it.
    """
    found = model.recommend(user_ids, k=10 * k)  # filters, seen items and mutes are applied here
    profiles = model.item_profiles.matrix  # (n_items, n_tags) csr, rows of length 1
    lists = np.full((len(found.item_ids), k), None, dtype=object)
    for line, (item_ids, scores) in enumerate(zip(found.item_ids, found.scores, strict=True)):
        left = np.flatnonzero(np.isfinite(scores))  # short lists end in None and -inf
        rows = model.items.rows(list(item_ids[left]))
        likeness = (profiles[rows] @ profiles[rows].T).toarray()
        relevance = (scores[left] - scores[left].min()) / max(float(np.ptp(scores[left])), 1e-9)
        nearest = np.zeros(len(left))
        for place in range(min(k, len(left))):
            best = int(np.argmax((1 - weight) * relevance - weight * nearest))
            lists[line, place] = item_ids[left[best]]
            relevance[best] = -np.inf
            nearest = np.maximum(nearest, likeness[best])
    return lists


if __name__ == "__main__":
    events, catalog, people = load_community()
    config = recsys.RecommenderConfig(preset="fast")
    fitted = recsys.Recommender.fit(events, catalog, users=people, config=config)
    someone = events.users.id(0)
    print("as ranked:  ", fitted.recommend([someone], k=5).item_ids[0])
    print("diversified:", diversified(fitted, [someone], k=5)[0])
