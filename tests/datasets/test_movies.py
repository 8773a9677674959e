"""The embedded films."""

import numpy as np

from recsys.datasets.movies import load_movies


def test_the_numbers_are_the_published_ones() -> None:
    events, catalog = load_movies()
    assert (events.n_events, events.n_users, catalog.n_items) == (68055, 4333, 2414)
    assert [np.nanmin(events.values), np.nanmax(events.values)] == [0.0, 10.0]
    assert events.kinds.names[events.kind_codes[0]] == "rate"


def test_ids_keep_their_zeros() -> None:
    events, catalog = load_movies()
    assert "0013442" in catalog.items
    assert (catalog.items.rows(events.items.ids()) >= 0).all()


def test_every_film_has_a_title_and_a_format() -> None:
    _, catalog = load_movies()
    assert not any(one is None for one in catalog.column("title"))
    assert set(catalog.column("format")) == {"movie"}
    assert "Drama" in catalog.tag_names
