"""Epochs are told, and end when nothing improves any more."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import freeze_csr
from recsys.core.progress import silent
from recsys.models.base import Block, TrainingSet
from recsys.models.blocks.factors.epochs import (
    EpochConfig,
    Epochs,
    PairCheck,
    drawn_pairs,
    hidden_pairs,
)
from recsys.models.blocks.factors.feature_als import FeatureALSBlock, FeatureALSConfig
from recsys.models.blocks.factors.implicit import ALSBlock, ALSConfig, BPRBlock, BPRConfig
from recsys.models.blocks.factors.lightfm import LightFMBlock, LightFMConfig

Report = tuple[str, int, int]


def watched(config: EpochConfig, n_epochs: int = 10) -> tuple[Epochs, list[Report]]:
    reports: list[Report] = []
    epochs = Epochs("als", n_epochs, config=config, progress=lambda *report: reports.append(report))
    return epochs, reports


def test_it_stops_after_so_many_epochs_without_improvement() -> None:
    epochs, reports = watched(EpochConfig(tolerance=0.01, patience=2))
    losses = [10.0, 5.0, 4.99, 4.9, 4.89, 4.88]
    stops = [epochs.enough("loss", loss, falls=True) for loss in losses]
    # 4.99 is less than one part in a hundred below 5; 4.9 is more; then nothing twice.
    assert stops == [False, False, False, False, False, True]
    assert reports[0] == ("als; loss 10", 1, 10)
    assert reports[-1] == ("als; loss 4.88, converged", 6, 10)


def test_without_tolerance_any_improvement_counts() -> None:
    epochs, _ = watched(EpochConfig(tolerance=0, patience=1))
    assert [epochs.enough("auc", value) for value in (0.5, 0.5001, 0.5001)] == [False, False, True]


def test_the_last_epoch_is_the_last() -> None:
    epochs, reports = watched(EpochConfig(), n_epochs=2)
    assert [epochs.enough("auc", value) for value in (0.5, 0.9)] == [False, True]
    assert "converged" not in reports[-1][0]


def test_the_share_in_order_is_counted_by_hand() -> None:
    rows = (np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.array([1, 2, 0, 2]))
    check = PairCheck(*(one.astype(np.int32) for one in rows))
    people = np.array([[1], [2]], np.float32)
    items = np.array([[3], [1], [3]], np.float32)
    # 3 > 1; 3 = 3 (half); 2 < 6; 2 < 6
    assert check.auc(people, items) == pytest.approx(1.5 / 4)


def test_hidden_pairs_are_taken_out_and_their_others_were_never_taken(
    training: TrainingSet,
) -> None:
    history = training.interactions
    kept, check = hidden_pairs(history, EpochConfig(validation_pairs=20), seed=1)
    assert kept.nnz == history.nnz - 20
    assert len(np.unique(check.user_rows)) == 20
    assert not kept[check.user_rows, check.item_rows].any()
    assert np.asarray(history[check.user_rows, check.item_rows]).all()
    assert not history[check.user_rows, check.other_rows].any()
    again = hidden_pairs(history, EpochConfig(validation_pairs=20), seed=1)[1]
    assert again.item_rows.tolist() == check.item_rows.tolist()


def test_nobody_loses_the_only_pair() -> None:
    history = freeze_csr(sp.csr_matrix(np.eye(3, dtype=np.float32)))
    kept, check = hidden_pairs(history, EpochConfig(validation_pairs=9), seed=0)
    assert kept.nnz == 3
    assert len(check.user_rows) == 0
    assert check.auc(np.ones((3, 1), np.float32), np.ones((3, 1), np.float32)) == 0.5
    assert len(drawn_pairs(history, 9, seed=0).user_rows) == 3


def many_epochs(kind: str, n_epochs: int = 200, **settings: float) -> Block:
    if kind == "als":
        return ALSBlock(ALSConfig(n_factors=3, n_epochs=n_epochs, **settings))
    if kind == "bpr":
        return BPRBlock(BPRConfig(n_factors=6, n_epochs=n_epochs, **settings))
    if kind == "lightfm":
        pytest.importorskip("lightfm")
        return LightFMBlock(LightFMConfig(n_factors=6, n_epochs=n_epochs, **settings))
    return FeatureALSBlock(FeatureALSConfig(n_factors=3, n_epochs=n_epochs, **settings))


KINDS = pytest.mark.parametrize("kind", ["als", "bpr", "lightfm", "feature_als"])


def reported(block: Block, training: TrainingSet) -> list[Report]:
    reports: list[Report] = []
    block.fit(training, progress=lambda *report: reports.append(report))
    return reports


@KINDS
def test_a_block_that_has_converged_stops_and_says_so(kind: str, training: TrainingSet) -> None:
    reports = reported(many_epochs(kind, tolerance=0.01, patience=3), training)
    assert [done for _, done, _ in reports] == list(range(1, len(reports) + 1))
    assert len(reports) < 200
    assert reports[-1][0].startswith(f"{kind}; ")
    assert reports[-1][0].endswith(", converged")


@KINDS
def test_the_same_seed_stops_at_the_same_epoch(kind: str, training: TrainingSet) -> None:
    one, other = (reported(many_epochs(kind, tolerance=0.01), training) for _ in range(2))
    assert one == other


@KINDS
def test_hidden_pairs_are_what_is_measured(kind: str, training: TrainingSet) -> None:
    reports = reported(many_epochs(kind, validation_pairs=50, patience=30), training)
    values = [float(stage.split("hidden pairs ")[1].split(",")[0]) for stage, _, _ in reports]
    # Three groups that never mix: two thirds of the others lie outside the person's group.
    assert max(values) > 0.75
    assert len(reports) < 200


@KINDS
def test_a_block_that_may_not_stop_runs_to_the_end(kind: str, training: TrainingSet) -> None:
    reports = reported(many_epochs(kind, n_epochs=7, patience=99), training)
    assert [done for _, done, total in reports] == list(range(1, 8))


def test_the_loss_of_feature_als_is_the_formula(training: TrainingSet) -> None:
    config = FeatureALSConfig(
        n_factors=3, n_epochs=2, n_steps=9, use_features=False, regularization=0.05, patience=99
    )
    block = FeatureALSBlock(config)
    reports = reported(block, training)
    taken = (training.interactions.toarray() > 0).astype(float)
    items = block.item_factors.astype(float)
    people = people_of(config, training)
    scores = people @ items.T
    ridge_u = 0.05 * (taken.sum(axis=1) + 0.1 * 30)
    ridge_i = 0.05 * (taken.sum(axis=0) + 0.1 * 60)
    loss = (
        (taken * (scores - 1) ** 2).sum()
        + 0.1 * (scores**2).sum()
        + (ridge_u * (people**2).sum(axis=1)).sum()
        + (ridge_i * (items**2).sum(axis=1)).sum()
    ) / taken.sum()
    assert float(reports[-1][0].split("loss ")[1]) == pytest.approx(loss, rel=1e-3)


def people_of(config: FeatureALSConfig, training: TrainingSet) -> np.ndarray:
    """Return the people of the last sweep: solved exactly from the items of the epoch before."""
    before = FeatureALSBlock(FeatureALSConfig(**{**dict(config), "n_epochs": config.n_epochs - 1}))
    before.fit(training, progress=silent)
    items = before.item_factors.astype(float)
    taken = (training.interactions.toarray() > 0).astype(float)
    rows = []
    for own in taken:
        ridge = config.regularization * (own.sum() + config.unobserved_weight * len(own))
        system = config.unobserved_weight * items.T @ items + (items.T * own) @ items
        rows.append(np.linalg.solve(system + ridge * np.eye(3), items.T @ own))
    return np.array(rows)
