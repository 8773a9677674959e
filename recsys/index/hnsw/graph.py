"""What faiss holds: the vectors, and a graph to walk among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, PositiveInt

from recsys.core.arrays import BoolArray, FloatMatrix, RowArray
from recsys.core.config import Config
from recsys.core.errors import ArtifactError
from recsys.core.storage import sha256
from recsys.index.hnsw.links import faiss_module, faiss_threads, linked

FILE = "index.faiss"

LANES = 16
"""Codes are padded to a multiple of this: faiss 1.15 has slow loops for other 8-bit widths."""

CHUNK = 262_144
"""Vectors copied at once: bounds the memory of a build beside the graph itself."""


class FaissConfig(Config):
    """Settings of :class:`FaissIndex`."""

    kind: Literal["hnsw", "flat"] = "hnsw"
    """A graph [MalkovYashunin2018]_, or every vector looked at."""
    m: int = Field(default=32, ge=4, multiple_of=2)
    """Links of each vector: half of them to large inner products, half to like directions."""
    ef_construction: PositiveInt = 100
    """Candidates kept while a vector is linked: more makes a better graph, slower."""
    ef_search: PositiveInt = 128
    """Candidates kept while searching: more finds more, slower. :func:`tune_search` chooses it."""
    storage: Literal["float32", "int8"] = "float32"
    """Numbers of the graph's own copy of the vectors; int8 reads a quarter of the memory."""
    deterministic: bool = True
    """Build on two threads at most, so that the same vectors give the same graph; False: all."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Candidates for queries; their scores are no business of it.

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
    def build(cls, vectors: FloatMatrix, config: FaissConfig) -> Graph:
        """Take in vectors (n_items, n_factors) float32, and link them."""
        faiss = faiss_module()
        n_items, n_factors = vectors.shape
        metric = faiss.METRIC_INNER_PRODUCT
        if config.kind == "flat":
            library = store = faiss.IndexFlatIP(n_factors)
        elif config.storage == "int8":
            width = -(-n_factors // LANES) * LANES
            library = faiss.IndexHNSWSQ(width, faiss.ScalarQuantizer.QT_8bit, config.m, metric)
            store = library.storage
            if n_items:
                store.train(_padded(vectors[:: -(-n_items // CHUNK)], width))
                library.is_trained = True
        else:
            library = faiss.IndexHNSWFlat(n_factors, config.m, metric)
            store = library.storage
        for start in range(0, n_items, CHUNK):
            store.add(_padded(vectors[start : start + CHUNK], store.d))
        library.ntotal = n_items
        if config.kind == "hnsw" and n_items:
            linked(library.hnsw, vectors, config.m, **_effort(config))
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
        parameters = _parameters(self.config, n, allowed)
        with faiss_threads(n_threads):
            # faiss 1.15 pads with score -3.4e38; only the rows are used, and those with -1
            padded = _padded(queries, self.library.d)
            _, rows = self.library.search(padded, n, params=parameters)
        return np.asarray(rows, dtype=np.int32)

    def write(self, folder: Path) -> str:
        """Write the graph into a folder and return the SHA-256 of its file."""
        faiss_module().write_index(self.library, str(folder / FILE))
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
        return cls(config, faiss_module().read_index(str(path)))


def _effort(config: FaissConfig) -> dict[str, Any]:
    return {
        "ef_construction": config.ef_construction,
        "deterministic": config.deterministic,
    }


def _padded(vectors: FloatMatrix, width: int) -> FloatMatrix:
    if vectors.shape[1] == width:
        return np.ascontiguousarray(vectors)
    out = np.zeros((len(vectors), width), dtype=np.float32)
    out[:, : vectors.shape[1]] = vectors
    return out


def _parameters(config: FaissConfig, effort: int, allowed: BoolArray) -> Any:
    faiss = faiss_module()
    chosen: dict[str, Any] = {}
    if len(allowed):
        chosen["sel"] = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    if config.kind == "flat":
        return faiss.SearchParameters(**chosen)
    return faiss.SearchParametersHNSW(efSearch=effort, **chosen)
