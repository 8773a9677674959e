"""What is the same in every index: a search is a request that was checked, and its answer."""

from __future__ import annotations

from abc import ABC, abstractmethod

from recsys.core.arrays import BoolArray, Csr, FloatMatrix
from recsys.core.topk import TopK
from recsys.index.request import Request, checked_request


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
