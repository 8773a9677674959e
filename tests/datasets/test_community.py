"""The embedded community."""

import numpy as np

from recsys.data import Dataset
from recsys.datasets.community import LATER_TOTALS, load_community


def test_the_numbers_are_the_published_ones() -> None:
    events, catalog, people = load_community()
    assert (events.n_events, catalog.n_items, people.n_users) == (5788, 612, 555)
    assert len(catalog.tag_names) == 154
    assert events.n_dropped_duplicates == 0
    counts = np.bincount(events.kind_codes, minlength=len(events.kinds))
    named = {k.name: int(n) for k, n in zip(events.kinds, counts, strict=True) if n}
    assert named == {"ask": 611, "answer": 1059, "comment": 3412, "favorite": 706}


def test_totals_counted_after_the_fact_are_left_out() -> None:
    _, catalog, people = load_community()
    assert not any(catalog.has(name) or people.has(name) for name in LATER_TOTALS)


def test_the_author_is_who_asked() -> None:
    events, catalog, _ = load_community()
    ask = events.kinds.code("ask")
    first = int(np.flatnonzero(events.kind_codes == ask)[0])
    row = catalog.items.row(events.items.id(int(events.item_rows[first])))
    assert catalog.column("author_id")[row] == events.users.id(int(events.user_rows[first]))
    assert sum(one is None for one in catalog.column("author_id")) == 1


def test_a_fifth_of_the_acts_are_on_ones_own_question() -> None:
    data = Dataset.join(*load_community())
    events = data.events
    others = events.kind_codes != events.kinds.code("ask")
    own = data.author_rows[events.item_rows] == events.user_rows
    assert 0.20 < own[others].mean() < 0.22


def test_each_question_has_its_attribution() -> None:
    _, catalog, _ = load_community()
    assert set(catalog.column("format")) == {"question"}
    assert all(one.startswith("https://quantumcomputing.") for one in catalog.column("url"))
