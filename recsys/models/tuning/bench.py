"""Configurations measured on the same people, each block fitted once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import DoubleArray, FloatMatrix
from recsys.core.errors import DataError
from recsys.core.progress import Progress
from recsys.models.base import Block, TrainingSet
from recsys.models.blend.weights import learn
from recsys.models.fit import HybridConfig, fit_blocks, given_weights
from recsys.models.presets.choose import recipe_for
from recsys.models.spec import BlockSpec
from recsys.models.tuning.panels import (
    Panel,
    mean_and_error,
    measure_blend,
    panel_examples,
    standard_scores,
)

Scores = Mapping[str, Sequence[FloatMatrix]]
"""Standard scores by the label of the block: one (n_people, n_items) matrix for each panel."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A configuration, and what it gives the people.

    Attributes
    ----------
    specs : tuple of BlockSpec
    scores : mapping of label to matrices
        Of each block on each panel.
    weights : (n_buckets, n_blocks) float64
    values : tuple of (n_people,) float64
        The metric of each person, by panel.
    """

    specs: tuple[BlockSpec, ...]
    scores: Scores
    weights: DoubleArray
    values: tuple[DoubleArray, ...]


class Bench:
    """Panels of people, and how configurations are measured on them.

    Parameters
    ----------
    panels : sequence of Panel
        At least one.
    training : TrainingSet
        The panels are cut from it; weights are learnt as a fit on all of it learns them.
    config : HybridConfig
        Its weights, where it has any, are those of every configuration.
    metric : str
        Such as "ndcg@20".
    progress : Progress
        Told while blocks are fitted; what it raises ends the fit.
    """

    def __init__(
        self,
        panels: Sequence[Panel],
        training: TrainingSet,
        config: HybridConfig,
        *,
        metric: str,
        progress: Progress,
    ) -> None:
        self.panels = tuple(panels)
        self._training = training
        self._config = config
        self._metric = metric
        self._progress = progress

    def fit(self, spec: BlockSpec, at: int, *, kept: dict[str, Block] | None = None) -> FloatMatrix:
        """Return the standard scores of a block fitted on one panel.

        Parameters
        ----------
        spec : BlockSpec
        at : int
            Which panel.
        kept : dict or None
            As ``fitted`` of :func:`fit_blocks`: blocks that need not be fitted for each panel.

        Raises
        ------
        DataError
            If scores come out that are no numbers.
        """
        panel = self.panels[at]
        blocks = fit_blocks([spec], panel.training, progress=self._progress, fitted=kept)
        scores = standard_scores(blocks[0], panel)
        if not np.isfinite(scores).all():
            raise DataError(f"the scores of {spec.label} must be numbers; some are not.")
        return scores

    def fit_all(self, spec: BlockSpec) -> list[FloatMatrix]:
        """Return the standard scores of a block on every panel."""
        kept: dict[str, Block] = {}
        return [self.fit(spec, at, kept=kept) for at in range(len(self.panels))]

    def standing(self, specs: Sequence[BlockSpec], scores: Scores) -> Standing:
        """Return a configuration with its weights learnt and its people measured."""
        edges = self._config.bucket_edges
        if self._config.weights is not None:
            weights = given_weights(self._config.weights, specs, edges)
        else:
            recipe = recipe_for(self._training, specs, bucket_edges=edges)
            weights = learn(panel_examples(self.panels, scores, specs), recipe).weights
        values = tuple(
            self.values(at, [scores[spec.label][at] for spec in specs], weights)
            for at in range(len(self.panels))
        )
        return Standing(tuple(specs), dict(scores), weights, values)

    def values(self, at: int, scores: Sequence[FloatMatrix], weights: DoubleArray) -> DoubleArray:
        """Return the (n_people,) float64 metric of a blend on one panel."""
        return measure_blend(self.panels[at], scores, weights, metric=self._metric)

    def n_people(self, *, held: bool) -> int:
        """Return how many people are searched on, or held out."""
        return sum(int((panel.held == held).sum()) for panel in self.panels)

    def mean(self, one: Standing, *, held: bool = False) -> float:
        """Return the mean metric over the people searched on, or over those held out."""
        return float(self._people(one.values, held=held).mean())

    def gain(self, new: Standing, old: Standing, *, held: bool = False) -> tuple[float, float]:
        """Return the mean over people of what ``new`` has more than ``old``, and its error."""
        return mean_and_error(
            self._people(new.values, held=held) - self._people(old.values, held=held)
        )

    def first_gain(self, values: DoubleArray, old: Standing) -> tuple[float, float]:
        """Return the same from the ``values`` of the first panel alone, on who is searched on."""
        return mean_and_error((values - old.values[0])[~self.panels[0].held])

    def shares(self, one: Standing) -> DoubleArray:
        """Return (n_blocks,) float64: the mean weight of each block over the people."""
        buckets = np.concatenate([panel.buckets for panel in self.panels])
        return np.asarray(one.weights[buckets].mean(axis=0), dtype=np.float64)

    def _people(self, values: Sequence[DoubleArray], *, held: bool) -> DoubleArray:
        pairs = zip(self.panels, values, strict=True)
        return np.concatenate([values[panel.held == held] for panel, values in pairs])
