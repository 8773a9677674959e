"""Synthetic data with known preferences: each person has a favourite topic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.errors import ConfigError
from recsys.core.rng import named_rng
from recsys.data import Catalog, EventLog, People

START = np.datetime64("2024-01-01T00:00:00", "us")
DAYS = 90
EVENTS_PER_USER = 20
TOPICS = ("baking", "chess", "cycling", "gardening", "jazz", "knitting", "sailing", "stars")
KINDS = ("view", "like", "comment", "bookmark")
KIND_SHARES = (0.6, 0.2, 0.1, 0.1)


def synthetic_world(
    n_users: int, n_items: int, *, seed: int = 0, loyalty: float = 0.8
) -> tuple[EventLog, Catalog, People]:
    """Return people who mostly act on items of the topic they like.

    Parameters
    ----------
    n_users, n_items : int
        At least 1.
    seed : int
        Fixes every draw.
    loyalty : float
        The share of a person's events that are on their own topic, in [0, 1]; the others are on
        any item. Within both, few items are popular and most are not.

    Returns
    -------
    tuple of EventLog, Catalog and People
        The truth is in the attribute ``topic`` of items and ``taste`` of people (not a tag, so
        that no profile sees it). Every item has its topic as a tag, and one further tag; every
        third person declares their topic. The first item of each author has a ``post`` event.

    Raises
    ------
    ConfigError
        If a number is out of range.

    Examples
    --------
    >>> events, catalog, people = synthetic_world(20, 30, seed=1)
    >>> catalog.n_items, people.n_users, events.has_times
    (30, 20, True)
    """
    if n_users < 1 or n_items < 1 or not 0 <= loyalty <= 1:
        raise ConfigError(
            "a world must have n_users >= 1, n_items >= 1 and loyalty in 0..1; "
            f"got {n_users}, {n_items} and {loyalty}."
        )
    rng = named_rng(seed, "synthetic_world")
    item_topics = rng.integers(len(TOPICS), size=n_items)
    tastes = item_topics[rng.integers(n_items, size=n_users)]  # nobody likes an empty topic
    authors = rng.integers(n_users, size=n_items)
    births = np.sort(rng.integers(DAYS // 2 * 86_400, size=n_items))
    events = _events(rng, tastes, item_topics, births=births, authors=authors, loyalty=loyalty)
    return events, _catalog(rng, item_topics, births, authors), _people(tastes)


def _events(
    rng: np.random.Generator,
    tastes: npt.NDArray[np.int64],
    item_topics: npt.NDArray[np.int64],
    *,
    births: npt.NDArray[np.int64],
    authors: npt.NDArray[np.int64],
    loyalty: float,
) -> EventLog:
    n_events = EVENTS_PER_USER * len(tastes)
    users = np.repeat(np.arange(len(tastes)), EVENTS_PER_USER)
    items = _popular(rng, np.arange(len(item_topics)), n_events)
    loyal = rng.random(n_events) < loyalty
    for topic in range(len(TOPICS)):
        theirs = np.flatnonzero(loyal & (tastes[users] == topic))
        if len(theirs):
            items[theirs] = _popular(rng, np.flatnonzero(item_topics == topic), len(theirs))
    seconds = births[items] + (rng.random(n_events) * (DAYS * 86_400 - births[items])).astype(int)
    kinds = rng.choice(KINDS, size=n_events, p=KIND_SHARES)
    posted = np.unique(authors, return_index=True)[1]
    return EventLog.from_frame(
        {
            "user_id": _names("u", np.append(authors[posted], users)),
            "item_id": _names("i", np.append(posted, items)),
            "kind": np.append(["post"] * len(posted), kinds),
            "occurred_at": START + np.append(births[posted], seconds).astype("timedelta64[s]"),
        }
    )


def _popular(
    rng: np.random.Generator, items: npt.NDArray[np.int64], n: int
) -> npt.NDArray[np.int64]:
    """Draw ``n`` of the items, the earlier ones more often (Zipf's law)."""
    shares = 1.0 / np.arange(1, len(items) + 1)
    drawn: npt.NDArray[np.int64] = rng.choice(items, size=n, p=shares / shares.sum())
    return drawn


def _catalog(
    rng: np.random.Generator,
    item_topics: npt.NDArray[np.int64],
    births: npt.NDArray[np.int64],
    authors: npt.NDArray[np.int64],
) -> Catalog:
    n_items = len(item_topics)
    topics = np.array(TOPICS)[item_topics]
    second = np.array(TOPICS)[rng.integers(len(TOPICS), size=n_items)]
    formats = np.array(["article", "video", "question"])[rng.integers(3, size=n_items)]
    return Catalog.from_frame(
        {
            "item_id": _names("i", np.arange(n_items)),
            "title": [f"About {topic}, no. {at}" for at, topic in enumerate(topics.tolist())],
            "tags": [f"{a}|{b}" for a, b in zip(topics, second, strict=True)],
            "format": formats,
            "author_id": _names("u", authors),
            "published_at": START + births.astype("timedelta64[s]"),
            "topic": topics,
        }
    )


def _people(tastes: npt.NDArray[np.int64]) -> People:
    topics = [TOPICS[taste] for taste in tastes.tolist()]
    return People.from_frame(
        {
            "user_id": _names("u", np.arange(len(topics))),
            "declared_tags": [topic if at % 3 == 0 else None for at, topic in enumerate(topics)],
            "taste": topics,
        }
    )


def _names(letter: str, numbers: npt.NDArray[np.int64]) -> list[str]:
    return [f"{letter}{number}" for number in numbers.tolist()]
