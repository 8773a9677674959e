"""The blocks for sparse data without times."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.models.base import TrainingSet
from recsys.models.blend.validation import expected_cold_share
from recsys.models.presets.sparse import (
    ALS_OPERATIONS,
    ALS_STARTS,
    MUCH,
    NEW_ITEMS_SHARE,
    PRIOR,
    als_operations,
    is_sparse,
    sparse_recipe,
    sparse_specs,
)
from recsys.models.spec import BlockSpec

New = Callable[..., TrainingSet]
NEW_ITEMS = BlockSpec(kind="new_items")


def sparse_world(n_users: int = 900, n_items: int = 1000) -> sp.csr_matrix:
    """Return people with three items each."""
    rng = np.random.default_rng(0)
    items = np.stack([rng.choice(n_items, 3, replace=False) for _ in range(n_users)])
    rows = np.repeat(np.arange(n_users), 3)
    ones = np.ones(len(rows), np.float32)
    return sp.csr_matrix((ones, (rows, items.ravel())), shape=(n_users, n_items))


def tags(n_items: int = 1000) -> sp.csr_matrix:
    return sp.csr_matrix(np.eye(4, dtype=np.float32)[np.arange(n_items) % 4])


def labels(training: TrainingSet, preset: str = "best") -> list[str]:
    return [spec.label for spec in sparse_specs(training, preset=preset, seed=0)]


def test_few_pairs_without_times_are_sparse(new_training: New) -> None:
    assert is_sparse(new_training(sparse_world()))


def test_dense_data_data_with_times_and_little_data_have_their_own_recipe(
    training: TrainingSet, new_training: New
) -> None:
    matrix = sparse_world()
    times = np.full(matrix.nnz, np.datetime64("2024-01-01", "us"))
    assert not is_sparse(training)
    assert not is_sparse(new_training(sp.csr_matrix(np.ones((60, 50), np.float32))))
    assert not is_sparse(new_training(matrix, times=times))
    assert not is_sparse(new_training(sparse_world(100)))


def test_kernels_learn_from_tags_where_there_are_any(new_training: New) -> None:
    for features, weight in ((tags(), 1.0), (None, 0.0)):
        specs = sparse_specs(
            new_training(sparse_world(), features=features), preset="balanced", seed=0
        )
        found = [spec.settings["tag_weight"] for spec in specs if spec.kind == "item_knn"]
        assert found == [weight, weight]


def test_items_with_tags_that_nobody_met_are_weighed_apart(new_training: New) -> None:
    matrix = sparse_world()
    met = matrix[:, np.unique(matrix.indices)]
    n_met = met.shape[1]
    assert "new_items" in labels(new_training(matrix, features=tags()))
    assert "new_items" not in labels(new_training(matrix))
    assert "new_items" not in labels(new_training(met, features=tags(n_met)))


@pytest.mark.parametrize("scale", [1, 40])
def test_the_balanced_preset_pays_for_als_where_it_is_cheap(scale: int, new_training: New) -> None:
    matrix = sp.csr_matrix(sp.vstack([sparse_world()] * scale))
    training = new_training(matrix)
    cheap = als_operations(training) <= ALS_OPERATIONS
    assert cheap == (scale == 1)
    assert ("feature_als" in labels(training, "balanced")) == cheap
    assert "feature_als" in labels(training, "best")


EDGES = (1, 5, 20)


def prior_of(training: TrainingSet, specs: Sequence[BlockSpec]) -> np.ndarray:
    recipe = sparse_recipe(training, specs, EDGES)
    assert recipe is not None
    assert recipe.prior_blends is not None
    return recipe.prior_blends


def test_kinds_without_a_known_weight_have_no_prior(new_training: New) -> None:
    training = new_training(sparse_world())
    specs = sparse_specs(training, preset="best", seed=0)
    assert sparse_recipe(training, [*specs, BlockSpec(kind="lightfm")], EDGES) is None
    nothing_known = [BlockSpec(kind="content"), BlockSpec(kind="popularity")]
    assert sparse_recipe(training, nothing_known, EDGES) is None


def test_names_of_blocks_change_nothing(new_training: New) -> None:
    for features in (tags(), None):
        training = new_training(sparse_world(), features=features)
        specs = sparse_specs(training, preset="best", seed=0)
        renamed = [spec.replace(name=f"b{at}") for at, spec in enumerate(specs)]
        one, other = (sparse_recipe(training, some, EDGES) for some in (specs, renamed))
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(one.prior_blends, other.prior_blends)
        np.testing.assert_array_equal(one.defaults, other.defaults)
        np.testing.assert_array_equal(one.fixed_shares, other.fixed_shares)
        assert one.max_ratio == other.max_ratio


def test_cold_items_weigh_less_where_little_is_expected_on_them(new_training: New) -> None:
    def share(n_cold: int) -> tuple[float, float]:
        matrix = sp.hstack([sparse_world(), sp.csr_matrix((900, n_cold))], format="csr")
        training = new_training(matrix, features=tags(1000 + n_cold))
        recipe = sparse_recipe(training, [BlockSpec(kind="ease"), NEW_ITEMS], EDGES)
        assert recipe is not None
        assert recipe.fixed_shares is not None
        assert recipe.fixed_shares[0] == 0
        return recipe.fixed_shares[1], NEW_ITEMS_SHARE * expected_cold_share(training) / MUCH

    assert share(2000)[0] == NEW_ITEMS_SHARE
    found, expected = share(100)
    assert found == pytest.approx(min(expected, NEW_ITEMS_SHARE))


def test_without_tags_learning_starts_from_every_block_of_taste(new_training: New) -> None:
    training = new_training(sparse_world())
    specs = [BlockSpec(kind="popularity"), *sparse_specs(training, preset="best", seed=0)]
    starts = prior_of(training, specs)
    assert (starts[:, 0] == 0).all()
    assert (starts[:, 1:] > 0).all()
    # they differ in what ALS is worth, the usual one first
    is_als = np.array([spec.kind == "feature_als" for spec in specs])
    assert (starts[:, ~is_als] == starts[0, ~is_als]).all()
    votes = starts[:, is_als].sum(axis=1)
    assert len(np.unique(votes)) == len(votes) > 1
    assert votes[0] == PRIOR["feature_als"][0]
    assert (starts[:, is_als] == starts[:, is_als][:, :1]).all()


def test_als_has_several_starts_where_they_are_cheap_that_share_its_vote(
    new_training: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = new_training(sparse_world())
    cost = als_operations(training)
    for affordable, n_starts in ((0.5, 1), (2.5, 2), (100.0, ALS_STARTS)):
        name = "recsys.models.presets.sparse.ALS_STARTS_OPERATIONS"
        monkeypatch.setattr(name, affordable * cost)
        specs = sparse_specs(training, preset="balanced", seed=3)
        als = [spec for spec in specs if spec.kind == "feature_als"]
        assert len(als) == n_starts
        assert len({spec.label for spec in als}) == n_starts
        assert len({spec.settings["seed"] for spec in als}) == n_starts
    tagged = sparse_specs(new_training(sparse_world(), features=tags()), preset="balanced", seed=3)
    assert sum(spec.kind == "feature_als" for spec in tagged) == 1


@pytest.mark.parametrize(("preset", "n_vectors_without_tags"), [("fast", 1), ("balanced", 0)])
def test_with_tags_learning_starts_from_what_learns_from_tags(
    preset: str, n_vectors_without_tags: int, new_training: New
) -> None:
    training = new_training(sparse_world(), features=tags())
    specs = [BlockSpec(kind="popularity"), BlockSpec(kind="content")]
    specs += sparse_specs(training, preset=preset, seed=0)
    starts = prior_of(training, specs)
    assert len(starts) == 1
    votes = dict(zip([spec.label for spec in specs], starts[0].tolist(), strict=True))
    assert votes["popularity"] == 0
    assert votes["spectral"] == n_vectors_without_tags
    assert votes["new_items"] == 0
    others = set(votes) - {"popularity", "spectral", "new_items"}
    assert all(votes[label] > 0 for label in others)


def test_one_item_each_is_read_by_its_tags_first(new_training: New) -> None:
    training = new_training(sparse_world(), features=tags())
    specs = [BlockSpec(kind="popularity"), BlockSpec(kind="content")]
    specs += sparse_specs(training, preset="balanced", seed=0)
    recipe = sparse_recipe(training, specs, EDGES)
    assert recipe is not None
    table = recipe.defaults
    np.testing.assert_array_equal(np.flatnonzero(table[0]), [0])
    assert table[1, 1] == table[1].max()
    assert table[1, 0] == 0
