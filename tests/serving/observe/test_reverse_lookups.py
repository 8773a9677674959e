"""A snapshot turned round."""

import numpy as np

from recsys.serving.observe.reverse_lookups import Lookups, ticks
from tests.serving.world import tiny_catalog, tiny_model


def test_every_way_of_asking_finds_what_the_rows_say() -> None:
    ends = ["2024-05-01T00:00:00Z", None, "2024-04-01T00:00:00Z", *[None] * 5]
    catalog = tiny_catalog(expires_at=ends, author_id=["x", "bo", *[None] * 6])
    snapshot = tiny_model(catalog).snapshot
    lookups = Lookups(snapshot)
    gus = snapshot.users.row("gus")
    assert lookups.awaiting_author == {"x": [0]}
    assert lookups.makers[snapshot.items.row("g4")][1] == gus
    assert lookups.expired_by(np.datetime64("2024-04-15", "us")).tolist() == [2]
    assert lookups.expired_by(np.datetime64("NaT", "us")).tolist() == []
    assert lookups.event_ids == frozenset()
    assert lookups.takers.shape == snapshot.queries.history.shape
    assert np.isnat(lookups.published).all()


def test_an_unknown_time_is_the_latest() -> None:
    times = np.array(["2024-01-01", "NaT"], "datetime64[us]")
    assert ticks(times)[1] > ticks(times)[0]
