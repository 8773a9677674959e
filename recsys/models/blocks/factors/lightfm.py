"""Adapter of LightFM: factorisation of people and tagged items by ranking losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from recsys.core.arrays import Csr, FloatMatrix
from recsys.core.optional import require
from recsys.core.progress import Progress, silent
from recsys.core.threads import openmp_threads
from recsys.models.base import TrainingSet
from recsys.models.blocks.block_config import Rule, Times
from recsys.models.blocks.data_size import FLOAT, PAIR, DataSize, Footprint
from recsys.models.blocks.factors.epochs import EpochConfig, Epochs, drawn_pairs, hidden_pairs
from recsys.models.blocks.factors.history_map import MappedBlock, fit_history_map
from recsys.models.blocks.history_weights import training_matrix


class LightFMConfig(EpochConfig):
    """Settings of :class:`LightFMBlock`."""

    n_factors: PositiveInt = 64
    """Length of the vectors, without the bias."""
    loss: Literal["warp", "bpr", "logistic"] = "warp"
    """The ranking loss."""
    learning_rate: PositiveFloat = 0.05
    """Step of adagrad."""
    item_alpha: NonNegativeFloat = 0.0
    """L2 weight on the item side."""
    user_alpha: NonNegativeFloat = 0.0
    """L2 weight on the user side."""
    max_sampled: PositiveInt = 10
    """Negatives tried per positive by ``warp``."""
    n_epochs: PositiveInt = 20
    """Passes over the events, at most."""
    measured_pairs: PositiveInt = 2000
    """Pairs that an epoch is measured on where ``validation_pairs`` is 0."""
    use_features: bool = True
    """Whether tags take part."""
    identity: bool = True
    """Whether each item also has a vector of its own."""
    seed: NonNegativeInt = 0
    """Fixes every random draw; needs ``n_threads`` 1 to give the same numbers again."""
    patience: PositiveInt = 5
    """Epochs in a row without improvement after which the learning stops: its measure is noisy."""
    n_threads: PositiveInt = 1
    """More than 1 races for the same vectors: not repeatable."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of LightFM's tables, twice while it learns."""
        width = self.n_factors + 1
        n_tags = size.n_tags if self.use_features else 0
        kept = FLOAT * width * (size.n_items + n_tags + width)
        tables = 4 * FLOAT * width * (size.n_users + size.n_items + n_tags)
        return Footprint(kept + 2 * tables + 8 * PAIR * size.n_pairs, kept, width)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {"n_factors": Times(2.0, fits_data=True), "learning_rate": Times(3.0)}


class LightFMBlock(MappedBlock):
    """Item vectors are sums over tags [LightFM2015]_; a person is folded in from the history.

    People are folded in by a learned map, see :mod:`recsys.models.blocks.factors.history_map`;
    declared tags are not used on that side.

    Parameters
    ----------
    config : LightFMConfig, optional
    name : str
        Unique among the blocks of a hybrid.

    Raises
    ------
    MissingDependencyError
        If the package ``lightfm`` is not installed, on :meth:`fit` only.
    """

    def __init__(self, config: LightFMConfig | None = None, *, name: str = "lightfm") -> None:
        self.config = LightFMConfig() if config is None else config
        super().__init__(self.config, name=name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Run LightFM epoch by epoch, on copies: it writes through its inputs' buffers."""
        config = self.config
        model = require("lightfm", extra="lightfm", needed_by="LightFMBlock").LightFM(
            no_components=config.n_factors,
            loss=config.loss,
            learning_rate=config.learning_rate,
            item_alpha=config.item_alpha,
            user_alpha=config.user_alpha,
            max_sampled=config.max_sampled,
            random_state=config.seed,
        )
        history = training_matrix(training, config)
        features, n_own = self._design(training)
        measure, learned = "pairs in order", history
        if config.validation_pairs:
            measure = "hidden pairs"
            learned, check = hidden_pairs(history, config, seed=config.seed)
        else:
            check = drawn_pairs(history, config.measured_pairs, seed=config.seed)
        epochs = Epochs(self.name, config.n_epochs, config=config, progress=progress)
        enough = False
        while not enough:
            model.fit_partial(
                sp.coo_matrix(learned, copy=True),
                item_features=features,
                epochs=1,
                num_threads=openmp_threads(config.n_threads),
            )
            people, items = _with_biases(model, features)
            enough = epochs.enough(measure, check.auc(people, items))
        self._keep(model, history, features=features, n_own=n_own)

    def _design(self, training: TrainingSet) -> tuple[Csr, int]:
        """Return the item features of LightFM: own columns first, then tags."""
        n_items = training.n_items
        tags = training.item_features if self.config.use_features else None
        if tags is None or not tags.shape[1]:
            return sp.identity(n_items, dtype=np.float32, format="csr"), n_items
        if not self.config.identity:
            return sp.csr_matrix(tags, copy=True), 0
        own = sp.identity(n_items, dtype=np.float32, format="csr")
        return sp.hstack([own, tags], format="csr"), n_items

    def _keep(self, model: Any, history: Csr, *, features: Csr, n_own: int) -> None:
        people, items = _with_biases(model, features)
        self.set_arrays(
            item_factors=items,
            history_map=fit_history_map(history, items, people[:, :-1]),
            tag_factors=np.ascontiguousarray(_vectors(model)[n_own:]),
        )


def _with_biases(model: Any, features: Csr) -> tuple[FloatMatrix, FloatMatrix]:
    """Return people with a last column of ones, and items with their biases in it."""
    items = np.ascontiguousarray(features @ _vectors(model), dtype=np.float32)
    people = np.asarray(model.user_embeddings, dtype=np.float32)
    return np.column_stack([people, np.ones(len(people), np.float32)]), items


def _vectors(model: Any) -> FloatMatrix:
    return np.column_stack([model.item_embeddings, model.item_biases]).astype(np.float32)
