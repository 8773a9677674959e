"""How firmly ALS is held back is tried on a validation part."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.note import Note
from recsys.core.progress import silent
from recsys.models.base import TrainingSet
from recsys.models.blend.validation import ValidationConfig
from recsys.models.blocks.factors.feature_als import FeatureALSBlock
from recsys.models.presets import als_regularization
from recsys.models.presets.als_regularization import STRENGTHS, with_als_strength
from recsys.models.spec import BlockSpec

SPECS = (BlockSpec(kind="popularity"), BlockSpec(kind="feature_als", settings={"n_factors": 8}))
SMALL = ValidationConfig(min_users=5, share=0.2)


def tried(
    training: TrainingSet, specs: tuple[BlockSpec, ...] = SPECS
) -> tuple[tuple[BlockSpec, ...], list[Note]]:
    return with_als_strength(training, specs, validation=SMALL, seed=0, progress=silent)


def worth(monkeypatch: pytest.MonkeyPatch, values: dict[float, float]) -> list[float]:
    """Let strengths be worth what is given; return those that are tried."""
    asked: list[float] = []

    def fake(block: FeatureALSBlock, part: object) -> float:
        strength = block.config.regularization
        asked.append(strength)
        return values[strength]

    monkeypatch.setattr(als_regularization, "_worth", fake)
    return asked


def test_the_strength_that_is_best_on_the_part_is_taken(training: TrainingSet) -> None:
    (popularity, als), notes = tried(training)
    assert popularity == SPECS[0]
    assert als.settings["regularization"] in STRENGTHS
    assert als.settings["n_factors"] == 8
    assert notes[0].value == f"regularization {als.settings['regularization']:g}"


@pytest.mark.parametrize("best", STRENGTHS)
def test_either_side_of_the_middle_can_win(
    training: TrainingSet, monkeypatch: pytest.MonkeyPatch, best: float
) -> None:
    low, middle, high = STRENGTHS
    asked = worth(monkeypatch, {one: 1.0 - abs(np.log(one / best)) for one in STRENGTHS})
    (_, als), _ = tried(training)
    assert als.settings["regularization"] == best
    assert asked == ([middle, high] if best == high else [middle, high, low])


def test_nothing_is_tried_without_als_or_without_people(training: TrainingSet) -> None:
    assert tried(training, SPECS[:1]) == (SPECS[:1], [])
    nobody = replace(
        training,
        interactions=sp.csr_matrix(training.interactions.shape, dtype=np.float32),
        events=training.events.select(np.zeros(len(training.events.item_rows), bool)),
    )
    assert tried(nobody) == (SPECS, [])


def test_the_same_data_give_the_same_strength(training: TrainingSet) -> None:
    assert tried(training) == tried(training)
