"""Candidate generation by an HNSW graph of faiss."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from recsys.core.arrays import BoolArray, FloatMatrix, RowArray
from recsys.core.config import Config
from recsys.core.errors import ArtifactError
from recsys.core.storage import sha256
from recsys.index.hnsw.links import faiss_module, faiss_threads, linked

FILE = "index.faiss"

FORMER = {"kind": ("hnsw", "flat"), "storage": ("float32", "int8")}
"""Settings of version 0.1.0, which its saved configurations name; they have no effect."""


class FaissConfig(Config):
    """Settings of :class:`FaissIndex`, an HNSW graph [MalkovYashunin2018]_."""

    m: int = Field(default=32, ge=4, multiple_of=2)
    """Links of each vector: half of them to large inner products, half to like directions."""
    ef_construction: PositiveInt = 100
    """Candidates kept while a vector is linked: more makes a better graph, slower."""
    ef_search: PositiveInt = 128
    """Candidates kept while searching: more finds more, slower."""
    deterministic: bool = True
    """Build on two threads at most, so that the same vectors give the same graph; False: all."""

    @model_validator(mode="before")
    @classmethod
    def _without_former(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value not in FORMER.get(name, ())}


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """HNSW graph over whole vectors; its candidates are scored elsewhere.

    Attributes
    ----------
    library : faiss.Index
        Never changed.
    """

    library: Any

    @classmethod
    def build(cls, vectors: FloatMatrix, config: FaissConfig) -> Graph:
        """Copy vectors (n_items, n_factors) float32, and link them."""
        faiss = faiss_module()
        n_items, n_factors = vectors.shape
        library = faiss.IndexHNSWFlat(n_factors, config.m, faiss.METRIC_INNER_PRODUCT)
        library.storage.add(np.ascontiguousarray(vectors))
        library.ntotal = n_items
        if n_items:
            linked(
                library.hnsw,
                vectors,
                config.m,
                ef_construction=config.ef_construction,
                deterministic=config.deterministic,
            )
        return cls(library)

    def candidates(
        self, queries: FloatMatrix, *, ef_search: int, allowed: BoolArray, n_threads: int
    ) -> RowArray:
        """Return (n_queries, ef_search) int32 rows of about the best, -1 where there are fewer.

        Parameters
        ----------
        queries : (n_queries, n_factors) float32
            Any.
        ef_search : int
            Candidates to keep and to return for each.
        allowed : (n_items,) bool
            Items that may be given; empty: all.
        n_threads : int
            Most threads to use.
        """
        faiss = faiss_module()
        mask = {}
        if len(allowed):
            mask["sel"] = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        parameters = faiss.SearchParametersHNSW(efSearch=ef_search, **mask)
        # int8 graphs that version 0.1.0 saved have vectors padded to a multiple of 16
        padding = self.library.d - queries.shape[1]
        padded = np.pad(queries, ((0, 0), (0, padding))) if padding else queries
        with faiss_threads(n_threads):
            # faiss 1.15 pads with score -3.4e38; only the rows are used, and those with -1
            _, rows = self.library.search(padded, ef_search, params=parameters)
        return np.asarray(rows, dtype=np.int32)

    def write(self, folder: Path) -> str:
        """Write the graph into a folder and return the SHA-256 of its file."""
        faiss_module().write_index(self.library, str(folder / FILE))
        return sha256(folder / FILE)

    @classmethod
    def read(cls, folder: Path, *, digest: object) -> Graph:
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
        return cls(faiss_module().read_index(str(path)))
