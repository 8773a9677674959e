"""LightFM behind our protocol."""

import numpy as np
import pytest

from recsys.core.errors import MissingDependencyError
from recsys.models.base import TrainingSet
from recsys.models.blocks.factors.lightfm import LightFMBlock, LightFMConfig


def test_without_identity_an_item_is_the_sum_of_its_tags(training: TrainingSet) -> None:
    pytest.importorskip("lightfm")
    block = LightFMBlock(LightFMConfig(n_factors=4, n_epochs=2, identity=False))
    block.fit(training)
    np.testing.assert_allclose(
        block.cold_item_factors(training.item_features), block.item_factors, rtol=1e-5
    )


def test_without_the_package_help_is_given(
    training: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "lightfm", None)
    with pytest.raises(MissingDependencyError, match=r"recsys-engine\[lightfm\]"):
        LightFMBlock().fit(training)
