"""What fitted blocks share: named arrays, kept and handed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import freeze
from recsys.core.errors import NotFittedError
from recsys.models.base import Arrays


class LearnedBlock:
    """Holds what a block learned as read-only arrays.

    Parameters
    ----------
    name : str
        Unique among the blocks of a hybrid.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._arrays: Arrays = {}

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

    def learned(self, name: str) -> npt.NDArray[Any]:
        """Return one array.

        Raises
        ------
        NotFittedError
            If the block was neither fitted nor loaded.
        """
        if not self._arrays:
            raise NotFittedError(f"{self.name} must be fitted or loaded first; call fit().")
        return self._arrays[name]

    def keep(self, **arrays: npt.NDArray[Any]) -> None:
        """Take what was learned, C-contiguous and read-only."""
        self._arrays = {
            name: freeze(np.require(array, requirements="C")) for name, array in arrays.items()
        }
