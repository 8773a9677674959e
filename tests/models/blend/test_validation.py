"""What the weights are chosen on."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.base import TrainingSet
from recsys.models.blend.validation import (
    ValidationConfig,
    ValidationPart,
    cold_share,
    expected_cold_share,
    relevance_of,
    validation_parts,
)
from recsys.testing import interactions

SMALL = ValidationConfig(min_users=1, share=0.2, n_cuts=2, max_cuts=2)


def parts_of(training: TrainingSet, config: ValidationConfig = SMALL) -> list[ValidationPart]:
    return list(validation_parts(training, config, seed=0))


def untimed(training: TrainingSet, new_training: Callable[..., TrainingSet]) -> TrainingSet:
    return new_training(training.interactions)


def test_parts_are_cut_one_before_the_other_in_time(training: TrainingSet) -> None:
    parts = parts_of(training)
    assert len(parts) == 2
    assert parts[0].training.now > parts[1].training.now
    for part in parts:
        assert (part.training.events.occurred_at <= part.training.now).all()
        assert 0 < part.training.events.n_events < training.events.n_events


def test_a_part_speaks_for_the_moment_of_its_cut(training: TrainingSet) -> None:
    for part in parts_of(training):
        held = training.events.occurred_at > part.training.now
        assert held.any()
        pairs = set(
            zip(
                training.events.user_rows[held].tolist(),
                training.events.item_rows[held].tolist(),
                strict=True,
            )
        )
        wanted = part.relevant.tocoo()
        users = part.user_rows[wanted.row].tolist()
        assert set(zip(users, wanted.col.tolist(), strict=True)) <= pairs


@pytest.mark.parametrize("has_times", [True, False])
def test_nothing_held_out_was_already_consumed(
    training: TrainingSet, new_training: Callable[..., TrainingSet], has_times: bool
) -> None:
    given = training if has_times else untimed(training, new_training)
    for part in parts_of(given):
        before = part.training.interactions[part.user_rows]
        assert part.relevant.multiply(before > 0).nnz == 0


@pytest.mark.parametrize("has_times", [True, False])
def test_everybody_measured_has_something_known_and_something_to_find(
    training: TrainingSet, new_training: Callable[..., TrainingSet], has_times: bool
) -> None:
    given = training if has_times else untimed(training, new_training)
    for part in parts_of(given):
        assert (np.diff(part.relevant.indptr) > 0).all()
        assert (np.diff(part.training.interactions[part.user_rows].indptr) > 0).all()
        assert len(part.user_rows) == part.relevant.shape[0]


def test_without_times_one_part_is_drawn_by_the_seed(
    training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    given = untimed(training, new_training)
    drawn = [list(validation_parts(given, SMALL, seed=seed)) for seed in (0, 0, 1)]
    assert [len(parts) for parts in drawn] == [1, 1, 1]
    assert (drawn[0][0].relevant != drawn[1][0].relevant).nnz == 0
    assert drawn[0][0].relevant.nnz != 0
    first, last = drawn[0][0], drawn[2][0]
    assert (
        first.user_rows.tolist() != last.user_rows.tolist() or (first.relevant != last.relevant).nnz
    )


def test_too_few_people_are_not_measured(training: TrainingSet) -> None:
    assert parts_of(training, ValidationConfig(min_users=61)) == []


def test_too_many_people_are_sampled(training: TrainingSet) -> None:
    config = SMALL.replace(max_users=7)
    assert [len(part.user_rows) for part in parts_of(training, config)] == [7, 7]
    again = parts_of(training, config)
    assert [part.user_rows.tolist() for part in again] == [
        part.user_rows.tolist() for part in parts_of(training, config)
    ]


def test_the_first_people_of_a_part_keep_their_items(training: TrainingSet) -> None:
    part = parts_of(training)[0]
    few = part.first(3)
    assert few.user_rows.tolist() == part.user_rows[:3].tolist()
    assert (few.relevant != part.relevant[:3]).nnz == 0


@pytest.mark.parametrize(
    "settings", [{"share": 0}, {"share": 0.5}, {"n_cuts": 0}, {"max_users": 0}]
)
def test_wrong_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        ValidationConfig(**settings)


@given(data=st.data(), relevant=interactions())
def test_relevance_is_membership(data: st.DataObject, relevant: sp.csr_matrix) -> None:
    n_people, n_items = relevant.shape
    rows = st.lists(st.integers(-1, n_items - 1), min_size=4, max_size=4)
    candidates = np.array([data.draw(rows) for _ in range(n_people)], np.int32)
    found = relevance_of(relevant, candidates)
    dense = relevant.toarray() != 0
    expected = [
        [row >= 0 and bool(dense[person, row]) for row in line]
        for person, line in enumerate(candidates.tolist())
    ]
    assert found.tolist() == expected


def test_as_the_catalogue_has_items_nobody_met_so_has_the_part(
    training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    met = sp.csr_matrix(training.interactions)
    unmet = sp.csr_matrix((60, 20), dtype=np.float32)
    tags = sp.csr_matrix(np.ones((50, 1), np.float32))
    given = new_training(sp.hstack([met, unmet], format="csr"), features=tags)
    assert cold_share(given) == pytest.approx(0.4)
    assert cold_share(untimed(training, new_training)) == 0
    config = ValidationConfig(min_users=1, share=0.01)
    before = parts_of(given, config)[0].training.interactions
    held = np.diff(before.tocsc().indptr)[:30] == 0
    assert expected_cold_share(given) == pytest.approx(0.2 * 0.6**2)
    assert held.sum() >= int(expected_cold_share(given) * 30) > 0


def test_singletons_say_how_many_events_to_expect_on_items_nobody_met(
    new_training: Callable[..., TrainingSet],
) -> None:
    tags = sp.csr_matrix(np.ones((8, 1), np.float32))
    pairs = np.zeros((4, 8), np.float32)
    pairs[:, 0] = 1
    pairs[0, [1, 2, 3, 4]] = 1  # four of eight pairs are of items met once
    given = new_training(sp.csr_matrix(pairs), features=tags)
    assert expected_cold_share(given) == pytest.approx(0.5)


def test_a_dictionary_of_items_is_no_shelf_of_new_ones(
    new_training: Callable[..., TrainingSet],
) -> None:
    pairs = sp.csr_matrix(np.hstack([np.ones((4, 2)), np.zeros((4, 38))]).astype(np.float32))
    given = new_training(pairs, features=sp.csr_matrix(np.ones((40, 1), np.float32)))
    assert cold_share(given) == 0.95
    assert expected_cold_share(given) < 0.002


def test_of_events_in_order_the_last_of_each_person_are_held_out(
    training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    ordered = replace(untimed(training, new_training), in_order=True)
    (part,) = parts_of(ordered)
    for row, relevant in zip(part.user_rows.tolist(), part.relevant, strict=True):
        mine = ordered.events.item_rows[ordered.events.user_rows == row].tolist()
        held = set(mine[len(mine) - relevant.nnz :])
        assert set(relevant.indices.tolist()) == held
        assert relevant.nnz == int(np.ceil(0.2 * len(mine)))
    assert part.training.in_order
