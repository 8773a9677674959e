"""EASE for large catalogs: each item is explained by its strongest neighbours alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from pydantic import PositiveFloat, PositiveInt

from recsys.core.arrays import NO_ROW, Csr, FloatArray, FloatMatrix, RowArray
from recsys.core.memory import check_memory
from recsys.core.progress import Progress, silent
from recsys.core.threads import for_tiles, n_cores
from recsys.models.base import TrainingSet
from recsys.models.blocks.algebra.dense import BAND, rows_per_tile
from recsys.models.blocks.block_config import Rule, Times
from recsys.models.blocks.data_size import FLOAT, PAIR, DataSize, Footprint, gram_pairs
from recsys.models.blocks.history_weights import scale, training_matrix
from recsys.models.blocks.neighbours.item_matrix import SparseItemItemBlock
from recsys.models.blocks.neighbours.regression import (
    ItemRegressionConfig,
    lifts,
    regression_matrix,
    ridges,
)


class SparseEASEConfig(ItemRegressionConfig):
    """Settings of :class:`SparseEASEBlock`."""

    former_names: ClassVar = {"n_neighbours": "n_neighbors"}
    memory_hint: ClassVar = "Lower n_neighbors, use spectral instead, or raise memory_limit_mb."

    regularization: PositiveFloat = 30.0
    """λ; with ``item_exponent`` 0 near 10 to 300 (sparse data want less), with 0.5 near 1 to 10."""
    n_neighbors: PositiveInt = 100
    """Items that may explain each item; time grows with its cube."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of the sparse Gram matrix, the neighbours and the tiles in work."""
        n_pairs = size.n_together
        if self.tag_weight:
            n_pairs = size.n_items**2  # how tags meet is not known without multiplying
        n_best = max(min(self.n_neighbors, size.n_items - 1), 0)
        systems = 2 * FLOAT * n_best**2
        tiles = n_cores() * (rows_per_tile(systems) * systems + 3 * PAIR * BAND * size.n_items)
        work = 6 * PAIR * (size.n_pairs + size.n_item_tags) + tiles
        kept = PAIR * size.n_items * n_best + PAIR * size.n_items
        return Footprint(sparse_ease_bytes(size.n_items, n_pairs, self) + work, kept)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {**super().search_rules(), "n_neighbors": Times(2.0)}


class SparseEASEBlock(SparseItemItemBlock):
    r"""EASE whose weights are zero but for the strongest neighbours of each item [MRF2019]_.

    .. math::

        \mathcal{N}_i = \text{the n items s of largest } |G_{si}| / \sqrt{G_{ss} + \Lambda_s},
        \quad \Lambda = \lambda I + \tfrac{p}{1-p} \mathrm{diag}(G)

        B_{\mathcal{N}_i, i} = \left(G_{\mathcal{N}_i \mathcal{N}_i} +
        \Lambda_{\mathcal{N}_i}\right)^{-1} G_{\mathcal{N}_i, i}, \qquad
        s(u, i) = \sum_s h_{us} \, d_s^{-c} B_{si} \, d_i^{c}

    with the letters of :class:`recsys.models.blocks.neighbours.ease.EASEBlock`. A column of EASE is
    the ridge regression of its item on all others; here it is on its neighbours, as in the
    feature-selecting SLIM [SLIM2011]_: the best weights there are in those places. With all items
    as neighbours it is EASE itself.

    Parameters
    ----------
    config : SparseEASEConfig, optional
    name : str
        Unique among the blocks of a hybrid.

    Notes
    -----
    Memory: ``8 * n_items * n_neighbors`` bytes kept; in the fit also the sparse Gram matrix, at
    most 8 bytes for each pair of items in one history. Time: ``n_items * n_neighbors ** 3 / 1.5``
    operations, beside the sum of the squares of the history lengths. The numbers do not depend on
    the number of threads.
    """

    def __init__(
        self, config: SparseEASEConfig | None = None, *, name: str = "sparse_ease"
    ) -> None:
        self.config = SparseEASEConfig() if config is None else config
        super().__init__(self.config, name=name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Choose the neighbours of each item, and solve for their weights.

        Raises
        ------
        ConfigError
            If the Gram matrix or the neighbours do not fit in memory.
        """
        config = self.config
        matrix, degrees = regression_matrix(training, config)
        diagonal = np.bincount(
            matrix.indices, weights=matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[1]
        ).astype(np.float32)
        history = training_matrix(training, config)
        ridge = ridges(diagonal, config, history=history).astype(np.float32)
        n_best = max(min(config.n_neighbors, training.n_items - 1), 0)
        check_memory(
            sparse_ease_bytes(training.n_items, gram_pairs(matrix), config),
            what=f"sparse EASE of {training.n_items} items",
            hint="Lower n_neighbors, or use the spectral block.",
        )
        gram, nearest = _gram(matrix, diagonal + ridge, n_best=n_best, progress=progress)
        weights = _solve(gram, nearest, ridge, progress=progress)
        left, right = lifts(degrees, config.output_exponent)
        self.keep_weights(scale(_from_columns(nearest, weights), rows=left, columns=right))


def sparse_ease_bytes(n_items: int, n_pairs: int, config: SparseEASEConfig) -> int:
    """Return the bytes that a fit takes at its peak.

    Parameters
    ----------
    n_items : int
    n_pairs : int
        Stored entries of the Gram matrix, at most.
    config : SparseEASEConfig
    """
    kept = n_items * max(min(config.n_neighbors, n_items - 1), 0)
    # the Gram in bands and joined; then neighbours, weights and two forms of the sparse answer
    return 16 * n_pairs + 32 * kept + 64 * n_items


def _gram(
    matrix: Csr, strength: FloatArray, *, n_best: int, progress: Progress
) -> tuple[Csr, RowArray]:
    """Return the Gram matrix, and (n_items, n_best) neighbours, ascending, -1 behind the last."""
    n_items = matrix.shape[1]
    by_item = matrix.T.tocsr()
    bands: list[Csr] = [None] * -(-n_items // BAND)
    nearest = np.full((n_items, n_best), NO_ROW, dtype=np.int32)
    root = (1 / np.sqrt(strength)).astype(np.float32)

    def work(start: int, stop: int) -> None:
        band = (by_item[start:stop] @ matrix).tocsr()
        band.sort_indices()
        bands[start // BAND] = band
        for row in range(start, stop):
            places = slice(band.indptr[row - start], band.indptr[row - start + 1])
            nearest[row] = _strongest(band.indices[places], band.data[places], root, row, n_best)

    for_tiles(work, n_items, tile=BAND, progress=progress, stage="sparse_ease: Gram")
    gram = sp.vstack(bands, format="csr") if bands else sp.csr_matrix((0, 0), dtype=np.float32)
    return gram, nearest


def _strongest(
    columns: RowArray, values: FloatArray, root: FloatArray, row: int, n_best: int
) -> RowArray:
    """Return the neighbours of one item; ties go to the lower row."""
    others = columns != row
    columns, keys = columns[others], -np.abs(values[others] * root[columns[others]])
    out = np.full(n_best, NO_ROW, dtype=np.int32)
    if len(columns) > n_best:
        bar = np.partition(keys, n_best - 1)[n_best - 1]
        sure = keys < bar
        ties = np.flatnonzero(keys == bar)[: n_best - int(sure.sum())]
        sure[ties] = True
        columns = columns[sure]
    out[: len(columns)] = columns
    return out


def _solve(gram: Csr, nearest: RowArray, ridge: FloatArray, *, progress: Progress) -> FloatMatrix:
    """Return the (n_items, n_best) float32 weights of each item's neighbours."""
    from recsys.models.blocks.algebra._compiled import gather_systems

    parts = (gram.indptr.astype(np.int64), gram.indices.astype(np.int32), gram.data)
    weights = np.zeros(nearest.shape, dtype=np.float32)
    n_best = nearest.shape[1]

    def work(start: int, stop: int) -> None:
        systems = np.zeros((stop - start, n_best, n_best), dtype=np.float32)
        right = np.zeros((stop - start, n_best), dtype=np.float32)
        gather_systems(parts, nearest[start:stop], start, ridge, systems, right)
        weights[start:stop] = np.linalg.solve(systems, right[:, :, None])[:, :, 0]

    tile = rows_per_tile(2 * FLOAT * n_best**2)
    for_tiles(work, len(nearest), tile=tile, progress=progress, stage="sparse_ease: solve")
    return weights


def _from_columns(nearest: RowArray, weights: FloatMatrix) -> Csr:
    """Return B as csr, from the neighbours and weights of each column."""
    n_items = len(nearest)
    some = nearest != NO_ROW
    indptr = np.concatenate([[0], np.cumsum(some.sum(axis=1))])
    columns = sp.csc_matrix((weights[some], nearest[some], indptr), shape=(n_items, n_items))
    return columns.tocsr()
