"""Int8 codes of item vectors in fewer dimensions, fitted to keep inner products with queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import FloatArray, FloatMatrix, RowArray, freeze
from recsys.core.errors import ArtifactError, DataError
from recsys.index.cost import ROWS_AT_ONCE

OWN_SHARE = 0.02
"""Share of each variance of the queries that is added as independent noise: users unlike those in
the sample, such as new ones, then lose little."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemCodes:
    r"""Linear maps of queries and items to few dimensions that keep their inner products.

    With :math:`C` the second moment of the queries, :math:`S` that of the items and
    :math:`C^{1/2} S C^{1/2} = V \Lambda V^T`, the codes are

    .. math::

        c_i = \Lambda^{-1/4} V_w^T C^{1/2} q_i, \qquad d_u = \Lambda^{1/4} V_w^T C^{-1/2} p_u

    Of all maps to *w* numbers they lose least of the scores, in squares, over these queries and
    items (the truncated singular value decomposition of all scores [EckartYoung1936]_). The factor
    :math:`\Lambda^{\pm 1/4}` gives both sides the same second moment, so that an item can serve as
    a query when a graph is linked.

    Attributes
    ----------
    query_map : (n_factors, n_dims) float32
        From a query to its code, times the steps of the item codes.
    items : (n_items, n_dims) int8
        Codes of the items, by row; by place where a graph has an order of its own. One byte a
        number loses nothing that matters: with 20 candidates all of the best 10 are among them, as
        with four.
    steps : (n_dims,) float32
        Quantisation step of each dimension of ``items``.
    """

    query_map: FloatMatrix
    items: npt.NDArray[np.int8]
    steps: FloatArray

    @classmethod
    def fit(
        cls,
        vectors: FloatMatrix,
        queries: FloatMatrix,
        *,
        n_dims: int,
    ) -> ItemCodes:
        """Return the codes of ``n_dims`` numbers that lose least for some queries.

        Parameters
        ----------
        vectors : (n_items, n_factors) float32
            Of the items.
        queries : (n_queries, n_factors) float32
            A sample of users' vectors.
        n_dims : int
            At least 1; more than ``n_factors`` is taken as that.

        Raises
        ------
        DataError
            If there is no query, or the widths do not fit.
        """
        if not len(queries) or queries.shape[1] != vectors.shape[1]:
            raise DataError(
                f"queries must hold at least one of n_dims {vectors.shape[1]}; got {queries.shape}."
            )
        item_map, query_map = _maps(vectors, queries, n_dims=n_dims)
        codes = np.empty((len(vectors), item_map.shape[1]), dtype=np.float32)
        for start in range(0, len(vectors), ROWS_AT_ONCE):
            np.matmul(
                vectors[start : start + ROWS_AT_ONCE],
                item_map,
                out=codes[start : start + ROWS_AT_ONCE],
            )
        steps = np.maximum(
            np.abs(codes).max(axis=0, initial=0.0) / np.iinfo(np.int8).max, 1e-30
        ).astype(np.float32)
        small = np.empty(codes.shape, dtype=np.int8)
        for start in range(0, len(codes), ROWS_AT_ONCE):
            small[start : start + ROWS_AT_ONCE] = np.rint(
                codes[start : start + ROWS_AT_ONCE] / steps
            )
        return cls(freeze((query_map * steps).astype(np.float32)), freeze(small), freeze(steps))

    @property
    def n_dims(self) -> int:
        """Dimensions of a code."""
        return int(self.items.shape[1])

    def taken(self, rows: RowArray) -> ItemCodes:
        """Return the same code with the items in the order of ``rows``."""
        return replace(self, items=freeze(self.items[rows]))

    def of_items(self) -> FloatMatrix:
        """Return the (n_items, n_dims) float32 decoded codes of the items."""
        return np.asarray(self.items * self.steps, dtype=np.float32)

    def norms(self) -> FloatArray:
        """Return the (n_items,) float32 norms of the decoded codes."""
        codes = self.of_items()
        return np.asarray(np.sqrt(np.einsum("if,if->i", codes, codes)), dtype=np.float32)

    def of_queries(self, queries: FloatMatrix) -> FloatMatrix:
        """Return the (n_queries, n_dims) float32 codes of queries, in a batch the same as alone."""
        from recsys.index.codes._search import encode

        out = np.empty((len(queries), self.n_dims), dtype=np.float32)
        encode(queries, self.query_map, out)
        return out

    @property
    def arrays(self) -> tuple[FloatMatrix, npt.NDArray[np.int8], FloatArray]:
        """All arrays, as compiled code takes them."""
        return self.query_map, self.items, self.steps

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what has to be saved."""
        return {"query_map": self.query_map, "codes": self.items, "steps": self.steps}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> ItemCodes:
        """Build from the arrays of :meth:`to_arrays`, possibly mapped.

        Raises
        ------
        ArtifactError
            If the arrays do not fit together: native code would read beyond their end.
        """
        query_map, codes, steps = (arrays[name] for name in ("query_map", "codes", "steps"))
        sound = (
            query_map.ndim == codes.ndim == 2
            and query_map.dtype == np.float32
            and codes.dtype == np.int8
            and query_map.shape[1] == codes.shape[1]
            and steps.shape == (codes.shape[1],)
            and steps.dtype == np.float32
            and bool((np.isfinite(steps) & (steps > 0)).all())
        )
        if not sound:
            raise ArtifactError("the saved code of an index is damaged. Save it again.")
        return cls(freeze(query_map), freeze(codes), freeze(steps))


def _maps(
    vectors: FloatMatrix, queries: FloatMatrix, *, n_dims: int
) -> tuple[FloatMatrix, FloatMatrix]:
    # (n_factors, n_dims) maps of items and of queries
    # each side is measured in its own largest number; scores are as large as those of the vectors
    # where float32 can hold that, and else in the same order
    units = [float(np.abs(some).max(initial=0.0)) or 1.0 for some in (vectors, queries)]
    back = units[0] * units[1]
    back = back if 1e-12 < back < 1e12 else 1.0
    moment = _second_moment(queries, units[1])
    own = np.maximum(np.diagonal(moment), 1e-12 * max(float(np.trace(moment)), 1e-30))
    moment[np.diag_indices_from(moment)] += OWN_SHARE * own
    values, basis = np.linalg.eigh(moment)
    values = np.maximum(values, 1e-30)
    root = (basis * np.sqrt(values)) @ basis.T
    inverse = (basis / np.sqrt(values)) @ basis.T
    kept, turned = np.linalg.eigh(root @ _second_moment(vectors, units[0]) @ root)
    n_dims = max(1, min(n_dims, len(kept)))
    kept, turned = kept[::-1][:n_dims], turned[:, ::-1][:, :n_dims]
    balance = np.maximum(kept, max(float(kept[0]), 1e-30) * 1e-9) ** 0.25
    return (
        np.ascontiguousarray(root @ turned / balance / units[0], dtype=np.float32),
        np.ascontiguousarray(inverse @ turned * balance * (back / units[1]), dtype=np.float32),
    )


def _second_moment(rows: FloatMatrix, unit: float) -> npt.NDArray[np.float64]:
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE] / np.float32(unit)
        total += (some.T @ some).astype(np.float64)
    return total / max(len(rows), 1)
