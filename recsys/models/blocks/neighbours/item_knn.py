"""Item-item nearest neighbours, for any catalog size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from pydantic import NonNegativeFloat, PositiveInt

from recsys.core.arrays import Csr, FloatArray, with_data
from recsys.core.memory import check_memory
from recsys.core.progress import Progress, silent
from recsys.core.threads import for_tiles
from recsys.models.base import TrainingSet
from recsys.models.blocks.algebra.dense import BAND
from recsys.models.blocks.block_config import Choice, Near, Rule, Tags, Times
from recsys.models.blocks.data_size import DataSize, Footprint
from recsys.models.blocks.history_weights import (
    HistoryConfig,
    column_sums,
    power,
    row_sums,
    scale,
    training_matrix,
)
from recsys.models.blocks.neighbours.item_matrix import (
    SparseItemItemBlock,
    best_per_row,
    neighbours_footprint,
)


class ItemKNNConfig(HistoryConfig):
    """Settings of :class:`ItemKNNBlock`; see its class methods for the published members."""

    former_names: ClassVar = {"n_neighbours": "n_neighbors"}
    memory_hint: ClassVar = "Lower n_neighbors, or raise memory_limit_mb."

    similarity: Literal["product", "tversky"] = "product"
    """What co-occurrence is divided by: degrees to a power, or a weighted union."""
    item_exponent: float = 0.7
    """a of ``product``, on the degree of the history's item; its weight in ``tversky``."""
    user_exponent: NonNegativeFloat = 0.5
    """b: how much long histories are damped."""
    output_exponent: float = 0.2
    """c of ``product``, on the degree of the scored item; its weight in ``tversky``."""
    shrinkage: NonNegativeFloat = 0.0
    """Added to the denominator: distrusts pairs seen together by chance."""
    n_neighbors: PositiveInt = 500
    """Neighbours kept per item."""
    tag_weight: NonNegativeFloat = 0.0
    """Weight of the tags as pseudo-users; 0 leaves them out."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of the neighbours, and of the bands of rows in work."""
        n_pairs = size.n_pairs + (size.n_item_tags if self.tag_weight else 0)
        return neighbours_footprint(self.n_neighbors, size, n_pairs=n_pairs)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "similarity": Choice(("product", "tversky")),
            "item_exponent": Near(0.4),
            "user_exponent": Near(0.4),
            "output_exponent": Near(0.4),
            "n_neighbors": Times(4.0),
            "tag_weight": Tags(Choice((0.0, 0.03, 0.1, 0.3, 1.0))),
            "half_life_days": self.half_lives,
        }

    @classmethod
    def rp3beta(cls, *, beta: float = 0.5, **settings: Any) -> ItemKNNConfig:
        """Return the random walk of three steps with a popularity penalty [RP3beta2017]_."""
        return cls(item_exponent=1.0, user_exponent=1.0, output_exponent=beta, **settings)

    @classmethod
    def linkprop(
        cls, *, beta: float = 0.5, gamma: float = 0.5, delta: float = 0.5, **settings: Any
    ) -> ItemKNNConfig:
        """Return the link propagation kernel [LinkProp2022]_ (its α only scales a person)."""
        return cls(item_exponent=beta, user_exponent=gamma, output_exponent=delta, **settings)

    @classmethod
    def cosine(cls, **settings: Any) -> ItemKNNConfig:
        """Return the item-item cosine [DeshpandeKarypis2004]_."""
        return cls(item_exponent=0.5, user_exponent=0.0, output_exponent=0.5, **settings)


class ItemKNNBlock(SparseItemItemBlock):
    r"""Item-item nearest neighbours: the most similar items of each item.

    .. math::

        C = X^T D_U^{-b} X, \qquad
        K_{si} = \frac{C_{si}}{d_s^{a} d_i^{c} + h} \quad (product), \qquad
        \frac{C_{si}}{C_{si} + a (d_s - C_{si}) + c (d_i - C_{si}) + h} \quad (tversky)

        s(u, i) = \sum_s h_{us} K_{si}

    Parameters
    ----------
    config : ItemKNNConfig, optional
    name : str
        Unique among the blocks of a hybrid.

    Notes
    -----
    Memory: at most ``8 * n_items * n_neighbors`` bytes kept; time: the sum of the squares of the
    history lengths.
    """

    def __init__(self, config: ItemKNNConfig | None = None, *, name: str = "item_knn") -> None:
        self.config = ItemKNNConfig() if config is None else config
        super().__init__(self.config, name=name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Count what goes together, and keep the best neighbours of each item.

        Raises
        ------
        ConfigError
            If the neighbours do not fit in memory.
        """
        config = self.config
        people = training_matrix(training, config)
        if config.tag_weight and training.item_features.shape[1]:
            tags = training.item_features.T.tocsr()
            root = np.full(tags.shape[0], np.sqrt(config.tag_weight), dtype=np.float32)
            people = sp.vstack([people, scale(tags, rows=root)], format="csr")
        n_best = min(config.n_neighbors, training.n_items)
        check_memory(
            16 * training.n_items * n_best,
            what=f"{n_best} neighbours of {training.n_items} items",
            hint="Lower n_neighbors.",
        )
        self.keep_weights(_neighbours(people, config, n_best=n_best, progress=progress))


def _neighbours(people: Csr, config: ItemKNNConfig, *, n_best: int, progress: Progress) -> Csr:
    n_items = people.shape[1]
    damped = scale(people, rows=power(row_sums(people), -config.user_exponent))
    by_item = damped.T.tocsr()
    left, right = _denominators(people, damped, config)
    bands: list[Csr] = [None] * -(-n_items // BAND)

    def work(start: int, stop: int) -> None:
        band = (by_item[start:stop] @ people).tocsr()
        band.sort_indices()
        sources = start + np.repeat(np.arange(stop - start), np.diff(band.indptr))
        values = _similarity(band, left[sources], right[band.indices], config)
        values[band.indices == sources] = 0.0
        bands[start // BAND] = best_per_row(with_data(band, values), n_best)

    for_tiles(work, n_items, tile=BAND, progress=progress, stage="item_knn")
    return sp.vstack(bands, format="csr") if bands else sp.csr_matrix((0, 0), dtype=np.float32)


def _similarity(
    together: Csr, left: FloatArray, right: FloatArray, config: ItemKNNConfig
) -> FloatArray:
    shrinkage = np.float32(config.shrinkage)
    if config.similarity == "product":
        below = left * right + shrinkage
    else:
        overlap = np.float32(1 - config.item_exponent - config.output_exponent)
        below = left + right + overlap * together.data + shrinkage
    values = np.zeros(len(below), dtype=np.float32)
    np.divide(together.data, below, out=values, where=below > 0)
    return values


def _denominators(people: Csr, damped: Csr, config: ItemKNNConfig) -> tuple[FloatArray, FloatArray]:
    if config.similarity == "product":
        degrees = column_sums(people)
        return power(degrees, config.item_exponent), power(degrees, config.output_exponent)
    # Tversky compares with the count of an item with itself, under the same damping.
    own = column_sums(damped.multiply(people).tocsr())
    return own * np.float32(config.item_exponent), own * np.float32(config.output_exponent)
