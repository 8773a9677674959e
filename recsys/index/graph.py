"""What faiss holds: a graph over vectors made equally long, or the plain vectors."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, PositiveInt

from recsys.core.arrays import BoolArray, FloatMatrix, RowArray
from recsys.core.config import Config
from recsys.core.errors import ArtifactError
from recsys.core.storage import sha256
from recsys.index.threads import n_cores

FILE = "index.faiss"

CHUNK = 262_144
"""Vectors added at once: bounds the memory of a build beside the graph itself."""

LANES = 16
"""Codes are padded to a multiple of this: faiss 1.15 has slow loops for other 8-bit widths."""


class FaissConfig(Config):
    """Settings of :class:`FaissIndex`."""

    kind: Literal["hnsw", "flat"] = "hnsw"
    """A graph [MalkovYashunin2018]_, or every vector looked at."""
    m: int = Field(default=32, ge=2)
    """Links of each vector in the graph."""
    ef_construction: PositiveInt = 200
    """Candidates kept while a vector is linked: more makes a better graph, slower."""
    ef_search: PositiveInt = 128
    """Candidates kept while searching: more finds more, slower. :func:`tune_search` chooses it."""
    storage: Literal["float32", "int8"] = "float32"
    """Numbers of the graph's own copy of the vectors; int8 reads a quarter of the memory."""
    deterministic: bool = True
    """Build on one thread, so that the same vectors give the same graph; False uses all cores."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Candidates for queries, their scores unspoken of.

    In a graph for inner products long vectors become hubs and short ones cannot be reached. So each
    vector gets one more number that makes all of them equally long [Bachrach2014]_, and a query
    gets a 0 there: no product changes, and the neighbours of a vector are those it should link to.

    Attributes
    ----------
    config : FaissConfig
        How it was built.
    library : faiss.Index
        Never changed.
    """

    config: FaissConfig
    library: Any

    @classmethod
    def build(cls, vectors: FloatMatrix, config: FaissConfig, *, max_norm: float) -> Graph:
        """Link vectors (n_items, n_factors) float32, the longest of which is ``max_norm`` long."""
        n_items, n_factors = vectors.shape
        library = _empty(n_factors, config)
        with _threads(1 if config.deterministic else n_cores()):
            if not library.is_trained and n_items:
                some = vectors[:: -(-n_items // CHUNK)]
                library.train(_codes(some, max_norm, width=library.d))
            for start in range(0, n_items, CHUNK):
                library.add(_codes(vectors[start : start + CHUNK], max_norm, width=library.d))
        return cls(config, library)

    def candidates(
        self, queries: FloatMatrix, *, n: int, allowed: BoolArray, n_threads: int
    ) -> RowArray:
        """Return (n_queries, n) int32 rows of about the best, -1 where there are fewer.

        Parameters
        ----------
        queries : (n_queries, n_factors) float32
            Any.
        n : int
            Candidates of each; also the effort of the walk.
        allowed : (n_items,) bool
            Items that may be given; empty: all.
        n_threads : int
            Most threads to use.
        """
        padded = np.zeros((len(queries), self.library.d), dtype=np.float32)
        padded[:, : queries.shape[1]] = queries
        parameters = _parameters(self.config, n, allowed)
        with _threads(n_threads):
            # faiss 1.15 pads with score -3.4e38; only the rows are used, and those with -1
            _, rows = self.library.search(padded, n, params=parameters)
        return np.asarray(rows, dtype=np.int32)

    def write(self, folder: Path) -> str:
        """Write the graph into a folder and return the SHA-256 of its file."""
        _faiss().write_index(self.library, str(folder / FILE))
        return sha256(folder / FILE)

    @classmethod
    def read(cls, folder: Path, config: FaissConfig, *, digest: object) -> Graph:
        """Read what :meth:`write` wrote.

        Raises
        ------
        ArtifactError
            If the file is missing or is not the one that has the SHA-256 ``digest``.
        """
        path = folder / FILE
        # faiss trusts what it parses: a damaged file must not get that far
        if not path.is_file() or sha256(path) != digest:
            raise ArtifactError(
                f"{path} must be the file that was saved; it is missing or damaged. Save it again."
            )
        return cls(config, _faiss().read_index(str(path)))


def _empty(n_factors: int, config: FaissConfig) -> Any:
    faiss = _faiss()
    if config.kind == "flat":
        return faiss.IndexFlatIP(n_factors)
    width = -(-(n_factors + 1) // LANES) * LANES
    metric = faiss.METRIC_INNER_PRODUCT
    if config.storage == "int8":
        library = faiss.IndexHNSWSQ(width, faiss.ScalarQuantizer.QT_8bit, config.m, metric)
    else:
        library = faiss.IndexHNSWFlat(width, config.m, metric)
    library.hnsw.efConstruction = config.ef_construction
    return library


def _codes(vectors: FloatMatrix, max_norm: float, *, width: int) -> FloatMatrix:
    # [v | sqrt(max_norm^2 - |v|^2) | 0 ...]
    n_items, n_factors = vectors.shape
    if width == n_factors:
        return vectors
    codes = np.zeros((n_items, width), dtype=np.float32)
    codes[:, :n_factors] = vectors
    squares = np.einsum("if,if->i", vectors, vectors, dtype=np.float64)
    codes[:, n_factors] = np.sqrt(np.maximum(max_norm**2 - squares, 0.0))
    return codes


def _parameters(config: FaissConfig, effort: int, allowed: BoolArray) -> Any:
    faiss = _faiss()
    chosen: dict[str, Any] = {}
    if len(allowed):
        chosen["sel"] = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    if config.kind == "flat":
        return faiss.SearchParameters(**chosen)
    return faiss.SearchParametersHNSW(efSearch=effort, **chosen)


@contextmanager
def _threads(n_threads: int) -> Iterator[None]:
    # OpenMP keeps this number per calling thread, so concurrent callers do not disturb each other
    faiss = _faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(n_threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _faiss() -> Any:
    # by name: the type hints that faiss 1.15 ships contradict what it does
    return importlib.import_module("faiss")
