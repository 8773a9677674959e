"""Own and muted items, against those of whole arrays."""

import numpy as np

from recsys.serving.barring import muted_items, own_items
from tests.serving.test_overlay import observed


def test_they_are_what_a_snapshot_of_everything_would_say() -> None:
    snapshot = observed()
    rows = np.arange(snapshot.n_users, dtype=np.int32)
    own, muted = own_items(snapshot.facts, rows), muted_items(snapshot.facts, rows)
    zed, bo = snapshot.users.rows(["zed", "bo"]).tolist()
    assert own[zed].tolist() == [snapshot.items.row("late")]
    # errors is a tag of n2 alone
    assert muted[bo].tolist() == [snapshot.items.row("n2")]
    assert sum(len(one) for one in muted) == 1
