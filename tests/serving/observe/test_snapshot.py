"""Rows of an observed snapshot, touched or not, against its whole arrays."""

import numpy as np
import pytest

from tests.serving.observe.test_delta import observed

MIXED = np.array([1, 0, 3, 1], np.int32)


def test_the_rows_of_people_are_those_of_the_whole_arrays() -> None:
    snapshot = observed()
    whole = snapshot.whole
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
                one.hidden_of(some, with_seen=with_seen, with_own=True) > 0
                for one in (snapshot, whole)
            )
            assert (ours != whose).nnz == 0


@pytest.mark.parametrize("name", ["seen", "refused", "muted", "own", "personal", "queries"])
def test_whole_arrays_can_be_asked_for_by_name(name: str) -> None:
    snapshot = observed()
    assert getattr(snapshot, name) is getattr(snapshot.whole, name)


def test_what_items_are_called_and_what_was_done_with_them_is_known() -> None:
    snapshot = observed()
    whole = snapshot.whole
    for row in range(snapshot.n_items):
        assert snapshot.title(row) == whole.title(row)
    for row in range(snapshot.n_users):
        assert snapshot.last_kinds(row) == whole.last_kinds(row)
    items = np.arange(snapshot.n_items, dtype=np.int32)
    assert snapshot.blocked_of(items).tolist() == whole.blocked_of(items).tolist()
    for where in ("format = video", "title = Other", "tags has gates"):
        assert snapshot.mask_of(where).tolist() == whole.mask_of(where).tolist()
