import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.arrays import Csr
from recsys.core.errors import DataError
from recsys.data import Catalog
from recsys.profiles import users as users_module
from recsys.profiles.items import ItemProfiles, build_item_profiles
from recsys.profiles.profileconfig import ProfileConfig
from recsys.profiles.users import build_user_profiles, declared_profile

ITEMS = build_item_profiles(
    Catalog.from_frame(
        {"item_id": ["q0", "q1", "q2", "q3"], "tags": ["gates|noise", "noise|tea", "tea", None]}
    )
)  # gates 0, noise 1, tea 2
GATES, NOISE, TEA = range(3)


def csr(rows: list[list[float]]) -> Csr:
    return sp.csr_matrix(np.array(rows, dtype=np.float32))


def dense(matrix: Csr) -> list[list[float]]:
    return [[round(cell, 5) for cell in row] for row in matrix.toarray().tolist()]


def test_what_a_person_consumed_is_what_they_are_about() -> None:
    profiles = build_user_profiles(csr([[0, 0, 2, 0]]), ITEMS)
    assert dense(profiles.matrix) == [[0, 0, 1]]


def test_the_inferred_part_is_the_sum_of_the_items_by_hand() -> None:
    interactions = csr([[1, 2, 0, 0]])
    total = ITEMS.matrix.toarray()[0] + 2 * ITEMS.matrix.toarray()[1]
    profiles = build_user_profiles(interactions, ITEMS)
    assert profiles.inferred.toarray()[0] == pytest.approx(total / np.linalg.norm(total), rel=1e-5)
    assert profiles.matrix.toarray()[0] == pytest.approx(total / total.max(), rel=1e-5)


def test_a_hidden_item_takes_from_its_tags_and_never_below_nothing() -> None:
    profiles = build_user_profiles(csr([[1, 1, 0, 0]]), ITEMS, negatives=csr([[0, 0, 1, 0]]))
    plain = build_user_profiles(csr([[1, 1, 0, 0]]), ITEMS)
    assert profiles.matrix[0, TEA] < plain.matrix[0, TEA]
    only_bad = build_user_profiles(csr([[0, 0, 0, 0]]), ITEMS, negatives=csr([[0, 0, 1, 0]]))
    assert only_bad.matrix.nnz == 0


def test_a_newcomer_is_what_they_declared_and_history_takes_over() -> None:
    declared = csr([[1, 0, 0]] * 3)
    interactions = csr([[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 300, 0]])
    matrix = build_user_profiles(interactions, ITEMS, declared=declared).matrix.toarray()
    assert matrix[0].tolist() == [1, 0, 0]
    assert matrix[1] == pytest.approx([1, 0, 0.25], rel=1e-5)  # 1 / (1 + 3) of it inferred
    assert matrix[2] == pytest.approx([1, 0, 300 / 303], rel=1e-5)


def test_muted_tags_are_nothing_and_pinned_ones_what_was_set() -> None:
    profiles = build_user_profiles(
        csr([[1, 1, 0, 0]]), ITEMS, muted=csr([[0, 1, 0]]), pinned=csr([[0, 0.5, 0.8]])
    )
    assert profiles.matrix[0, NOISE] == 0
    assert profiles.matrix[0, TEA] == pytest.approx(0.8)
    assert profiles.matrix[0, GATES] == 1


def test_a_pin_is_enough_for_a_profile() -> None:
    profiles = build_user_profiles(csr([[0, 0, 0, 0]]), ITEMS, pinned=csr([[0, 0, 0.8]]))
    assert dense(profiles.matrix) == [[0, 0, 0.8]]


def test_only_the_heaviest_tags_are_kept_of_a_person_of_many() -> None:
    few = ItemProfiles(ITEMS.matrix, ITEMS.tags, 0.0, ProfileConfig(tags_per_user=1))
    profiles = build_user_profiles(csr([[1, 1, 1, 0]]), few)
    assert np.diff(profiles.matrix.indptr).tolist() == [1]


def test_people_without_anything_have_empty_rows() -> None:
    profiles = build_user_profiles(sp.csr_matrix((2, 4), dtype=np.float32), ITEMS)
    assert profiles.matrix.nnz == 0
    assert build_user_profiles(sp.csr_matrix((0, 4), dtype=np.float32), ITEMS).n_users == 0


def test_a_catalog_without_tags_gives_profiles_without_tags() -> None:
    bare = build_item_profiles(Catalog.from_frame({"item_id": ["q0", "q1"]}))
    profiles = build_user_profiles(csr([[1, 0]]), bare)
    assert profiles.matrix.shape == (1, 0)


@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=5))
def test_a_batch_gives_what_people_get_one_by_one(rows: list[list[int]]) -> None:
    interactions = csr([[float(cell) for cell in row] for row in rows])
    declared = csr([[1.0, 0.0, float(at % 2)] for at in range(len(rows))])
    whole = build_user_profiles(interactions, ITEMS, declared=declared)
    for row in range(len(rows)):
        one = build_user_profiles(interactions[[row]], ITEMS, declared=declared[[row]])
        assert (one.matrix != whole.matrix[[row]]).nnz == 0
    assert whole.matrix.nnz == 0 or 0 < whole.matrix.data.min() <= whole.matrix.data.max() <= 1


def test_how_many_people_are_worked_on_at_once_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interactions = csr(np.random.default_rng(0).random((7, 4)).tolist())
    whole = build_user_profiles(interactions, ITEMS)
    monkeypatch.setattr(users_module, "_USERS_AT_ONCE", 2)
    assert (build_user_profiles(interactions, ITEMS).matrix != whole.matrix).nnz == 0


def test_what_is_declared_weighs_as_an_item_with_these_tags() -> None:
    assert declared_profile(csr([[1, 1, 0]]), ITEMS).toarray()[0] == pytest.approx(
        ITEMS.matrix.toarray()[0], rel=1e-5
    )


def test_a_shape_that_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"declared must have the shape \(1, 3\); got \(1, 2\)"):
        build_user_profiles(csr([[1, 0, 0, 0]]), ITEMS, declared=csr([[1, 0]]))
