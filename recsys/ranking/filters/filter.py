"""Filters over items or people, from a text or a mapping to a boolean mask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np

from recsys.core.arrays import BoolArray
from recsys.core.clock import to_utc
from recsys.core.errors import ConfigError, clip
from recsys.ranking.filters.columns import ColumnSource, TypedColumns
from recsys.ranking.filters.expression import (
    OPERATORS,
    Always,
    And,
    Compare,
    Custom,
    Expression,
    Has,
    In,
    IsNull,
    Not,
    Or,
    parse_expression,
)

Where: TypeAlias = "str | Mapping[str, Any] | Filter | None"
"""Types accepted as a filter."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on items or people; equal filters are equal and hash alike.

    ``str(filter)`` is text that parses to the same filter.

    Attributes
    ----------
    expression : Expression
        The tree.

    Examples
    --------
    >>> from recsys.data import Catalog
    >>> catalog = Catalog.from_frame({"item_id": ["a", "b"], "format": ["video", None]})
    >>> parse_filter("format = video").mask(catalog).tolist()
    [True, False]
    """

    expression: Expression

    @property
    def is_always(self) -> bool:
        """True if every row passes."""
        return isinstance(self.expression, Always)

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that the filter reads."""
        return frozenset(_columns(self.expression))

    def mask(self, columns: ColumnSource | TypedColumns) -> BoolArray:
        """Return which rows pass.

        Parameters
        ----------
        columns : Catalog, People, TypedColumns or another ColumnSource
            What is coded of a catalog or of people serves later filters too; of another source
            keep a :class:`TypedColumns`.

        Returns
        -------
        (n_rows,) bool
            Writable, the caller's own.

        Raises
        ------
        ConfigError
            If a column is unknown or a value is not of its type.
        """
        return _mask(self.expression, TypedColumns.of(columns))

    def __and__(self, other: Filter) -> Filter:
        """Return the conjunction of both filters."""
        parts = [one.expression for one in (self, other) if not one.is_always]
        return Filter(_all_of(parts))

    def __str__(self) -> str:
        return str(self.expression)


def parse_filter(where: Where) -> Filter:
    """Return the filter of a text or a mapping.

    Parameters
    ----------
    where : str, mapping, Filter or None
        Text is of the grammar in ``docs/reference/filters.md``. A mapping gives for each column
        what it must be: a value, a list (any of them), a pair as tuple (inclusive range, None for
        an open end) or None (not given); all must hold. None, "" and {} let everything pass.

    Raises
    ------
    ConfigError
        If it is not of the grammar, or a value in the mapping is of a type that cannot be
        compared.

    Examples
    --------
    >>> str(parse_filter({"format": "video", "language": ["en", "zh"], "level": (2, None)}))
    'format = video and language in (en, zh) and level >= 2'
    """
    if where is None:
        return Filter(Always())
    if isinstance(where, Filter):
        return where
    if isinstance(where, str):
        return Filter(parse_expression(where))
    if isinstance(where, Mapping):
        parts = [part for name, wanted in where.items() for part in _conditions(name, wanted)]
        return Filter(_all_of(parts))
    raise ConfigError(
        f"where must be text, a mapping of column to value, or None; got {type(where).__name__}."
    )


def _mask(node: Expression, columns: TypedColumns) -> BoolArray:
    if isinstance(node, Not):
        return ~_mask(node.part, columns)
    if isinstance(node, And | Or):
        merge = np.logical_and if isinstance(node, And) else np.logical_or
        out = _mask(node.parts[0], columns)
        for part in node.parts[1:]:
            merge(out, _mask(part, columns), out=out)
        return out
    if isinstance(node, Always):
        return np.ones(columns.n_rows, dtype=np.bool_)
    return _leaf(node, columns)


def _leaf(node: Compare | In | Has | IsNull | Custom, columns: TypedColumns) -> BoolArray:
    if isinstance(node, Custom):
        return OPERATORS[node.name](columns.values(node.column), node.values)
    column = columns.column(node.column)
    if isinstance(node, Compare):
        return column.compare(node.op, node.value)
    if isinstance(node, Has):
        return column.has(node.values, every=node.every)
    if isinstance(node, IsNull):
        return column.is_null()
    given = [value for value in node.values if value is not None]
    out = column.is_in(given)
    return out if len(given) == len(node.values) else out | column.is_null()


def _columns(node: Expression) -> Iterable[str]:
    if isinstance(node, Always):
        return ()
    if isinstance(node, Not):
        return _columns(node.part)
    if isinstance(node, And | Or):
        return (name for part in node.parts for name in _columns(part))
    return (node.column,)


def _all_of(parts: list[Expression]) -> Expression:
    if not parts:
        return Always()
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _conditions(name: str, wanted: Any) -> list[Expression]:
    if not isinstance(name, str) or not name or "`" in name:
        raise ConfigError(f"where must name columns by text; got {clip(repr(name))}.")
    if wanted is None:
        return [IsNull(name)]
    if isinstance(wanted, tuple):
        return _range(name, wanted)
    if isinstance(wanted, np.ndarray):
        wanted = wanted.tolist()
    if isinstance(wanted, set | frozenset):
        return [In(name, tuple(sorted(_literal(name, one) for one in wanted)))]
    if isinstance(wanted, list):
        values = tuple(None if one is None else _literal(name, one) for one in wanted)
        return [In(name, values)]
    return [Compare(name, "=", _literal(name, wanted))]


def _range(name: str, wanted: tuple[Any, ...]) -> list[Expression]:
    if len(wanted) != 2:
        raise ConfigError(
            f"where must give {name!r} a range as a pair (from, to); got {len(wanted)} value(s). "
            "Use a list for any of several values."
        )
    low, high = wanted
    bounds: list[Expression] = []
    if low is not None:
        bounds.append(Compare(name, ">=", _literal(name, low)))
    if high is not None:
        bounds.append(Compare(name, "<=", _literal(name, high)))
    return bounds


def _literal(name: str, value: Any) -> str:
    if isinstance(value, np.datetime64 | date | datetime):
        moment = value if isinstance(value, np.datetime64 | datetime) else str(value)
        return f"{to_utc(moment, name=name)}Z"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float | Decimal | UUID):
        return str(value)
    raise ConfigError(
        f"where must compare {name!r} with a text, a number, a date, a list or a pair; "
        f"got {type(value).__name__}."
    )
