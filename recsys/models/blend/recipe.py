"""The blocks of a hybrid and the way in which their weights are learnt, as one value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import DoubleArray
from recsys.core.note import Note
from recsys.models.spec import BlockSpec


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """Blocks, and how :func:`recsys.models.blend.weights.learn` weighs them.

    Made from the kinds and settings of the blocks and from the data, never from the names of the
    blocks; fitting and tuning learn by the same recipe.

    Attributes
    ----------
    blocks : tuple of BlockSpec
        In the order of all weights below.
    defaults : (n_buckets, n_blocks) float64
        Weights where there are too few people to learn from.
    prior_blends : (n_blends, n_blocks) float64 or None
        Greedy search starts from the one that measures best, from the first where too few people
        can be measured. Not negative, no blend all 0. None: there is no prior, the weights are
        those of a conditional logit, cross-fitted over validation parts.
    max_ratio : float
        Greedy search keeps each weight within [prior / max_ratio, prior * max_ratio]; inf leaves
        it free.
    fixed_shares : (n_blocks,) float64 or None
        Weight of a block that is not learnt, as a share of the largest learnt weight; 0 where it
        is learnt. None: all are. Used with ``prior_blends`` only.
    notes : tuple of Note
        Why these blocks.
    """

    blocks: tuple[BlockSpec, ...]
    defaults: DoubleArray
    prior_blends: DoubleArray | None = None
    max_ratio: float = np.inf
    fixed_shares: DoubleArray | None = None
    notes: tuple[Note, ...] = ()

    @property
    def n_buckets(self) -> int:
        """Number of activity buckets."""
        return len(self.defaults)
