"""Content score of cold items; 0 for items with events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from recsys.core.arrays import BoolArray, Csr, FloatMatrix, RowArray
from recsys.core.progress import Progress, silent
from recsys.models.base import TrainingSet
from recsys.models.blocks.block_config import Rule
from recsys.models.blocks.tags.content import ContentBlock, ContentConfig


class NewItemsConfig(ContentConfig):
    """Settings of :class:`NewItemsBlock`."""

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change: those of content without decay."""
        rules = super().search_rules()
        return {name: rule for name, rule in rules.items() if name != "half_life_days"}


class NewItemsBlock(ContentBlock):
    r"""The content score of items without events; 0 for the others.

    .. math:: s(u, i) = [n_i = 0] \; s_{content}(u, i)

    Blocks that learn from events say nothing of an item without any, so that in one blend it ranks
    below whatever they like. How much more its tags must count to be on their scale is the weight
    of this block, learnt on validation parts in which whole items are held out.

    Parameters
    ----------
    config : NewItemsConfig, optional
    name : str
        Unique among the blocks of a hybrid.
    """

    holds_profiles = False
    learns_from_events = True  # which items have none

    def __init__(self, config: NewItemsConfig | None = None, *, name: str = "new_items") -> None:
        super().__init__(NewItemsConfig() if config is None else config, name=name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Decompose the item profiles, and keep the vectors of items without events."""
        super().fit(training, progress=progress)
        met = np.zeros(training.n_items, dtype=bool)
        met[training.interactions.indices] = True
        factors = _cold(self.item_factors, met)
        self.set_arrays(**{**self.to_arrays(), "item_factors": factors, "met": met})

    def at_items(self, item_rows: RowArray) -> Self:
        """Return the block over some of its items, in that order."""
        return super().at_items(item_rows).with_arrays(met=self.array("met")[item_rows])

    def joined(self, other: Self) -> Self:
        """Return the block over its own items, then over the other's."""
        met = np.concatenate([self.array("met"), other.array("met")])
        return super().joined(other).with_arrays(met=met)

    def of_new_items(self, item_features: Csr) -> Self:
        """Return the block over new items alone: nobody has met them."""
        met = np.zeros(item_features.shape[0], dtype=bool)
        return super().of_new_items(item_features).with_arrays(met=met)

    def with_features(self, item_features: Csr) -> Self:
        """Return the block after its items got other tags; those met stay at 0."""
        met, edited = self.array("met"), super().with_features(item_features)
        return edited.with_arrays(item_factors=_cold(edited.item_factors, met), met=met)


def _cold(factors: FloatMatrix, met: BoolArray) -> FloatMatrix:
    """Return the vectors of items without events; 0 for the others."""
    return np.where(met[:, None], np.float32(0), factors)
