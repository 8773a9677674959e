"""Rows of an observed snapshot, touched or not, against its whole arrays."""

import numpy as np

from recsys.serving.state.exclusions import excluded_pairs
from tests.serving.observe.test_delta import observed

MIXED = np.array([1, 0, 3, 1], np.int32)


def test_the_rows_of_people_are_those_of_the_whole_arrays() -> None:
    snapshot = observed()
    whole = snapshot.compacted
    rows = np.append(MIXED, snapshot.users.row("zed")).astype(np.int32)
    for some in (rows, rows[1:3], rows[-1:]):
        mine, theirs = snapshot.queries_of(some), whole.queries_of(some)
        assert (mine.history != theirs.history).nnz == 0
        np.testing.assert_array_equal(mine.age_days, theirs.age_days)
        assert (mine.tags != theirs.tags).nnz == 0
        np.testing.assert_array_equal(
            snapshot.states_of(some).vectors, whole.states_of(some).vectors
        )
        assert snapshot.personal_of(some).tolist() == whole.personal_of(some).tolist()
        for with_seen in (True, False):
            ours, whose = (
                excluded_pairs(one, some, with_seen=with_seen, with_own=True)
                for one in (snapshot, whole)
            )
            assert (ours != whose).nnz == 0


def test_what_items_are_called_and_what_was_done_with_them_is_known() -> None:
    snapshot = observed()
    whole = snapshot.compacted
    for row in range(snapshot.n_items):
        assert snapshot.title(row) == whole.title(row)
    for row in range(snapshot.n_users):
        assert snapshot.last_kinds(row) == whole.last_kinds(row)
    items = np.arange(snapshot.n_items, dtype=np.int32)
    assert snapshot.blocked_of(items).tolist() == whole.blocked_of(items).tolist()
    for where in ("format = video", "title = Other", "tags has gates"):
        assert snapshot.mask_of(where).tolist() == whole.mask_of(where).tolist()
