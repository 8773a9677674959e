"""Add a filter operator: ``title contains word``, in filters and in ``visible_to``."""

from typing import Any

import numpy as np

import recsys
from recsys.datasets import load_community
from recsys.ranking import OPERATORS


def contains(column: Any, values: tuple[str | None, ...]) -> Any:
    """Say where a text holds one of the words, in any case; never where it was not given."""
    words = [value.lower() for value in values if value is not None]
    texts = [str(cell).lower() if cell is not None else "" for cell in column]
    return np.array([any(word in text for word in words) for text in texts], dtype=bool)


OPERATORS["contains"] = contains

if __name__ == "__main__":
    events, catalog, _ = load_community()
    config = recsys.RecommenderConfig(model="popularity")
    model = recsys.Recommender.fit(events, catalog, config=config)
    titles = dict(zip(catalog.items, catalog.column("title"), strict=True))
    where = "title contains (gate, circuit) and tags has quantum-gate"
    for item_id in model.recommend([events.users.id(0)], k=3, where=where).item_ids[0]:
        print(titles[item_id])
