"""Delta of item vectors: an append-only table shared by successive versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, FloatMatrix, RowArray, check_finite, freeze
from recsys.core.errors import DataError
from recsys.core.threads import fork_safe_lock

MIN_LINES = 64
"""Lines of a new table."""


class _Table:
    """Append-only table; a line is written once, by one owner."""

    def __init__(self, n_lines: int, n_factors: int) -> None:
        self._lines: FloatMatrix = np.empty((n_lines, n_factors), dtype=np.float32)
        self._n_taken = 0
        self._lock = fork_safe_lock()
        self.lines = freeze(self._lines.view())

    def append(self, vectors: FloatMatrix, *, start: int) -> bool:
        """Write lines from ``start`` on; False if these are taken, or there is no room."""
        with self._lock:
            if start != self._n_taken or start + len(vectors) > len(self._lines):
                return False
            self._n_taken = start + len(vectors)
        self._lines[start : start + len(vectors)] = vectors
        return True


@dataclass(frozen=True, eq=False)  # no slots: the vectors in order are made at first use
class DeltaVectors:
    """Vectors of the rows that changed; immutable, with a table shared by later versions.

    Attributes
    ----------
    rows : (n_changed,) int32
        Strictly increasing.
    places : (n_changed,) int32
        The line of ``lines`` that holds the vector of each.
    n_factors : int
        Length of each vector.

    Notes
    -----
    The next version appends its vectors to the same table, so it costs its own vectors and an
    integer per row. Of two versions that follow the same one, the second copies the table.

    Examples
    --------
    >>> first = DeltaVectors.of(np.array([4]), np.array([[1, 0]], np.float32))
    >>> second = first.followed_by(np.array([2, 4]), np.array([[0, 2], [0, 3]], np.float32))
    >>> second.rows.tolist(), second.vectors.tolist(), first.vectors.tolist()
    ([2, 4], [[0.0, 2.0], [0.0, 3.0]], [[1.0, 0.0]])
    """

    rows: RowArray
    places: RowArray
    n_factors: int
    _table: _Table = field(repr=False)
    _n_used: int = 0

    @classmethod
    def empty(cls, n_factors: int) -> DeltaVectors:
        """Return an empty delta of vectors of ``n_factors``."""
        nothing = freeze(np.array([], dtype=np.int32))
        return cls(nothing, nothing, n_factors, _Table(0, n_factors))

    @classmethod
    def of(cls, rows: npt.NDArray[np.integer], vectors: FloatMatrix) -> DeltaVectors:
        """Return the delta of (n, n_factors) float32 vectors; see :meth:`followed_by`."""
        return cls.empty(int(np.shape(vectors)[1])).followed_by(rows, vectors)

    def followed_by(self, rows: npt.NDArray[np.integer], vectors: FloatMatrix) -> DeltaVectors:
        """Return these vectors updated by others.

        Parameters
        ----------
        rows : (n,) int32
            Strictly increasing.
        vectors : (n, n_factors) float32
            Finite.

        Raises
        ------
        DataError
            If the shapes do not fit, or a number is not finite.
        """
        if vectors.shape != (len(rows), self.n_factors):
            raise DataError(
                f"vectors must be one per row, {(len(rows), self.n_factors)}; got {vectors.shape}."
            )
        check_finite(vectors, name="vectors")
        item_rows: RowArray = np.asarray(rows, dtype=np.int32)
        kept, start = self, self._n_used
        if not self._table.append(vectors, start=start):
            kept, start = self._compacted(room=len(item_rows)), len(self.rows)
            kept._table.append(vectors, start=start)
        return kept._with(item_rows, start=start)

    @cached_property
    def vectors(self) -> FloatMatrix:
        """(n_changed, n_factors) float32, read-only, in the order of ``rows``."""
        return freeze(self.lines[self.places])

    @property
    def lines(self) -> FloatMatrix:
        """(n_lines, n_factors) float32, read-only: vectors now and before, in no order."""
        return self._table.lines

    def of_rows(self, item_rows: RowArray) -> RowArray:
        """Return the (n,) int32 line of each row; -1 where it is not among these."""
        if not len(self.rows):
            return np.full(len(item_rows), NO_ROW, dtype=np.int32)
        found = np.minimum(np.searchsorted(self.rows, item_rows), len(self.rows) - 1)
        return np.where(self.rows[found] == item_rows, self.places[found], np.int32(NO_ROW))

    def score(self, queries: FloatMatrix, vectors: FloatMatrix, item_rows: RowArray) -> FloatMatrix:
        """Return the scores of given rows as :func:`score_rows` does, by these vectors first.

        Parameters
        ----------
        queries : (n_queries, n_factors) float32
        vectors : (n_items, n_factors) float32
            For the rows that are not among these.
        item_rows : (n_queries, n_candidates) int32
            -1 is none.

        Returns
        -------
        (n_queries, n_candidates) float32
            -inf for row -1.
        """
        from recsys.index._kernels import score_with_delta

        out = np.empty(item_rows.shape, dtype=np.float32)
        score_with_delta(
            _ready(queries),
            _ready(vectors),
            (self.rows, self.places, self.lines),
            freeze(np.ascontiguousarray(item_rows, dtype=np.int32).view()),
            out,
        )
        return out

    def _compacted(self, *, room: int) -> DeltaVectors:
        """Return the same vectors in a table of their own, with room for as many again."""
        n_used = len(self.rows)
        table = _Table(max(2 * (n_used + room), MIN_LINES), self.n_factors)
        table.append(self.lines[self.places], start=0)
        places = np.arange(n_used, dtype=np.int32)
        return DeltaVectors(self.rows, places, self.n_factors, table, n_used)

    def _with(self, rows: RowArray, *, start: int) -> DeltaVectors:
        """Return these with the lines from ``start`` on as the vectors of ``rows``."""
        places = np.arange(start, start + len(rows), dtype=np.int32)
        at = np.searchsorted(self.rows, rows)
        known = np.zeros(len(rows), dtype=np.bool_)
        inside = at < len(self.rows)
        known[inside] = self.rows[at[inside]] == rows[inside]
        lines = self.places.copy()
        lines[at[known]] = places[known]
        if known.all():
            every = self.rows
        else:
            every = np.insert(self.rows, at[~known], rows[~known])
            lines = np.insert(lines, at[~known], places[~known])
        n_used = start + len(rows)
        return DeltaVectors(freeze(every), freeze(lines), self.n_factors, self._table, n_used)


ChangedVectors = DeltaVectors
"""Former name of :class:`DeltaVectors`."""


def _ready(matrix: FloatMatrix) -> FloatMatrix:
    """Return a matrix as compiled code takes it: a read-only view where that is enough."""
    return freeze(np.ascontiguousarray(matrix, dtype=np.float32).view())
