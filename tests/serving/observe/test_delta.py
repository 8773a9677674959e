"""What was observed, asked about rows."""

import numpy as np

from recsys.serving.observe.delta import DeltaView, SnapshotDelta
from recsys.serving.observe.snapshot import DeltaSnapshot
from tests.serving.world import tiny_shared

NEWS = {
    "user_id": ["bo", "zed", "bo"],
    "item_id": ["n1", "late", "g1"],
    "kind": ["view", "ask", "hide"],
    "occurred_at": ["2024-03-09T00:00:00Z"] * 3,
}


def observed() -> DeltaSnapshot:
    items = {"item_id": ["g2", "told"], "tags": ["noise", "gates"], "title": ["Other", None]}
    users = {"user_id": ["bo"], "declared_tags": ["noise"], "muted_tags": ["errors"]}
    snapshot = tiny_shared().observe(NEWS, items, users=users).view
    assert isinstance(snapshot, DeltaSnapshot)
    return snapshot


def test_rows_are_those_of_the_whole_snapshot() -> None:
    snapshot = observed()
    view, whole = snapshot.view, snapshot.compacted
    items = np.arange(snapshot.n_items, dtype=np.int32)
    users = np.arange(snapshot.n_users, dtype=np.int32)
    assert view.authors_of(items).tolist() == whole.dataset.author_rows.tolist()
    assert view.personal_of(users).tolist() == whole.personal.tolist()
    assert (view.features_at(items) != whole.item_profiles.matrix).nnz == 0
    assert view.catalog_at(items).column("title").tolist() == (
        whole.dataset.catalog.column("title").tolist()
    )
    assert view.people_at(users).muted_tags.tolist() == whole.dataset.people.muted_tags.tolist()
    log = view.log_of(users)
    assert log.n_events == whole.dataset.events.n_events
    muting = [bool(view.mutes_of(row).tags) for row in users.tolist()]
    assert muting == [one == "bo" for one in whole.users]
    assert view.described(users).tolist() == [one == "bo" for one in whole.users]


def test_an_empty_overlay_says_what_the_snapshot_says() -> None:
    base = tiny_shared().snapshot
    view = DeltaView(base, SnapshotDelta.empty(base))
    users = np.arange(base.n_users, dtype=np.int32)
    assert view.log_of(users).n_events == base.dataset.events.n_events
    assert not view.lacks_events
    assert not any(view.mutes_of(row).tags for row in users.tolist())
