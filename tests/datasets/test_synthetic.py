"""The made-up world."""

import numpy as np
import pytest

from recsys.core.errors import ConfigError
from recsys.data import Dataset
from recsys.datasets.synthetic import synthetic_world


def test_the_same_seed_makes_the_same_world() -> None:
    frames = [synthetic_world(30, 40, seed=seed)[0].to_frame() for seed in (1, 1, 2)]
    assert frames[0].equals(frames[1])
    assert not frames[0].equals(frames[2])


@pytest.mark.parametrize(
    ("loyalty", "low", "high"), [(0.8, 0.75, 0.95), (0.0, 0.0, 0.3), (1.0, 1.0, 1.0)]
)
def test_people_act_on_their_topic_as_often_as_they_are_loyal(
    loyalty: float, low: float, high: float
) -> None:
    data = Dataset.join(*synthetic_world(200, 300, seed=3, loyalty=loyalty))
    acts = data.events.kind_codes != data.events.kinds.code("post")
    tastes = data.people.column("taste")[data.events.user_rows[acts]]
    topics = data.catalog.column("topic")[data.events.item_rows[acts]]
    assert low <= np.mean(tastes == topics) <= high


def test_nothing_happens_to_an_item_before_it_is_published() -> None:
    data = Dataset.join(*synthetic_world(50, 60))
    published = data.catalog.column("published_at")[data.events.item_rows]
    assert (data.events.occurred_at >= published).all()


def test_the_truth_is_not_among_the_tags_of_people_who_declare_nothing() -> None:
    _, _, people = synthetic_world(30, 40)
    assert people.declared.getnnz(axis=1).tolist() == [1, 0, 0] * 10


def test_the_smallest_world_is_one_person_and_one_item() -> None:
    events, catalog, people = synthetic_world(1, 1)
    assert (catalog.n_items, people.n_users) == (1, 1)
    assert events.n_events > 1


@pytest.mark.parametrize("wrong", [{"n_users": 0}, {"n_items": 0}, {"loyalty": 1.5}])
def test_a_world_needs_somebody_and_something(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="a world must have"):
        synthetic_world(**{"n_users": 5, "n_items": 5, **wrong})  # type: ignore[arg-type]
