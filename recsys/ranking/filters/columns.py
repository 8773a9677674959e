"""Columns of a table for filters: found by name, typed and encoded once."""

from __future__ import annotations

import difflib
from collections.abc import MutableMapping, Sequence
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray
from recsys.core.errors import ConfigError, clip
from recsys.data import Catalog, IdMap, People
from recsys.ranking.filters.expression import Operator
from recsys.ranking.filters.typed_column import ListColumn, TypedColumn, typed_column


class ColumnSource(Protocol):
    """Protocol of tables that can be filtered; ``Catalog`` and ``People`` implement it."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the columns."""

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return a column: times, numbers, or objects with None (or ()) where not given."""

    def tag_mask(self, name: str) -> BoolArray:
        """Return (n_rows,) bool: which rows have the tag."""


# What was coded of a catalog serves every later filter on it, and goes when the catalog goes: a
# typed column never refers to its table.
_CODED: MutableMapping[Any, dict[str, TypedColumn]] = WeakKeyDictionary()


class TypedColumns:
    """Columns of one table, each typed at its first use.

    Parameters
    ----------
    source : ColumnSource
        A catalog, people, or a table of the caller's. It must not change.
    """

    def __init__(self, source: ColumnSource) -> None:
        self._source = source
        self._ids: dict[str, IdMap] = {}
        self._tag_names: tuple[str, ...] = ("tags",)
        self._typed: dict[str, TypedColumn] = {}
        if isinstance(source, Catalog):
            self._ids = {"item_id": source.items}
            self._typed = _CODED.setdefault(source, {})
        elif isinstance(source, People):
            self._ids = {"user_id": source.users}
            self._tag_names = ("tags", "declared_tags")
            self._typed = _CODED.setdefault(source, {})

    @classmethod
    def of(cls, source: ColumnSource | TypedColumns) -> TypedColumns:
        """Return the typed columns of a table, or those given."""
        return source if isinstance(source, TypedColumns) else cls(source)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that a filter may use.

        A catalog also has ``item_id`` and ``tags``; people have ``user_id`` and
        ``declared_tags``, which ``tags`` stands for too.
        """
        return (*self._ids, *self._tag_names, *self._source.names)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self._source.tag_mask(""))

    def column(self, name: str) -> TypedColumn:
        """Return one column.

        Raises
        ------
        ConfigError
            If there is none of that name; the message gives the nearest.
        """
        if name not in self._typed:
            self._typed[name] = self._read(name)
        return self._typed[name]

    def _read(self, name: str) -> TypedColumn:
        if name in self._tag_names:
            return self._read_tags(name)
        values, table = self.values(name), self._source
        if name in self._ids or not isinstance(table, Catalog | People):
            return typed_column(name, values)
        return typed_column(name, values, table.sort(name))

    def values(self, name: str) -> npt.NDArray[Any]:
        """Return a column as it was given: (n_rows,) times, numbers, or objects with None.

        Raises
        ------
        ConfigError
            If there is none of that name, or it holds tags.
        """
        if name in self._tag_names:
            raise ConfigError(f"where must use has with {name!r}: it holds tags.")
        if name in self._ids:
            return self._ids[name].ids()
        if name not in self._source.names:
            raise ConfigError(_unknown(name, self.names))
        return self._source.column(name)

    def _read_tags(self, name: str) -> TypedColumn:
        if isinstance(self._source, Catalog):
            return ListColumn.of_tags(name, self._source.tags, self._source.tag_names)
        if isinstance(self._source, People):
            return ListColumn.of_tags(name, self._source.declared, self._source.tag_names)
        return TagColumn(name, self._source)


class TagColumn:
    """The tags of a table of the caller's, of which only :meth:`ColumnSource.tag_mask` is known."""

    def __init__(self, name: str, source: ColumnSource) -> None:
        self._name = name
        self._source = source

    def is_null(self) -> BoolArray:
        """Refuse: whether a row has any tag is not known."""
        raise ConfigError(f"where must not ask whether {self._name!r} is null here. Name a tag.")

    def compare(self, op: Operator, value: str) -> BoolArray:
        """Return where the row has the tag, or has it not."""
        if op not in ("=", "!="):
            raise ConfigError(f"where must not use {op} on {self._name!r}: it is a list. Use has.")
        held = self.has([value], every=False)
        return held if op == "=" else ~held

    def is_in(self, values: Sequence[str]) -> BoolArray:
        """Return where the row has one of the tags."""
        return self.has(values, every=False)

    def has(self, values: Sequence[str], *, every: bool) -> BoolArray:
        """Return where the row has one (or all) of the tags."""
        masks = [self._source.tag_mask(value) for value in values]
        if not masks:
            return np.zeros_like(self._source.tag_mask(""))
        merge = np.logical_and if every else np.logical_or
        return np.asarray(merge.reduce(masks), dtype=np.bool_)


def _unknown(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    guess = f" nearest: {near[0]!r}." if near else ""
    return f"where must name a column; {clip(name)!r} is none;{guess} Known: {', '.join(names)}."
