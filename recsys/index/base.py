"""Interface of vector indexes, and the search they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Protocol, runtime_checkable

from recsys.core.arrays import BoolArray, Csr, FloatMatrix, RowArray
from recsys.core.topk import TopK
from recsys.index.request import Request, checked_request


@runtime_checkable
class VectorIndex(Protocol):
    """Item vectors that can be asked for the largest inner products with a query.

    An index never changes and may be searched from many threads at once.
    """

    @property
    def n_items(self) -> int:
        """Number of vectors."""

    @property
    def n_factors(self) -> int:
        """Length of each vector."""

    @property
    def vectors(self) -> FloatMatrix:
        """(n_items, n_factors) float32, read-only."""

    @property
    def is_exact(self) -> bool:
        """True if every answer is exact, so that recall is 1 by construction."""

    @property
    def n_with_extra(self) -> int:
        """Candidates to ask for with ``extra`` scores; 0: ask for them without.

        Above 0 where candidates by vectors alone were measured to miss too many of the items that
        other scores rank high.
        """

    def search(
        self,
        queries: FloatMatrix,
        *,
        k: int,
        exclude: Csr | None = None,
        allowed: BoolArray | None = None,
        n_threads: int | None = None,
    ) -> TopK:
        """Return the ``k`` items with the largest inner products of each query.

        Parameters
        ----------
        queries : (n_queries, n_factors) float32
            Finite.
        k : int
            Greater than 0; may pass ``n_items``.
        exclude : (n_queries, n_items) csr, optional
            Items that a query must not get: every stored entry, whatever its value. None: nothing.
        allowed : (n_items,) bool, optional
            Items that any query may get. None: all.
        n_threads : int, optional
            Most threads to use. None: one for a small request, all cores for a large one.

        Returns
        -------
        TopK
            Exactly ``k`` columns; -1 and -inf only where fewer items are left to give. Equal
            scores are in the order of their rows.
        """

    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        """Return what :meth:`search` would, for a request that has been checked.

        A caller that has the csr arrays at hand saves the making of a matrix, which costs as much
        as a short search.
        """

    def candidates(self, request: Request, n: int, *, extra: FloatMatrix | None = None) -> RowArray:
        """Return about the best ``n`` rows of each query, to be scored by the caller.

        Parameters
        ----------
        request : Request
            Its ``k`` is not read.
        n : int
            Greater than 0; may pass ``n_items``.
        extra : (n_queries, n_items) float32, optional
            Finite; added to the inner products before the best are chosen. None: zero.

        Returns
        -------
        (n_queries, n_candidates) int32
            Allowed and not excluded, each row once per query, in any order; -1 is none. At least
            ``n`` rows per query, or all that are available.
        """

    def save(self, folder: Path) -> None:
        """Write the index as a folder."""


class Searching(ABC):
    """The ``search`` of a :class:`VectorIndex`, over its ``answer``."""

    __slots__ = ()

    @property
    @abstractmethod
    def n_items(self) -> int:
        """Number of vectors."""

    @property
    @abstractmethod
    def n_factors(self) -> int:
        """Length of each vector."""

    @property
    def is_exact(self) -> bool:
        """True if every answer is exact."""
        return False

    @property
    def n_with_extra(self) -> int:
        """Candidates to ask for with extra scores; see :attr:`VectorIndex.n_with_extra`."""
        return 0

    @abstractmethod
    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        """Return the answer to a request that has been checked; see :meth:`VectorIndex.answer`."""

    def search(
        self,
        queries: FloatMatrix,
        *,
        k: int,
        exclude: Csr | None = None,
        allowed: BoolArray | None = None,
        n_threads: int | None = None,
    ) -> TopK:
        """Return the ``k`` items with the largest inner products of each query.

        An approximate index returns items with large ones. See :meth:`VectorIndex.search`.

        Raises
        ------
        DataError
            If ``k`` is not positive, a shape or dtype does not fit, or a query is not finite.
        ConfigError
            If ``n_threads`` is not positive.
        """
        request = checked_request(
            queries, k, shape=(self.n_items, self.n_factors), exclude=exclude, allowed=allowed
        )
        return self.answer(request, n_threads=n_threads)
