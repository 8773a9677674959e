"""Items described anew."""

import numpy as np
import pytest

import recsys
from recsys.serving.observe.snapshot import DeltaSnapshot
from tests.serving.world import tiny_catalog, tiny_model, tiny_shared


def author(model: object, item: str) -> object:
    dataset = model.dataset  # type: ignore[attr-defined]
    return dataset.users.id(int(dataset.author_rows[dataset.items.row(item)]))


def asked(person: str, item: str, day: int) -> dict[str, list[str]]:
    return {
        "user_id": [person],
        "item_id": [item],
        "kind": ["ask"],
        "occurred_at": [f"2024-03-{day:02d}T00:00:00Z"],
    }


def test_the_first_to_ask_is_the_author_whenever_it_is_heard() -> None:
    later = tiny_shared().observe(asked("bo", "q", 9)).observe(asked("ana", "q", 8))
    assert author(later, "q") == "ana"
    assert author(later.observe(asked("cy", "q", 10)), "q") == "ana"


def test_an_author_given_counts_more_and_is_known_once_they_act() -> None:
    authors = ["zed", *[None] * 7]
    model = tiny_model(tiny_catalog(author_id=authors))
    assert author(model, "g1") is None
    later = model.observe({"user_id": ["zed"], "item_id": ["n1"]})
    assert author(later, "g1") == "zed"
    assert "g1" not in later.recommend(["zed"], k=20).item_ids[0]
    told = model.observe(items={"item_id": ["new-one"], "author_id": ["yan"]})
    told = told.observe({"user_id": ["yan"], "item_id": ["n1"]})
    assert author(told, "new-one") == "yan"


def test_what_is_not_said_of_an_item_stays() -> None:
    later = tiny_shared().observe(items={"item_id": ["g2"], "title": ["Other"]})
    catalog = later.dataset.catalog
    row = later.items.row("g2")
    assert catalog.column("title")[row] == "Other"
    assert catalog.column("format")[row] == "video"
    assert catalog.tag_mask("circuits")[row]


def touched(model: recsys.Recommender) -> set[str]:
    snapshot = model.view
    assert isinstance(snapshot, DeltaSnapshot)
    return set(snapshot.users.ids(np.array(sorted(snapshot.delta.people), np.int32)).tolist())


@pytest.mark.parametrize(
    ("items", "who"),
    [
        ({"item_id": ["g2"], "title": ["g2 again"]}, set()),
        ({"item_id": ["g2"], "tags": ["noise"]}, {"ana", "bo", "cy"}),
        ({"item_id": ["fresh"], "tags": ["gates"]}, set()),
        ({"item_id": ["fresh"], "tags": ["noise"]}, set()),
        ({"item_id": ["fresh"], "author_id": ["flo"]}, {"flo"}),
    ],
)
def test_an_item_touches_who_took_or_made_it(items: dict[str, list[str]], who: set[str]) -> None:
    users = recsys.People.from_frame({"user_id": ["eli"], "muted_tags": ["noise"]})
    assert touched(tiny_model(users=users).observe(items=items)) == who
