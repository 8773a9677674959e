"""A snapshot turned round."""

import numpy as np

import recsys
from recsys.serving.observe.reverse_lookups import Lookups, ticks
from tests.serving.world import tiny_catalog, tiny_model


def test_every_way_of_asking_finds_what_the_rows_say() -> None:
    users = recsys.People.from_frame(
        {"user_id": ["bo", "ana"], "muted_tags": ["gates", None], "muted_authors": [None, "x"]}
    )
    ends = ["2024-05-01T00:00:00Z", None, "2024-04-01T00:00:00Z", *[None] * 5]
    catalog = tiny_catalog(expires_at=ends, author_id=["x", "bo", *[None] * 6])
    snapshot = tiny_model(catalog, users).snapshot
    lookups = Lookups(snapshot)
    bo, ana, gus = snapshot.users.rows(["bo", "ana", "gus"]).tolist()
    assert np.flatnonzero(lookups.muting).tolist() == sorted([bo, ana])
    assert lookups.muters_by_author == {"x": [ana]}
    assert lookups.awaiting_author == {"x": [0]}
    assert lookups.items_by_author["bo"].tolist() == [1]
    assert lookups.makers[snapshot.items.row("g4")][1] == gus
    assert lookups.expired_by(np.datetime64("2024-04-15", "us")).tolist() == [2]
    assert lookups.expired_by(np.datetime64("NaT", "us")).tolist() == []
    assert lookups.event_ids == frozenset()
    assert set(lookups.muters.indices.tolist()) == {bo, ana}
    assert lookups.takers.shape == snapshot.queries.history.shape
    gates = snapshot.tags.match(["gates"])[0]
    assert set(lookups.items_by_tag[gates].indices.tolist()) == {0, 1, 2, 3}
    assert lookups.muters_by_tag[gates].indices.tolist() == [bo]
    assert np.isnat(lookups.published).all()


def test_an_unknown_time_is_the_latest() -> None:
    times = np.array(["2024-01-01", "NaT"], "datetime64[us]")
    assert ticks(times)[1] > ticks(times)[0]
