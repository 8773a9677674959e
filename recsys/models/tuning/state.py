"""State of a search: trials of each block, and the next block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys.core.arrays import DoubleArray
from recsys.models.base import TrainingSet
from recsys.models.spec import BLOCKS, BlockSpec
from recsys.models.tuning.log import Trial
from recsys.models.tuning.proposals import Settings, propose
from recsys.models.tuning.space import Space, search_space

FAILED_GAIN = -1.0
"""What settings that cannot be fitted are taken to lose: no metric falls by more."""

PROMISING_ERRORS = 0.5
"""Standard errors by which a trial is better if its block is to get more trials for it."""


@dataclass(slots=True)
class BlockSearch:
    """Trials of one block.

    Attributes
    ----------
    spec : BlockSpec
        The block with the best settings so far.
    space : dict
        What may be changed.
    tried : list of (settings, value)
        Values are gains over the settings the search began with.
    offset : float
        The value of the best settings so far.
    n_better : int
        Trials that were clearly better than all before.
    fruitless : int
        Trials in a row that were not.
    """

    spec: BlockSpec
    space: Space
    tried: list[tuple[Settings, float]] = field(default_factory=list)
    offset: float = 0.0
    n_better: int = 0
    fruitless: int = 0

    @classmethod
    def begin(cls, spec: BlockSpec, training: TrainingSet) -> BlockSearch:
        """Begin with the settings a block has."""
        space = search_space(spec, training)
        present = spec.block_config().to_dict()
        return cls(spec, space, [({name: present[name] for name in space}, 0.0)])

    def with_settings(self, settings: Settings) -> BlockSpec:
        """Return the block with other settings; those that are off by default are left out."""
        fields = BLOCKS[self.spec.kind][1].model_fields
        merged = {**self.spec.settings, **settings}
        kept = {
            name: value
            for name, value in merged.items()
            if value is not None or fields[name].default is not None
        }
        return BlockSpec(kind=self.spec.kind, name=self.spec.name, settings=kept)

    def absorb(self, trial: Trial) -> None:
        """Take in a trial of this block."""
        gain = FAILED_GAIN if trial.outcome == "failed" else trial.gain
        self.tried.append((trial.settings, self.offset + gain))
        if trial.outcome == "better":
            self.spec = self.with_settings(trial.settings)
            self.offset += trial.gain
            self.n_better += trial.gain > PROMISING_ERRORS * trial.gain_error
            self.fruitless = 0
        else:
            self.fruitless += 1


class SearchState:
    """A search over the settings of blocks, one block at a time.

    The state follows from its trials alone: a search that is resumed goes on as if it had never
    stopped. Time is given by promise: a block whose trials were better gets more of them, one
    whose last ``patience`` trials were not rests, and when all rest a new round begins unless the
    last one changed nothing.

    Parameters
    ----------
    specs : sequence of BlockSpec
        The blocks.
    training : TrainingSet
    patience : int
        Trials in a row without a gain after which a block rests; at least one for each of its
        settings.
    seed : int
        Fixes what is proposed.
    """

    def __init__(
        self, specs: Sequence[BlockSpec], training: TrainingSet, *, patience: int, seed: int
    ) -> None:
        self._patience = patience
        self._seed = seed
        self._labels = [spec.label for spec in specs]
        self.blocks = {spec.label: BlockSearch.begin(spec, training) for spec in specs}
        self._found_in_round = False

    @property
    def specs(self) -> tuple[BlockSpec, ...]:
        """The blocks with the best settings so far, in the order they were given."""
        return tuple(self.blocks[label].spec for label in self._labels)

    def order_by(self, shares: DoubleArray) -> None:
        """Try the blocks of the highest shares first; ``shares`` are in the order of ``specs``."""
        order = np.argsort(-shares, kind="stable")
        self.blocks = {self._labels[at]: self.blocks[self._labels[at]] for at in order}

    def next_label(self) -> str | None:
        """Return the block to try next; None where nothing is left worth trying."""
        live = self._live()
        if not live and self._found_in_round:
            self._found_in_round = False
            for block in self.blocks.values():
                block.fruitless = 0
            live = self._live()
        if not live:
            return None
        turns = {name: len(block.tried) / (1 + block.n_better) for name, block in live.items()}
        return min(turns, key=lambda name: turns[name])  # the first of equals: the order given

    def proposal(self, label: str) -> Settings | None:
        """Return what to try of a block; None (and a block at rest) where all was tried."""
        block = self.blocks[label]
        found = propose(block.space, block.tried, seed=self._seed, name=label)
        if found is None:
            block.space = {}
        return found

    def absorb(self, trial: Trial) -> None:
        """Take in a finished trial."""
        self.blocks[trial.block].absorb(trial)
        self._found_in_round |= trial.outcome == "better"

    def _live(self) -> Mapping[str, BlockSearch]:
        return {
            name: block
            for name, block in self.blocks.items()
            if block.space and block.fruitless < max(self._patience, len(block.space) + 2)
        }
