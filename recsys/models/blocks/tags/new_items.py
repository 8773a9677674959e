"""What an item that nobody has met yet is given beside the others: its tags, once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from recsys.core.arrays import BoolArray, Csr, RowArray
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
        self._arrays = self._of_unmet(met)._arrays

    def at_items(self, item_rows: RowArray) -> Self:
        """Return the block over some of its items, in that order."""
        return super().at_items(item_rows).having(met=self.learned("met")[item_rows])

    def joined(self, other: Self) -> Self:
        """Return the block over its own items, then over the other's."""
        met = np.concatenate([self.learned("met"), other.learned("met")])
        return super().joined(other).having(met=met)

    def of_new_items(self, item_features: Csr) -> Self:
        """Return the block over new items alone: nobody has met them."""
        met = np.zeros(item_features.shape[0], dtype=bool)
        return super().of_new_items(item_features).having(met=met)

    def edited(self, item_features: Csr) -> Self:
        """Return the block after its items got other tags; those met stay at 0."""
        return super().edited(item_features)._of_unmet(self.learned("met"))

    def _of_unmet(self, met: BoolArray) -> Self:
        factors = np.where(met[:, None], np.float32(0), self.item_factors)
        return self.having(item_factors=factors, met=met)
