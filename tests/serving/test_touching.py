"""Who is folded in again."""

import numpy as np
import pytest

import recsys
from recsys.serving.observed import ObservedSnapshot
from tests.serving.world import tiny_model


def touched(model: recsys.Recommender) -> set[str]:
    snapshot = model.snapshot
    assert isinstance(snapshot, ObservedSnapshot)
    return set(snapshot.users.ids(np.array(sorted(snapshot.overlay.people), np.int32)).tolist())


@pytest.mark.parametrize(
    ("items", "who"),
    [
        ({"item_id": ["g2"], "title": ["g2 again"]}, set()),
        ({"item_id": ["g2"], "tags": ["noise"]}, {"ana", "bo", "cy", "eli"}),
        ({"item_id": ["fresh"], "tags": ["gates"]}, set()),
        ({"item_id": ["fresh"], "tags": ["noise"]}, {"eli"}),
        ({"item_id": ["fresh"], "author_id": ["flo"]}, {"flo"}),
    ],
)
def test_an_item_touches_who_took_made_or_muted_it(
    items: dict[str, list[str]], who: set[str]
) -> None:
    users = recsys.People.from_frame({"user_id": ["eli"], "muted_tags": ["noise"]})
    assert touched(tiny_model(users=users).observe(items=items)) == who
