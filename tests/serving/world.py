"""A tiny community that the tests of serving share, and one made up by the library."""

from __future__ import annotations

from functools import cache
from typing import Any

import recsys
from recsys.datasets import synthetic_world

DAY = "2024-03-{:02d}T12:00:00Z"

FAST: dict[str, Any] = {"preset": "fast"}


def tiny_events() -> recsys.EventLog:
    """Two circles of taste: ana, bo and cy like gates; dee, eli and flo like noise."""
    rows = [
        ("ana", "g1", "answer", 1), ("ana", "g2", "comment", 2), ("bo", "g1", "answer", 2),
        ("bo", "g2", "view", 3), ("bo", "g3", "like", 4), ("cy", "g2", "view", 5),
        ("cy", "g3", "view", 6), ("dee", "n1", "answer", 1), ("dee", "n2", "view", 3),
        ("eli", "n1", "view", 4), ("eli", "n2", "like", 6), ("eli", "n3", "view", 7),
        ("flo", "n2", "view", 8), ("flo", "n3", "comment", 9), ("gus", "g4", "ask", 5),
        ("gus", "g4", "comment", 6), ("hal", "n1", "hide", 6), ("hal", "g1", "view", 7),
    ]  # fmt: skip
    users, items, kinds, days = zip(*rows, strict=True)
    return recsys.EventLog.from_frame(
        {
            "user_id": list(users),
            "item_id": list(items),
            "kind": list(kinds),
            "occurred_at": [DAY.format(day) for day in days],
        }
    )


def tiny_catalog(**columns: list[Any]) -> recsys.Catalog:
    """Eight items; ``new`` has tags and no event."""
    ids = ["g1", "g2", "g3", "g4", "n1", "n2", "n3", "new"]
    tags = ["gates", "gates|circuits", "gates", "gates", "noise", "noise|errors", "noise", "noise"]
    formats = [
        "question",
        "video",
        "question",
        "question",
        "video",
        "question",
        "question",
        "video",
    ]
    return recsys.Catalog.from_frame(
        {
            "item_id": ids,
            "tags": tags,
            "format": formats,
            "title": [f"On {i}" for i in ids],
            **columns,
        }
    )


def tiny_model(
    catalog: recsys.Catalog | None = None, users: recsys.People | None = None, **config: Any
) -> recsys.Recommender:
    """Fit on the tiny community."""
    settings = recsys.RecommenderConfig(**{**FAST, **config})
    return recsys.Recommender.fit(
        tiny_events(), catalog or tiny_catalog(), users=users, config=settings
    )


@cache
def made_up_model(preset: str = "fast") -> recsys.Recommender:
    """Fit on a made-up world of 120 people and 80 items; shared, since models never change."""
    events, catalog, people = synthetic_world(120, 80, seed=3)
    config = recsys.RecommenderConfig.from_dict({"preset": preset})
    return recsys.Recommender.fit(events, catalog, users=people, config=config)


@cache
def tiny_shared() -> recsys.Recommender:
    """Fit on the tiny community once for all tests that change nothing about it."""
    return tiny_model()
