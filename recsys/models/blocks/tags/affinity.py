"""Tag affinity: log odds of the common tags, of a person against everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from recsys.core.arrays import Csr, DoubleArray, FloatMatrix, RowArray
from recsys.core.contribution import Contribution, Source
from recsys.core.errors import ArtifactError
from recsys.core.progress import Progress, silent
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.block_config import Choice, Rule, Timed, Times
from recsys.models.blocks.data_size import FLOAT, PAIR, DataSize, Footprint
from recsys.models.blocks.explanation import check_one
from recsys.models.blocks.frequent_tags import frequent_tags, has_tags
from recsys.models.blocks.history_weights import (
    HistoryConfig,
    column_sums,
    history_matrix,
    training_matrix,
)
from recsys.models.blocks.learned import LearnedBlock


class AffinityConfig(HistoryConfig):
    """Settings of :class:`AffinityBlock`."""

    half_life_days: PositiveFloat | None = 60.0
    """A history item counts half after so many days, when someone is scored; None: no decay."""
    training_half_life_days: PositiveFloat | None = 60.0
    """The same for what everybody took."""
    max_tags: PositiveInt = 64
    """Tags that are looked at: those of most items."""
    smoothing: PositiveFloat = 5.0
    """Tags taken like everybody else that are added to each person's own."""
    declared_weight: NonNegativeFloat = 5.0
    """Times that declaring a tag counts as taking it."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of the dense table of tags, and of making it."""
        width = min(self.max_tags, size.n_tags)
        kept = FLOAT * width * size.n_items
        return Footprint(kept + 48 * width * size.n_items + 2 * PAIR * size.n_pairs, kept, width)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "smoothing": Times(8.0),
            "max_tags": Choice((32, 64, 128, 256)),
            "half_life_days": Timed(Times(6.0)),
        }


class AffinityBlock(LearnedBlock):
    r"""Naive Bayes over the common tags: how much more often than everybody a person takes each.

    .. math::

        s(u, i) = \sum_{t \in T_i} \log \frac{n_{ut} + m\, p_t}{(n_u + m)\, p_t}

    with :math:`n_{ut}` how often *u* took tag *t* (declared tags count too), :math:`n_u` the sum
    over the tags, :math:`p_t` the share of *t* in what everybody takes and *m* the smoothing. Added
    to the logarithm of an item's popularity it gives the logarithm of its popularity with *u*,
    were tags independent. Formats, languages and years in titles are tags here like any other.

    Parameters
    ----------
    config : AffinityConfig, optional
    name : str
        Unique among the blocks of a hybrid.
    """

    is_collaborative = False

    def __init__(self, config: AffinityConfig | None = None, *, name: str = "affinity") -> None:
        self.config = AffinityConfig() if config is None else config
        super().__init__(name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Count how often everybody takes each of the common tags."""
        tags = frequent_tags(training.item_features, max_tags=self.config.max_tags)
        carried = has_tags(training.item_features, tags)
        taken = column_sums(training_matrix(training, self.config)) @ carried
        share = (taken + 1) / (taken + 1).sum() if len(tags) else taken
        self.set_arrays(
            tags=tags,
            item_factors=carried.astype(np.float32),
            shares=np.asarray(share, dtype=np.float32),
            n_tags=np.array(training.item_features.shape[1], dtype=np.int64),
        )
        progress(self.name, 1, 1)

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_tags) float32: 1 where an item has the tag."""
        return self.array("item_factors")

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_tags) float32: log odds; 0 for who is unknown."""
        tags, shares = self.array("tags"), self.array("shares").astype(np.float64)
        taken = self._taken(queries, tags)
        smoothing = self.config.smoothing
        total = taken.sum(axis=1, keepdims=True) + smoothing
        odds = (taken + smoothing * shares) / (total * shares) if len(tags) else taken
        return np.ascontiguousarray(np.log(odds), dtype=np.float32)

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, n_tags) float32, exactly as for known items."""
        return has_tags(item_features, self.array("tags")).astype(np.float32)

    def with_features(self, item_features: Csr) -> Self:
        """Return the block after its items got other tags."""
        return self.of_new_items(item_features)

    def load_arrays(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take what :meth:`to_arrays` gave.

        Raises
        ------
        ArtifactError
            If the tags are not ascending rows of the vocabulary, one for each column.
        """
        tags = arrays["tags"]
        n_tags = int(arrays.get("n_tags", np.iinfo(np.int32).max))  # format 1.0 did not say
        if len(tags) and (tags.min() < 0 or tags.max() >= n_tags or (np.diff(tags) <= 0).any()):
            raise ArtifactError(
                f"the tags of {self.name} must be ascending rows below {n_tags}; others came. "
                "The saved model is damaged: refit."
            )
        if arrays["item_factors"].shape[1:] != tags.shape or arrays["shares"].shape != tags.shape:
            raise ArtifactError(
                f"{self.name} must hold one share and one column for each of its {len(tags)} tags; "
                "it does not. The saved model is damaged: refit."
            )
        super().load_arrays(arrays)

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the part of each tag."""
        check_one(query)
        odds = self.user_factors(query)[0]
        some = np.flatnonzero(odds)
        values = odds[some, None] * self.item_factors[item_rows][:, some].T
        return [Contribution(self.name, Source.TAG, self.array("tags")[some], values)]

    def _taken(self, queries: Queries, tags: RowArray) -> DoubleArray:
        taken = history_matrix(queries, self.config) @ self.item_factors
        if queries.tags.nnz and len(tags):
            taken = taken + self.config.declared_weight * has_tags(queries.tags, tags)
        return np.asarray(taken, dtype=np.float64)
