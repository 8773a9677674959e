"""A contract is worth its tests only if a broken block fails them, and a new one passes."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.core.arrays import FloatMatrix, RowArray
from recsys.core.contribution import Contribution
from recsys.models import BLOCKS, Block, Queries
from recsys.models.blocks.factors.spectral import SpectralBlock, SpectralConfig
from recsys.testing import BlockContract


class Louder(SpectralBlock):
    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        return [part.scaled(1.01) for part in super().explain(query, item_rows)]


class Crowded(SpectralBlock):
    def user_factors(self, queries: Queries) -> FloatMatrix:
        factors = super().user_factors(queries)
        return np.asarray(factors + factors.mean(axis=0))


class Forgetful(SpectralBlock):
    def to_arrays(self) -> dict[str, Any]:
        return super().to_arrays() | {"source_scale": np.ones(30, np.float32)}


class Contrary(SpectralBlock):
    def user_factors(self, queries: Queries) -> FloatMatrix:
        return np.negative(super().user_factors(queries))


@pytest.mark.parametrize(
    ("block", "test"),
    [
        (Louder, "the_parts_of_an_explanation_sum_to_the_score"),
        (Crowded, "a_batch_equals_one_by_one"),
        (Forgetful, "arrays_taken_by_a_new_block_give_the_same_scores"),
        (Contrary, "a_history_is_given_items_of_its_group"),
        (Contrary, "a_cold_item_lands_in_the_group_of_its_tag"),
    ],
)
def test_a_broken_block_fails(block: type[SpectralBlock], test: str) -> None:
    contract = BlockContract()
    config = SpectralConfig(n_factors=6)
    contract.build = lambda: SpectralBlock(config)  # type: ignore[method-assign]
    getattr(contract, f"test_{test}")()
    contract.build = lambda: block(config)  # type: ignore[method-assign]
    with pytest.raises(AssertionError):
        getattr(contract, f"test_{test}")()


class TestTheExample(BlockContract):
    finds_groups = False
    needs_tags_or_times = True

    @pytest.fixture(autouse=True)
    def _load(self) -> None:
        path = Path(__file__).resolve().parents[2] / "examples" / "add_a_block.py"
        spec = importlib.util.spec_from_file_location("add_a_block", path)
        assert spec is not None and spec.loader is not None  # noqa: PT018
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        del BLOCKS["newest"]

    def build(self) -> Block:
        block: Block = self.module.NewestBlock()
        return block
