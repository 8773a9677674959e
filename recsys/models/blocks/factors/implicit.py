"""Adapters of the ``implicit`` package: its ALS and BPR as blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import scipy.sparse as sp
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from recsys.core.arrays import Csr, FloatMatrix, RowArray, with_data
from recsys.core.contribution import Contribution, Source
from recsys.core.progress import Progress, silent
from recsys.core.threads import one_blas_thread, openmp_threads
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.algebra.ridge import ridge_map
from recsys.models.blocks.block_config import Rule, Times
from recsys.models.blocks.data_size import FLOAT, PAIR, DataSize, Footprint
from recsys.models.blocks.explanation import check_one, linear_parts
from recsys.models.blocks.factors.epochs import EpochConfig, Epochs, PairCheck, hidden_pairs
from recsys.models.blocks.factors.fold_in import (
    gram_bytes,
    gram_matrix,
    person_system,
    solve_people,
)
from recsys.models.blocks.factors.history_map import MappedBlock, fit_history_map
from recsys.models.blocks.history_weights import history_matrix, training_matrix
from recsys.models.blocks.learned import LearnedBlock


class ALSConfig(EpochConfig):
    """Settings of :class:`ALSBlock`."""

    n_factors: PositiveInt = 64
    """Length of the vectors."""
    regularization: PositiveFloat = 0.05
    """L2 weight on both sides."""
    alpha: PositiveFloat = 10.0
    """Confidence of a pair is ``alpha`` times its weight; a pair that never happened has 1."""
    n_epochs: PositiveInt = 15
    """Sweeps over both sides, at most."""
    feature_regularization: PositiveFloat = 10.0
    """Of the map from tags to vectors, for items without events."""
    seed: NonNegativeInt = 0
    """Fixes the random start."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of both sides, and of the map from tags."""
        return _als_footprint(self.n_factors, size)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "n_factors": Times(2.0, fits_data=True),
            "alpha": Times(8.0),
            "regularization": Times(10.0),
        }


class ALSBlock(LearnedBlock):
    """Alternating least squares of ``implicit`` [HuKorenVolinsky2008]_, folded in exactly.

    Parameters
    ----------
    config : ALSConfig, optional
    name : str
        Unique among the blocks of a hybrid.
    """

    def __init__(self, config: ALSConfig | None = None, *, name: str = "als") -> None:
        self.config = ALSConfig() if config is None else config
        super().__init__(name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Run ``implicit`` on a copy: it refuses read-only arrays (0.7.3)."""
        from implicit.cpu.als import AlternatingLeastSquares

        config = self.config
        settings = {
            "factors": config.n_factors,
            "regularization": config.regularization,
            "alpha": config.alpha,
            "iterations": config.n_epochs,
            "random_state": config.seed,
            "calculate_training_loss": not config.validation_pairs,
        }
        history = training_matrix(training, config)
        model = _run(
            lambda: AlternatingLeastSquares(**settings),
            history,
            config,
            epochs=Epochs(self.name, config.n_epochs, config=config, progress=progress),
        )
        items = _factors(model.item_factors)
        self.set_arrays(
            item_factors=items,
            item_gram=gram_matrix(items),
            tag_map=_tag_map(training, items, config.feature_regularization),
        )

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_factors) float32."""
        return self.array("item_factors")

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_factors) float32: the exact solution for each history."""
        confidence, extra = self._weights(queries)
        return solve_people(
            self.item_factors,
            extra,
            gram=self.array("item_gram"),
            ridge=np.full(queries.n_queries, self.config.regularization, dtype=np.float32),
            targets=np.asarray(confidence @ self.item_factors, dtype=np.float32),
        )

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, n_factors) float32 by the map from tags to vectors [Gantner2010]_."""
        return np.ascontiguousarray(item_features @ self.array("tag_map"), dtype=np.float32)

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the part of each item of the history."""
        check_one(query)
        confidence, extra = self._weights(query)
        system = person_system(
            self.item_factors,
            extra,
            0,
            gram=self.array("item_gram"),
            ridge=self.config.regularization,
        )
        targets = np.linalg.solve(system, self.item_factors[item_rows].T.astype(np.float64)).T
        return [
            linear_parts(
                self.name,
                confidence,
                source=Source.ITEM,
                sources=self.item_factors,
                targets=targets,
            )
        ]

    def _weights(self, queries: Queries) -> tuple[Csr, Csr]:
        history = history_matrix(queries, self.config)
        confidence = with_data(history, history.data * np.float32(self.config.alpha))
        return confidence, with_data(history, np.maximum(confidence.data - 1, 0))


class BPRConfig(EpochConfig):
    """Settings of :class:`BPRBlock`."""

    n_factors: PositiveInt = 64
    """Length of the vectors, without the bias."""
    learning_rate: PositiveFloat = 0.05
    """Step of the stochastic gradient."""
    regularization: NonNegativeFloat = 0.01
    """L2 weight on both sides."""
    n_epochs: PositiveInt = 100
    """Passes over the events, at most."""
    feature_regularization: PositiveFloat = 10.0
    """Of the map from tags to vectors, for items without events."""
    seed: NonNegativeInt = 0
    """Fixes every random draw; needs ``n_threads`` 1 to give the same numbers again."""
    patience: PositiveInt = 10
    """Epochs in a row without improvement after which the learning stops: its measure is noisy."""
    n_threads: PositiveInt = 1
    """Threads of the gradient steps; more than 1 races for the same vectors: not repeatable."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of both sides with their biases, and of the map from tags."""
        one = _als_footprint(self.n_factors, size)
        people = FLOAT * (self.n_factors + 1) * size.n_users
        return Footprint(one.peak + 3 * people + 12 * size.n_pairs, one.kept, self.n_factors + 1)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "n_factors": Times(2.0, fits_data=True),
            "learning_rate": Times(4.0),
            "regularization": Times(10.0),
        }


class BPRBlock(MappedBlock):
    r"""Bayesian personalised ranking of ``implicit`` [BPR2009]_.

    People are folded in by a learned map, see :mod:`recsys.models.blocks.factors.history_map`.

    Parameters
    ----------
    config : BPRConfig, optional
    name : str
        Unique among the blocks of a hybrid.
    """

    def __init__(self, config: BPRConfig | None = None, *, name: str = "bpr") -> None:
        self.config = BPRConfig() if config is None else config
        super().__init__(self.config, name=name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Run ``implicit`` on a copy: it refuses read-only arrays (0.7.3)."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        config = self.config
        history = training_matrix(training, config)
        settings = {
            "factors": config.n_factors,
            "learning_rate": config.learning_rate,
            "regularization": config.regularization,
            "iterations": config.n_epochs,
            "num_threads": openmp_threads(config.n_threads),
            "random_state": config.seed,
        }
        model = _run(
            lambda: BayesianPersonalizedRanking(**settings),
            history,
            config,
            epochs=Epochs(self.name, config.n_epochs, config=config, progress=progress),
        )
        items, people = _factors(model.item_factors), _factors(model.user_factors)
        self.set_arrays(
            item_factors=items,
            history_map=fit_history_map(history, items, people[:, :-1]),
            tag_factors=_tag_map(training, items, config.feature_regularization),
        )


def _als_footprint(width: int, size: DataSize) -> Footprint:
    kept = FLOAT * width * (size.n_items + size.n_tags + 2 * width)
    both = FLOAT * width * (size.n_users + size.n_items)
    tags = FLOAT * width * 8 * (size.n_tags + size.n_items) if size.n_tags else 0
    work = both + 6 * PAIR * size.n_pairs + tags + gram_bytes(width, size.n_items)
    return Footprint(kept + work, kept, width)


class _EnoughError(Exception):
    """Ends a fit of ``implicit`` from its callback: there is no other way (0.7.3)."""


def _run(
    build: Callable[[], Any], matrix: Csr, config: ALSConfig | BPRConfig, *, epochs: Epochs
) -> Any:
    """Build and fit with one BLAS thread: implicit brings its own threads, and warns otherwise."""
    check = None
    if config.validation_pairs:
        matrix, check = hidden_pairs(matrix, config, seed=config.seed)
    own = sp.csr_matrix(matrix, copy=True)  # it wants writable arrays, though it writes to none
    with one_blas_thread():
        model = build()
        report = _report(model, check, n_pairs=own.nnz, epochs=epochs)
        with suppress(_EnoughError):
            model.fit(own, show_progress=False, callback=report)
    return model


def _report(
    model: Any, check: PairCheck | None, *, n_pairs: int, epochs: Epochs
) -> Callable[..., None]:
    """Return the callback of a fit: it measures the epoch, and ends the fit when it is enough."""

    def report(epoch: int, seconds: float, *measured: Any) -> None:  # noqa: ARG001  # its type
        if check is not None:
            auc = check.auc(model.user_factors, model.item_factors)
            enough = epochs.enough("hidden pairs", auc)
        elif len(measured) == 1:  # ALS gives its loss
            enough = epochs.enough("loss", float(measured[0]), falls=True)
        else:  # BPR gives the pairs in order, and those it skipped
            share = measured[0] / max(n_pairs - measured[1], 1)
            enough = epochs.enough("pairs in order", share)
        if enough and epoch + 1 < model.iterations:
            raise _EnoughError

    return report


def _factors(values: Any) -> FloatMatrix:
    return np.array(values, dtype=np.float32, order="C")


def _tag_map(training: TrainingSet, items: FloatMatrix, regularization: float) -> FloatMatrix:
    counts = np.bincount(training.interactions.indices, minlength=training.n_items)
    # An item's vector is as sure as its events are many.
    weights = np.sqrt(counts).astype(np.float32)
    return ridge_map(
        training.item_features,
        items,
        regularization=regularization,
        weights=weights / np.float32(max(float(weights.mean()), 1e-12)),
    )
