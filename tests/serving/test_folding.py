"""People folded in again."""

import numpy as np

from recsys.serving.folding import fold_in, taste
from recsys.serving.overlay import Facts, Overlay
from tests.serving.world import made_up_model


def test_folding_in_who_did_nothing_new_changes_nothing() -> None:
    base = made_up_model().snapshot
    facts = Facts(base, Overlay.empty(base))
    rows = np.arange(base.n_users, dtype=np.int32)
    people = fold_in(facts, rows, base.model)
    for row in rows.tolist():
        np.testing.assert_allclose(people[row].vector, base.states.vectors[row], atol=1e-5)
        assert people[row].seen.tolist() == sorted(base.seen[row].indices.tolist())
        assert people[row].own.tolist() == sorted(base.own[row].indices.tolist())
    assert fold_in(facts, rows[:0], base.model) == {}
    assert taste(facts, rows).n_events == sum(one.taste.n_events for one in people.values())
