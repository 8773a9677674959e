"""A letter, a small community, and a model that ranks by a plain rule: what the tests share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recsys.core.arrays import NO_ROW, objects
from recsys.data import Catalog, Dataset, EventLog, People
from recsys.digest import Digest, Entry, EntryReason

NOW = np.datetime64("2018-09-01T09:00:00", "us")


@pytest.fixture
def letter() -> Digest:
    why = (EntryReason("because you answered ‹q1›", "item", 0.5),)
    return Digest(
        user_id="ana",
        issue="2018-09-01",
        as_of="2018-09-01T00:00:00Z",
        subject="1 pick",
        known=True,
        items=(Entry(1, "q7", "Why?", None, 0.5, why),),
        shortfall="1 of 10 items",
    )


@dataclass
class PlainModel:
    """Ranks items by row, for everybody alike, and does what :class:`Recommends` asks, no more."""

    dataset: Dataset
    now: np.datetime64 = NOW
    version: str = "plain-1"
    calls: list[SimpleNamespace] = field(default_factory=list)
    fail_at_call: int | None = None

    def recommend(
        self,
        user_ids: Sequence[Any],
        k: int = 10,
        *,
        where: object = None,
        explain: bool = False,
        candidates: Sequence[Any] | None = None,
        exclude: Sequence[Any] | None = None,
    ) -> Any:
        if self.fail_at_call is not None and len(self.calls) >= self.fail_at_call:
            raise RuntimeError("the model broke")
        self.calls.append(SimpleNamespace(n=len(user_ids), k=k, where=where, explain=explain))
        n_items = len(self.dataset.items)
        rows = np.full((len(user_ids), k), NO_ROW, dtype=np.int32)
        for line in range(len(user_ids)):
            left = np.ones(n_items, dtype=bool)
            if candidates is not None:
                left[:] = False
                left[self.dataset.items.rows(candidates[line])] = True
            if exclude is not None and len(exclude[line]):
                left[self.dataset.items.rows(exclude[line])] = False
            best = np.flatnonzero(left)[:k]
            rows[line, : len(best)] = best
        ids = self.dataset.items.ids(rows.ravel()).reshape(rows.shape)
        scores = np.where(rows == NO_ROW, -np.inf, 1 - rows / n_items).astype(np.float32)
        return SimpleNamespace(
            item_ids=ids,
            scores=scores,
            known=self.dataset.users.rows(list(user_ids)) != NO_ROW,
            reasons=self._reasons(ids, scores) if explain else None,
        )

    @staticmethod
    def _reasons(ids: Any, scores: Any) -> Any:
        return tuple(
            tuple(
                (SimpleNamespace(text=f"because of {one}", source="tag", value=score),)
                for one, score in zip(line, values, strict=True)
                if one is not None
            )
            for line, values in zip(ids, scores.tolist(), strict=True)
        )


def community(n_items: int = 60, users: Sequence[Any] = ("ana", "bo", "cy", "di")) -> Dataset:
    """Items q0.. of 10 authors and 6 topics; the people's consent and status as the tests need."""
    items = [f"q{number}" for number in range(n_items)]
    catalog = Catalog.from_frame(
        {
            "item_id": items,
            "title": [f"Title {number}" for number in range(n_items)],
            "text": ["Some <b>bold</b> text."] * n_items,
            "author_id": [f"author{number % 10}" for number in range(n_items)],
            "tags": [
                f"topic{number % 6}|even" if number % 2 == 0 else f"topic{number % 6}"
                for number in range(n_items)
            ],
            "url": [f"https://example.org/{one}" for one in items],
            "published_at": ["2018-08-01T00:00:00Z"] * n_items,
        }
    )
    people = People.from_frame({"user_id": objects(users).tolist()})
    return Dataset.join(EventLog.empty(), catalog, people)


@pytest.fixture
def model() -> PlainModel:
    return PlainModel(community())


@pytest.fixture
def make_model() -> Callable[..., PlainModel]:
    def make(dataset: Dataset | None = None, **settings: Any) -> PlainModel:
        return PlainModel(community() if dataset is None else dataset, **settings)

    return make


@pytest.fixture
def make_community() -> Callable[..., Dataset]:
    return community
