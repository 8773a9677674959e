"""Observing: the same whatever the pieces, and the same as whole arrays."""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import recsys
from recsys.data import interaction_matrix, positive_events
from recsys.models import Queries
from recsys.serving import Recommender
from tests.serving.world import made_up_model, tiny_catalog, tiny_events

Row = tuple[str, str, str, int]

PEOPLE = ["ana", "bo", "dee", "gus", "hal", "new-1", "new-2"]
ITEMS = ["g1", "g2", "g4", "n1", "n3", "new", "late-1", "late-2"]
KINDS = ["view", "like", "hide", "ask", "answer"]

SLOW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@cache
def model() -> Recommender:
    """Fit every sort of block there is on the tiny community, with mutes and an author to come."""
    kinds = ("popularity", "affinity", "content", "spectral", "feature_als", "cooccurrence", "ease")
    blocks: list[dict[str, Any]] = [{"kind": kind} for kind in kinds]
    blocks[3]["settings"] = {"n_factors": 3}
    blocks[4]["settings"] = {"n_factors": 3}
    blocks.append({"kind": "popularity", "name": "ever", "settings": {"half_life_days": None}})
    weights = {block.get("name", block["kind"]): [1.0] for block in blocks}
    users = recsys.People.from_frame(
        {
            "user_id": ["bo", "eli", "quiet"],
            "muted_tags": ["errors", None, None],
            "muted_authors": [None, "new-1", None],
            "declared_tags": ["circuits", None, "noise"],
            "consent": [None, None, "digest"],
        }
    )
    authors = [None, None, "new-2", None, None, "dee", None, None]
    config = recsys.RecommenderConfig.from_dict({"hybrid": {"blocks": blocks, "weights": weights}})
    return Recommender.fit(
        tiny_events(), tiny_catalog(author_id=authors), users=users, config=config
    )


def moment(day: int) -> str:
    return f"2024-03-{day:02d}T09:00:00Z"


def log(rows: list[Row]) -> recsys.EventLog:
    users, items, kinds, days = zip(*rows, strict=True) if rows else ((), (), (), ())
    return recsys.EventLog.from_frame(
        {
            "user_id": list(users),
            "item_id": list(items),
            "kind": list(kinds),
            "occurred_at": [moment(day) for day in days],
        }
    )


rows_of_events = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(ITEMS),
        st.sampled_from(KINDS),
        st.integers(1, 15),
    ),
    max_size=8,
)
item_rows = st.lists(
    st.tuples(
        st.sampled_from([*ITEMS, "late-3"]),
        st.sampled_from(["gates", "noise|errors", "circuits", None]),
        st.sampled_from(["active", "blocked", None]),
        st.sampled_from(["ana", "new-1", None]),
    ),
    max_size=3,
    unique_by=lambda row: row[0],
)


def catalog(rows: list[tuple[Any, ...]]) -> recsys.Catalog | None:
    if not rows:
        return None
    ids, tags, status, authors = zip(*rows, strict=True)
    return recsys.Catalog.from_frame(
        {
            "item_id": list(ids),
            "tags": list(tags),
            "status": list(status),
            "author_id": list(authors),
        }
    )


def state(one: Recommender) -> dict[str, Any]:
    """Return everything that answers depend on, by ids: rows depend on the order of arrival."""
    people = sorted([*one.users, "stranger"])
    items = sorted(one.items)
    everything = one.recommend(people, k=len(items))
    lists = {
        person: dict(zip(ids.tolist(), scores.tolist(), strict=True))
        for person, ids, scores in zip(people, everything.item_ids, everything.scores, strict=True)
    }
    return {
        "people": people,
        "items": items,
        "now": one.now,
        "scores": one.score(people, items),
        "known": everything.known.tolist(),
        "shown": {person: sorted(x for x in found if x) for person, found in lists.items()},
        "similar": sorted(filter(None, one.similar_items(["g1"], k=99).item_ids[0])),
    }


def assert_equal(one: Recommender, other: Recommender) -> None:
    mine, theirs = state(one), state(other)
    np.testing.assert_allclose(mine.pop("scores"), theirs.pop("scores"), rtol=1e-5, atol=1e-5)
    assert mine == theirs


@SLOW
@given(rows=rows_of_events, cut=st.integers(0, 8), items=item_rows)
def test_one_piece_after_the_other_equals_both_at_once(
    rows: list[Row], cut: int, items: list[tuple[Any, ...]]
) -> None:
    given_items = catalog(items)
    together = model().observe(log(rows), given_items)
    assert_equal(model().observe(log(rows[:cut]), given_items).observe(log(rows[cut:])), together)
    assert_equal(model().observe(log(rows[:cut])).observe(log(rows[cut:]), given_items), together)


@SLOW
@given(rows=rows_of_events, seed=st.integers(0, 99))
def test_the_order_of_events_does_not_matter(rows: list[Row], seed: int) -> None:
    shuffled = [rows[at] for at in np.random.default_rng(seed).permutation(len(rows))]
    assert_equal(model().observe(log(rows)), model().observe(log(shuffled)))
    one_by_one = model()
    for row in shuffled:
        one_by_one = one_by_one.observe(log([row]))
    assert_equal(one_by_one, model().observe(log(rows)))


@SLOW
@given(rows=rows_of_events, items=item_rows)
def test_the_same_events_twice_change_nothing(
    rows: list[Row], items: list[tuple[Any, ...]]
) -> None:
    once = model().observe(log(rows), catalog(items))
    twice = once.observe(log(rows), catalog(items))
    assert twice.last_change.n_events == 0
    assert twice.last_change.n_repeated_events == log(rows).n_events
    assert_equal(twice, once)


@SLOW
@given(rows=rows_of_events, items=item_rows)
def test_it_answers_like_the_same_state_in_whole_arrays(
    rows: list[Row], items: list[tuple[Any, ...]]
) -> None:
    observed = model().observe(log(rows), catalog(items))
    whole = Recommender(observed.snapshot)
    mine, theirs = state(observed), state(whole)
    np.testing.assert_allclose(mine.pop("scores"), theirs.pop("scores"), rtol=1e-6, atol=1e-6)
    assert mine == theirs
    for person in ("ana", "new-1", "stranger"):
        for item in ("g2", "n1"):
            parts = {(r.source, str(r.id)): r.value for r in observed.explain(person, item)}
            again = {(r.source, str(r.id)): r.value for r in whole.explain(person, item)}
            assert parts.keys() == again.keys()
            np.testing.assert_allclose(
                list(parts.values()), [again[key] for key in parts], atol=1e-4
            )


@SLOW
@given(rows=rows_of_events, items=item_rows)
def test_what_people_may_not_see_is_what_a_fit_of_the_same_data_says(
    rows: list[Row], items: list[tuple[Any, ...]]
) -> None:
    observed = model().observe(log(rows), catalog(items))
    again = Recommender.fit(
        observed.dataset.events,
        observed.dataset.catalog,
        users=observed.dataset.people,
        now=observed.now,
        config=recsys.RecommenderConfig(model="popularity"),
    )
    for row, person in enumerate(observed.users):
        mine = observed.items.ids(observed.view.muted_rows(row)).tolist()
        theirs = again.items.ids(again.view.muted_rows(again.users.row(person))).tolist()
        assert sorted(mine) == sorted(theirs)
    for name in ("seen", "disliked", "own"):
        mine, theirs = getattr(observed.snapshot, name), getattr(again.snapshot, name)
        assert pairs(observed, mine) == pairs(again, theirs), name
    assert pairs(observed, observed.snapshot.queries.history) == pairs(
        again, again.snapshot.queries.history
    )


def pairs(one: Recommender, matrix: Any) -> set[tuple[str, str]]:
    cells = matrix.tocoo()
    return set(
        zip(one.users.ids(cells.row).tolist(), one.items.ids(cells.col).tolist(), strict=True)
    )


def test_a_hundred_pieces_give_the_vectors_of_one_fold_in_of_everything() -> None:
    start = made_up_model()
    rng = np.random.default_rng(0)
    people, items = list(start.users), list(start.items)
    rows = [
        (str(rng.choice(people)), str(rng.choice(items)), "view", int(rng.integers(1, 28)))
        for _ in range(400)
    ]
    later = start
    for at in range(0, 400, 4):
        later = later.observe(log(rows[at : at + 4]))
    assert later.dataset.events.n_events == start.dataset.events.n_events + log(rows).n_events
    before, after = start.snapshot.model.item_factors, later.snapshot.model.item_factors
    popular = np.array(
        [start.snapshot.model.blocks[at].name.startswith("popularity")
         for at in start.snapshot.model._owner]
    )  # fmt: skip
    np.testing.assert_array_equal(before[:, ~popular], after[:, ~popular])
    dataset, config = later.dataset, later.config.interactions
    timed = positive_events(dataset, now=np.datetime64("NaT"), config=config)
    history = interaction_matrix(timed, dataset.shape, config=config)
    np.testing.assert_allclose(later.snapshot.queries.history.data, history.data, rtol=1e-6)
    queries = later.snapshot.queries
    whole = Queries(history, queries.age_days, queries.tags)
    vectors = start.snapshot.model.states(whole).vectors
    np.testing.assert_allclose(later.snapshot.states.vectors, vectors, atol=1e-5)


def test_readers_see_whole_snapshots_only_while_it_is_swapped_a_thousand_times() -> None:
    chain = [model()]
    expected: dict[str, Any] = {}
    wrong: list[str] = []
    seen: set[str] = set()
    done = threading.Event()
    current = [model()]

    def read() -> None:
        while not done.is_set():
            one = current[0]
            top = one.recommend(["ana"], k=20)
            got = top.item_ids[0].tolist(), top.scores[0].tolist()
            if top.model_version != one.version:
                wrong.append(one.version)
            if expected.setdefault(one.version, got) != got:
                wrong.append(one.version)
            seen.add(one.version)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for one in readers:
        one.start()
    for at in range(1000):
        if at < 40:
            event = {"user_id": ["ana"], "item_id": [f"x{at}"], "kind": [KINDS[at % 3]],
                     "occurred_at": [f"2024-03-12T00:{at:02d}:00Z"]}  # fmt: skip
            chain.append(chain[-1].observe(event))
        current[0] = chain[at % len(chain)]
        time.sleep(0.001)
    done.set()
    for one in readers:
        one.join()
    assert not wrong
    assert len(seen) > 10


def test_the_old_recommender_stays_as_it_was() -> None:
    before = state(model())
    model().observe(log([("ana", "n1", "hide", 9), ("new-1", "late-1", "like", 12)]))
    after = state(model())
    np.testing.assert_array_equal(before.pop("scores"), after.pop("scores"))
    assert before == after
