"""People as rows of arrays."""

import numpy as np

from recsys.serving.observe.person import queries_of, states_of
from tests.serving.observe.test_delta import observed


def test_several_people_make_the_arrays_of_a_snapshot() -> None:
    snapshot = observed()
    people = [snapshot.delta.people[snapshot.users.row(one)] for one in ("bo", "zed")]
    rows = snapshot.users.rows(["bo", "zed"])
    whole = snapshot.compacted
    found = queries_of(people, n_items=snapshot.n_items, n_tags=whole.queries.tags.shape[1])
    expected = whole.queries.take(rows)
    assert (found.history != expected.history).nnz == 0
    np.testing.assert_array_equal(found.age_days, expected.age_days)
    states = states_of(people, n_factors=whole.states.vectors.shape[1])
    np.testing.assert_array_equal(states.vectors, whole.states.take(rows).vectors)
