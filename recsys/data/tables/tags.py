"""Tags of items or people, as one sparse matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.core.arrays import Csr, RowArray, csr_rows, csr_view, freeze_csr
from recsys.core.artifact import csr_arrays, csr_from
from recsys.data.text_codes import PARTS, from_text_arrays, text_arrays

TOPIC = "topic"
"""The family of a tag that names none."""


@dataclass(frozen=True, slots=True, eq=False)
class TagTable:
    """Weighted tags of rows.

    Attributes
    ----------
    weights : (n_rows, n_tags) csr float32
        Greater than 0 where stored.
    names, families : tuple of n_tags str
        One column per pair of family and name.
    """

    weights: Csr
    names: tuple[str, ...] = ()
    families: tuple[str, ...] = ()

    @classmethod
    def empty(cls, n_rows: int) -> TagTable:
        """Return a table without tags."""
        return cls(freeze_csr(sp.csr_matrix((n_rows, 0), dtype=np.float32)))

    @classmethod
    def of(
        cls, rows: RowArray, names: Any, *, n_rows: int, weights: Any = None, families: Any = None
    ) -> TagTable:
        """Build from one entry per tag of a row; of repeated entries the heaviest counts.

        Parameters
        ----------
        rows : (n,) int32
            Whose tag it is.
        names : pyarrow array of n texts
            The tags; columns come in their order of first appearance.
        n_rows : int
            The number of rows of the matrix.
        weights : (n,) float array or None
            None means 1.
        families : pyarrow array of n texts or None
            Null or None means "topic".
        """
        if not len(names):
            return cls.empty(n_rows)
        columns, keys = _columns(names, families)
        heavy = np.ones(len(names), np.float32) if weights is None else weights
        order = np.lexsort((-heavy, columns, rows))
        rows, columns, heavy = rows[order], columns[order], heavy[order]
        first = np.ones(len(rows), np.bool_)
        first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        matrix = sp.csr_matrix(
            (heavy[first].astype(np.float32), (rows[first], columns[first])), (n_rows, len(keys))
        )
        return cls(freeze_csr(matrix), tuple(k[1] for k in keys), tuple(k[0] for k in keys))

    @classmethod
    def of_lists(cls, lists: Any, *, n_rows: int) -> TagTable:
        """Build from a list column, one list per row, weight 1."""
        import pyarrow.compute as pc

        rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int32)
        return cls.of(rows, pc.list_flatten(lists), n_rows=n_rows)

    def joined(self, other: TagTable) -> TagTable:
        """Return both tables' tags of the same rows; the heavier weight counts."""
        if not other.names:
            return self
        if not self.names:
            return other
        keys = dict.fromkeys(zip(self.families, self.names, strict=True))
        keys.update(dict.fromkeys(zip(other.families, other.names, strict=True)))
        place = {key: at for at, key in enumerate(keys)}
        both = [one.spread(place) for one in (self, other)]
        matrix = both[0].maximum(both[1])
        return TagTable(freeze_csr(matrix), tuple(k[1] for k in keys), tuple(k[0] for k in keys))

    def overlaid(self, other: TagTable) -> TagTable:
        """Return these tags, but the other's alone in rows where it has any."""
        if not other.names:
            return self
        keys = dict.fromkeys(zip(self.families, self.names, strict=True))
        keys.update(dict.fromkeys(zip(other.families, other.names, strict=True)))
        place = {key: at for at, key in enumerate(keys)}
        pairs = zip(other.families, other.names, strict=True)
        columns = np.array([place[key] for key in pairs], dtype=np.int32)
        mine, theirs = self.weights, other.weights
        n_rows, n_mine = len(mine.indptr) - 1, len(mine.data)
        both = csr_view(
            np.concatenate([mine.data, theirs.data]),
            np.concatenate([mine.indices, columns[theirs.indices]]),
            np.concatenate([mine.indptr, theirs.indptr[1:] + n_mine]),
            (2 * n_rows, len(keys)),
        )
        rows = np.arange(n_rows)
        picked = csr_rows(both, np.where(np.diff(theirs.indptr) == 0, rows, n_rows + rows))
        return TagTable(freeze_csr(picked), tuple(k[1] for k in keys), tuple(k[0] for k in keys))

    def spread(self, place: Mapping[tuple[str, str], int]) -> Csr:
        """Return the weights with the columns of another vocabulary, which holds all of ours."""
        keys = zip(self.families, self.names, strict=True)
        columns = np.array([place[key] for key in keys], np.int32)
        old = self.weights
        return sp.csr_matrix(
            (old.data.copy(), columns[old.indices], old.indptr.copy()), (old.shape[0], len(place))
        )

    def rerowed(self, rows: RowArray) -> TagTable:
        """Return the tags of (n,) rows; none for -1."""
        return TagTable(freeze_csr(csr_rows(self.weights, rows)), self.names, self.families)

    def at_rows(self, rows: RowArray) -> TagTable:
        """Return the tags of some rows, without the columns that none of them has."""
        picked = csr_rows(self.weights, rows)
        used, places = np.unique(picked.indices, return_inverse=True)
        shape = (len(rows), len(used))
        return TagTable(
            freeze_csr(csr_view(picked.data, places.astype(np.int32), picked.indptr, shape)),
            tuple(self.names[at] for at in used.tolist()),
            tuple(self.families[at] for at in used.tolist()),
        )

    def mask(self, name: str) -> npt.NDArray[np.bool_]:
        """Return (n_rows,) bool: which rows have a tag of that name, in any family."""
        out = np.zeros(self.weights.shape[0], np.bool_)
        for column in (at for at, one in enumerate(self.names) if one == name):
            out[self.weights[:, [column]].nonzero()[0]] = True
        return out

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays to save."""
        import pyarrow as pa

        arrays = csr_arrays("tags", self.weights)
        for label, texts in (("tag_names", self.names), ("tag_families", self.families)):
            coded = pa.array(texts, pa.large_string()).dictionary_encode()
            parts = text_arrays(coded)
            arrays.update({f"{label}.{part}": array for part, array in parts.items()})
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> TagTable:
        """Take what :meth:`to_arrays` gave; memory-mapped arrays are used in place."""
        names, families = (
            tuple(from_text_arrays({part: arrays[f"{label}.{part}"] for part in PARTS}).to_pylist())
            for label in ("tag_names", "tag_families")
        )
        return cls(freeze_csr(csr_from("tags", arrays)), names, families)


def _columns(names: Any, families: Any) -> tuple[npt.NDArray[np.int64], list[tuple[str, str]]]:
    """Return the column of each entry, and (family, name) of each column."""
    import pyarrow.compute as pc

    coded = pc.dictionary_encode(names)
    codes = np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.int64)
    words = coded.dictionary.to_pylist()
    kinds, family_codes = [TOPIC], np.zeros(len(codes), np.int64)
    if families is not None:
        coded = pc.dictionary_encode(pc.fill_null(families, TOPIC))
        family_codes = np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.int64)
        kinds = coded.dictionary.to_pylist()
    pairs = codes * len(kinds) + family_codes
    used, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    keys = [(kinds[one % len(kinds)], words[one // len(kinds)]) for one in used[order].tolist()]
    return rank[inverse], keys
