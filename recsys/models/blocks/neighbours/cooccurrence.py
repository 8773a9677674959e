"""Co-occurrence lift: recent items of people with the same history, relative to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys.core.arrays import (
    Csr,
    DoubleArray,
    FloatArray,
    FloatMatrix,
    RowArray,
    freeze,
    with_data,
)
from recsys.core.contribution import Contribution, Source
from recsys.core.progress import Progress, silent
from recsys.core.threads import for_tiles
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.algebra.dense import BAND, LEAST_LOG_RATIO
from recsys.models.blocks.block_config import Near, Rule, Timed, Times
from recsys.models.blocks.data_size import DataSize, Footprint
from recsys.models.blocks.explanation import add_column_parts, check_one
from recsys.models.blocks.history_weights import (
    HistoryConfig,
    column_sums,
    history_matrix,
    history_weights,
    pair_age_days,
    power,
    row_sums,
    scale,
    training_matrix,
)
from recsys.models.blocks.learned import LearnedBlock
from recsys.models.blocks.neighbours.item_matrix import (
    best_per_row,
    compiled_kernel,
    dense_products,
    neighbours_footprint,
    views,
)


class CooccurrenceConfig(HistoryConfig):
    """Settings of :class:`CooccurrenceBlock`."""

    former_names: ClassVar = {"n_neighbours": "n_neighbors"}
    memory_hint: ClassVar = "Lower n_neighbors, or raise memory_limit_mb."

    recent_half_life_days: PositiveFloat | None = 30.0
    """What others took counts half after so many days; None: all their history alike."""
    min_recent_weight: float = Field(default=2.0**-6, ge=0.0, lt=1.0)
    """What others took and what decayed below this share is left out: it keeps K sparse."""
    item_exponent: NonNegativeFloat = 1.0
    """a: how much popular items of a history are damped."""
    user_exponent: NonNegativeFloat = 0.5
    """b: how much people with long histories are damped."""
    smoothing: PositiveFloat = 1.0
    """m, in average items: how much it takes to move a score away from 0."""
    n_neighbors: PositiveInt = 1000
    """Neighbours kept per item."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of the neighbours, and of the bands of rows in work."""
        return neighbours_footprint(self.n_neighbors, size, n_pairs=size.n_pairs)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "recent_half_life_days": Timed(Times(6.0)),
            "item_exponent": Near(0.5),
            "user_exponent": Near(0.5),
            "smoothing": Times(8.0),
        }


class CooccurrenceBlock(LearnedBlock):
    r"""Log lift of an item among the people with one's history, recent pairs counting more.

    .. math::

        K = D_I^{-a} X^T D_U^{-b} R, \qquad
        p_{ui} = \frac{(h_u K)_i}{\sum_j (h_u K)_j}, \qquad q_i = \frac{\sum_v R_{vi}}
        {\sum_{vj} R_{vj}}, \qquad
        s(u, i) = \log \frac{p_{ui} + m / n}{q_i + m / n}

    with *X* who took what ever, *R* the same with recent pairs counting more, and *n* the number of
    items. Added to the logarithm of an item's popularity it gives the logarithm of its popularity
    with people like *u*; unlike a plain co-occurrence it does not count popularity again.

    Parameters
    ----------
    config : CooccurrenceConfig, optional
    name : str
        Unique among the blocks of a hybrid.

    Notes
    -----
    Memory: at most ``8 * n_items * n_neighbors`` bytes kept; time: the sum over people of the
    history length times the recent history length.
    """

    def __init__(
        self, config: CooccurrenceConfig | None = None, *, name: str = "cooccurrence"
    ) -> None:
        self.config = CooccurrenceConfig() if config is None else config
        super().__init__(name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Count what goes together, and keep the best neighbours of each item."""
        config = self.config
        ever = training_matrix(training, config)
        recent = _recent(training, ever, config)
        ever = scale(
            ever,
            rows=power(row_sums(ever), -config.user_exponent),
            columns=power(column_sums(ever), -config.item_exponent),
        )
        kernel, mass = _kernel(ever, recent, n_best=config.n_neighbors, progress=progress)
        taken = column_sums(recent).astype(np.float64)
        self.set_arrays(
            data=kernel.data.astype(np.float32),
            indices=kernel.indices.astype(np.int32),
            indptr=kernel.indptr.astype(np.int64),
            mass=mass,
            shares=(taken / max(taken.sum(), 1e-12)).astype(np.float32),
        )

    @property
    def item_weights(self) -> Csr:
        """(n_items, n_items) csr float32: K, from the row's item to the column's."""
        parts = tuple(self.array(name) for name in ("data", "indices", "indptr"))
        n_items = len(self.array("mass"))
        return sp.csr_matrix(parts, shape=(n_items, n_items))

    @property
    def n_known_items(self) -> int:
        """Number of items it knows."""
        return len(self.array("mass"))

    def scores(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_items) float32."""
        history = history_matrix(queries, self.config)
        near = dense_products(queries, history.data, compiled_kernel(self))
        return self._log_ratio(near, self._mass(history), self.array("shares")[None, :])

    def candidate_scores(self, queries: Queries, item_rows: RowArray) -> FloatMatrix:
        """Return (n_queries, n_candidates) float32 for ``item_rows``; 0 for row -1."""
        # page views come through here: numpy would take longer for the rest than for the sums
        from recsys.models.blocks.algebra._compiled import gather_ratios

        weights = history_weights(queries, self.config)
        history = views((queries.history.indptr, queries.history.indices, weights))
        sums = self.derived("sums", lambda: (self._plain("mass"), self._plain("shares")))
        out = np.empty(item_rows.shape, dtype=np.float32)
        rows = freeze(np.ascontiguousarray(item_rows, dtype=np.int32).view())
        gather_ratios(history, compiled_kernel(self), rows, sums, self._extra, out)
        return out

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the score as parts of the items of the history: each its share of what is near."""
        check_one(query)
        history = history_matrix(query, self.config)
        weights = self.item_weights[history.indices][:, item_rows].toarray()
        near = history.data[:, None] * weights
        total = near.sum(axis=0)
        shares = self.array("shares")[item_rows][None, :]
        scores = self._log_ratio(total[None, :], self._mass(history), shares)[0]
        split = near / np.where(total > 0, total, 1)
        far = np.where(total > 0, 0, scores)
        parts = [Contribution(self.name, Source.ITEM, history.indices, split * scores)]
        if far.any():
            parts.append(add_column_parts(far, block=self.name, source=Source.PERSON))
        return parts

    def _mass(self, history: Csr) -> DoubleArray:
        return np.asarray(history @ self.array("mass"), dtype=np.float64)[:, None]

    def _plain(self, name: str) -> FloatArray:
        """Return an array as compiled code takes it."""
        return freeze(np.asarray(self.array(name), dtype=np.float32).view())

    @property
    def _extra(self) -> float:
        return self.config.smoothing / max(self.n_known_items, 1)

    def _log_ratio(self, near: FloatMatrix, mass: DoubleArray, shares: FloatMatrix) -> FloatMatrix:
        """Return the scores; 0 where the history has no neighbours, and for rounding noise."""
        extra = self._extra
        some = mass > 0
        own = near / np.where(some, mass, 1)
        ratio = np.log((own + extra) / (shares + extra))
        return np.where(some & (np.abs(ratio) >= LEAST_LOG_RATIO), ratio, 0).astype(np.float32)


def _recent(training: TrainingSet, ever: Csr, config: CooccurrenceConfig) -> Csr:
    """Return who took what, fading with age; without times, ``ever``."""
    half_life_days = config.recent_half_life_days
    if half_life_days is None or not training.has_times:
        return ever
    fade = np.exp2(-pair_age_days(training) / np.float32(half_life_days))
    # a copy: the index arrays are shared, and dropping zeros changes them in place
    recent = with_data(ever, np.where(fade < config.min_recent_weight, 0, ever.data * fade)).copy()
    recent.eliminate_zeros()
    return recent


def _kernel(ever: Csr, recent: Csr, *, n_best: int, progress: Progress) -> tuple[Csr, FloatArray]:
    """Return the best neighbours of each item, and the sums over all of them."""
    n_items = ever.shape[1]
    by_item = ever.T.tocsr()
    bands: list[Csr] = [None] * -(-n_items // BAND)
    mass = np.zeros(n_items, dtype=np.float32)

    def work(start: int, stop: int) -> None:
        band = (by_item[start:stop] @ recent).tocsr()
        band.sort_indices()
        mass[start:stop] = row_sums(band)
        bands[start // BAND] = best_per_row(band, n_best)

    for_tiles(work, n_items, tile=BAND, progress=progress, stage="cooccurrence")
    if not bands:
        return sp.csr_matrix((0, 0), dtype=np.float32), mass
    return sp.vstack(bands, format="csr"), mass
