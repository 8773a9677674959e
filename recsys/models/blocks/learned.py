"""Base class of fitted blocks: named read-only arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, Csr, RowArray, freeze
from recsys.core.errors import NotFittedError
from recsys.models.base import Arrays

ResultT = TypeVar("ResultT")


class LearnedBlock:
    """Base class of a block that holds its parameters as read-only arrays.

    Parameters
    ----------
    name : str
        Unique among the blocks of a hybrid.

    Notes
    -----
    A vector block is also a table of items: :meth:`at_items`, :meth:`joined` and
    :meth:`of_new_items` give the same block over some, over more and over new items. What it
    learned of people and tags is shared, never copied.
    """

    per_item: ClassVar[tuple[str, ...]] = ("item_factors",)
    """Arrays with one line per item, of a vector block."""

    reads_history: ClassVar[bool] = True
    """Whether :meth:`user_factors` looks at the items of a history."""

    is_personal: ClassVar[bool] = True
    is_collaborative: ClassVar[bool] = True
    learns_from_events: ClassVar[bool] = True
    counts_events: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._arrays: Arrays = {}
        self._derived: tuple[Arrays, dict[str, Any]] = (self._arrays, {})

    def to_arrays(self) -> Arrays:
        """Return what was learned.

        Raises
        ------
        NotFittedError
            If nothing was.
        """
        if not self._arrays:
            raise NotFittedError(f"{self.name} must be fitted or loaded first; call fit().")
        return dict(self._arrays)

    def load_arrays(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take what :meth:`to_arrays` gave (possibly memory-mapped and read-only)."""
        self._arrays = dict(arrays)

    def array(self, name: str) -> npt.NDArray[Any]:
        """Return one array.

        Raises
        ------
        NotFittedError
            If the block was neither fitted nor loaded.
        """
        if not self._arrays:
            raise NotFittedError(f"{self.name} must be fitted or loaded first; call fit().")
        return self._arrays[name]

    def derived(self, name: str, make: Callable[[], ResultT]) -> ResultT:
        """Return what follows from the arrays, made at its first use and whenever they changed."""
        arrays, known = self._derived
        if arrays is not self._arrays:
            known = {}
            self._derived = (self._arrays, known)
        if name not in known:
            known[name] = make()
        found: ResultT = known[name]
        return found

    def set_arrays(self, **arrays: npt.NDArray[Any]) -> None:
        """Take what was learned, C-contiguous and read-only."""
        self._arrays = {
            name: freeze(np.require(array, requirements="C")) for name, array in arrays.items()
        }

    def at_items(self, item_rows: RowArray) -> Self:
        """Return the block over some of its items, in that order: its items are rows 0, 1, ...

        Parameters
        ----------
        item_rows : (n,) int32
            Rows of this block's items.
        """
        return self.with_arrays(**{name: self.array(name)[item_rows] for name in self.per_item})

    def overlaid(self, other: Self, item_rows: RowArray, places: npt.NDArray[np.int64]) -> Self:
        """Return the block over some items, those that another one holds taken from there.

        Parameters
        ----------
        other : block
            The same block over other items.
        item_rows : (n,) int32
            Rows of this block's items; unread where ``places`` says otherwise.
        places : (n,) int64
            Rows of the other's items; -1 takes this block's.
        """
        changed = places != NO_ROW
        rows = np.where(changed, 0, item_rows) if len(self.array(self.per_item[0])) else None
        arrays = {}
        for name in self.per_item:
            theirs = other.array(name)
            arrays[name] = theirs[places] if rows is None else self.array(name)[rows]
            arrays[name][changed] = theirs[places[changed]]
        return self.with_arrays(**arrays)

    def joined(self, other: Self) -> Self:
        """Return the block over its own items, then over the other's."""
        return self.with_arrays(
            **{
                name: np.concatenate([self.array(name), other.array(name)])
                for name in self.per_item
            }
        )

    def of_new_items(self, item_features: Csr) -> Self:
        """Return the block over new items alone, known by their tags only.

        Parameters
        ----------
        item_features : (n_new, n_tags) csr float32
            Their profiles.
        """
        return self.with_arrays(**self.new_item_arrays(item_features))

    def new_item_arrays(self, item_features: Csr) -> Arrays:
        """Return the arrays of ``per_item`` for new items."""
        return {"item_factors": self.cold_item_factors(item_features)}  # type: ignore[attr-defined]

    def with_features(self, item_features: Csr) -> Self:  # noqa: ARG002
        """Return the block after its items got other tags; what events taught stays as it is."""
        return self

    def with_arrays(self, **arrays: npt.NDArray[Any]) -> Self:
        """Return a copy with some arrays replaced; the others are shared."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        kept = {
            name: freeze(one if one.flags.c_contiguous else np.ascontiguousarray(one))
            for name, one in arrays.items()
        }
        other._arrays = {**self._arrays, **kept}
        return other
