"""People folded in again."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import recsys
from recsys.serving.observe.delta import DeltaView, SnapshotDelta
from recsys.serving.observe.fold_in import fold_in, own_items, taste
from tests.serving.observe.test_delta import observed
from tests.serving.world import made_up_model, tiny_model


def test_folding_in_who_did_nothing_new_changes_nothing() -> None:
    base = made_up_model().snapshot
    view = DeltaView(base, SnapshotDelta.empty(base))
    rows = np.arange(base.n_users, dtype=np.int32)
    people = fold_in(view, rows, base.model)
    for row in rows.tolist():
        np.testing.assert_allclose(people[row].vector, base.states.vectors[row], atol=1e-5)
        assert people[row].seen.tolist() == sorted(base.seen[row].indices.tolist())
        assert people[row].own.tolist() == sorted(base.own[row].indices.tolist())
    assert fold_in(view, rows[:0], base.model) == {}
    assert taste(view, rows).n_events == sum(one.taste.n_events for one in people.values())


def in_turns(first: int, last: int) -> recsys.EventLog:
    """Events without times of 240 people, from one place of their lists to another."""
    rng = np.random.default_rng(0)
    users, items = [], []
    for person in range(240):
        kinds = rng.permutation(6)[:4]
        mine = [6 * at + kind for kind in kinds for at in rng.permutation(10)[:5]]
        users += [f"u{person}"] * (last - first)
        items += [f"i{item}" for item in mine[first:last]]
    return recsys.EventLog.from_frame({"user_id": users, "item_id": items})


@cache
def in_order() -> recsys.Recommender:
    return recsys.Recommender.fit(in_turns(0, 18))


def test_without_times_ages_are_counted_in_events_as_the_fit_does() -> None:
    base = in_order().snapshot
    assert base.lineage.in_order
    assert base.queries.age_days.max() == 17
    rows = np.arange(base.n_users, dtype=np.int32)
    people = fold_in(DeltaView(base, SnapshotDelta.empty(base)), rows, base.model)
    for row in rows.tolist():
        assert (
            people[row].age_days.tolist()
            == base.queries.take(rows[row : row + 1]).age_days.tolist()
        )
        np.testing.assert_allclose(people[row].vector, base.states.vectors[row], atol=1e-5)


def test_what_is_observed_without_times_came_last(tmp_path: Path) -> None:
    later = in_turns(18, 20)
    once = in_order().observe(later)
    twice = in_order().observe(in_turns(18, 19)).observe(in_turns(19, 20))
    config = recsys.RecommenderConfig(keep_events=False)
    recsys.Recommender.fit(in_turns(0, 18), config=config).save(tmp_path / "model")
    loaded = recsys.load(tmp_path / "model").observe(later)
    people = once.snapshot.users.ids()
    for other in (twice, loaded):
        assert other.recommend(people).item_ids.tolist() == once.recommend(people).item_ids.tolist()
    queries = once.snapshot.queries_of(np.arange(240, dtype=np.int32))
    newest = queries.history.indices[queries.age_days == 0]
    assert (
        once.snapshot.items.ids(newest).tolist()
        == in_turns(19, 20).items.ids(in_turns(19, 20).item_rows).tolist()
    )


def test_what_is_observed_with_a_time_came_after_all_without() -> None:
    someone = in_order().users.id(0)
    item = in_order().items.id(0)
    event = {"user_id": [someone], "item_id": [item], "occurred_at": ["2024-01-01T00:00:00Z"]}
    after = in_order().observe(event).snapshot
    queries = after.queries_of(after.users.rows([someone]))
    newest = queries.history.indices[queries.age_days == 0]
    assert after.items.ids(newest).tolist() == [item]


def test_they_are_what_a_snapshot_of_everything_would_say() -> None:
    snapshot = observed()
    rows = np.arange(snapshot.n_users, dtype=np.int32)
    own = own_items(snapshot.view, rows)
    zed = snapshot.users.row("zed")
    assert own[zed].tolist() == [snapshot.items.row("late")]
    assert sum(len(one) for one in own) == 2


@pytest.mark.parametrize("days", range(10))
def test_saved_pairs_stand_for_events_not_kept_after_days_and_compaction(
    tmp_path: Path, days: int
) -> None:
    tiny_model(keep_events=False).save(tmp_path / "model")
    model = recsys.load(tmp_path / "model")
    before = {one for one in model.recommend(["ana"], k=99).item_ids[0] if one}
    for day in range(days + 1):
        at = f"2024-04-{day + 1:02d}T00:00:00Z"
        model = model.observe({"user_id": ["bo"], "item_id": ["n1"], "occurred_at": [at]})
    model = model.observe({"user_id": ["ana"], "item_id": ["n2"], "occurred_at": [at]})
    after = {one for one in model.recommend(["ana"], k=99).item_ids[0] if one}
    assert len(before) < len(model.items)
    assert after <= before - {"n2"}
