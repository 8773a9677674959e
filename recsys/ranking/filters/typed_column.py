"""Typed columns of filters, encoded once and compared as arrays. Null never matches."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, Csr, RowArray
from recsys.core.clock import to_utc
from recsys.core.errors import ConfigError, DataError, clip
from recsys.data import FALSE_WORDS, TRUE_WORDS
from recsys.ranking.filters.expression import Operator

_COMPARE: Mapping[Operator, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

_ORDERED_VALUE = re.compile(rf"{_NUMBER.pattern}|\d{{4}}-\d{{2}}-\d{{2}}.*|\d+(\.\d+)+")
"""Numbers, dates and versions: texts are not in their order."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


MAX_INT64 = int(np.iinfo(np.int64).max)


class IncomparableError(ConfigError):
    """A column has no order that a filter asks for."""


class TypedColumn(Protocol):
    """Protocol of a column that conditions compare with values. Null never matches."""

    def is_null(self) -> BoolArray:
        """Return where nothing was given."""

    def compare(self, op: Operator, value: str) -> BoolArray:
        """Return where ``column op value`` holds."""

    def is_in(self, values: Sequence[str]) -> BoolArray:
        """Return where the column is one of ``values``."""

    def has(self, values: Sequence[str], *, every: bool) -> BoolArray:
        """Return where a list holds one (or all) of ``values``."""


def typed_column(name: str, values: npt.NDArray[Any], sort: str | None = None) -> TypedColumn:
    """Return a column by its type.

    Parameters
    ----------
    name : str
        For messages.
    values : (n,) datetime64, number, bool or object
        Objects are texts, integers, decimals, UUIDs, booleans, tuples (lists) or None.
    sort : str or None
        "text", "number", "boolean", "time", "list", "id" or "empty"; None finds it in the values.
    """
    if sort == "empty":
        return EmptyColumn(len(values))
    if values.dtype.kind == "M":
        return TimeColumn(name, values)
    if values.dtype.kind in "iuf":
        return NumberColumn(name, values, np.isnan(values) if values.dtype.kind == "f" else None)
    return _object_column(name, values.tolist(), sort)


def _object_column(name: str, cells: list[Any], sort: str | None) -> TypedColumn:
    sorts = {type(cell) for cell in cells} - {type(None)}
    if sort is None and not sorts:
        return EmptyColumn(len(cells))
    if sort == "list" or sorts & {tuple, list}:
        return ListColumn.of_cells(name, cells)
    if sort == "boolean" or sorts == {bool}:
        return BooleanColumn(name, cells)
    if sort == "number" or (sorts and sorts <= {int, float, Decimal}):
        return NumberColumn.of_cells(name, cells)
    return TextColumn(name, cells)


class EmptyColumn:
    """A column without any value: its type is not known, and nothing matches."""

    def __init__(self, n_rows: int) -> None:
        self._n_rows = n_rows

    def is_null(self) -> BoolArray:
        """Return True everywhere."""
        return np.ones(self._n_rows, dtype=np.bool_)

    def compare(self, op: Operator, value: str) -> BoolArray:  # noqa: ARG002
        """Return False everywhere."""
        return ~self.is_null()

    def is_in(self, values: Sequence[str]) -> BoolArray:  # noqa: ARG002
        """Return False everywhere."""
        return ~self.is_null()

    def has(self, values: Sequence[str], *, every: bool) -> BoolArray:  # noqa: ARG002
        """Return False everywhere."""
        return ~self.is_null()


class _OneValue:
    """A column that is no list."""

    _name: str

    def has(self, values: Sequence[str], *, every: bool) -> BoolArray:  # noqa: ARG002
        """Refuse."""
        raise ConfigError(
            f"where must use has with tags or lists; {self._name!r} holds one value. "
            "Use = or in (...)."
        )


class TimeColumn(_OneValue):
    """Moments in UTC."""

    def __init__(self, name: str, values: npt.NDArray[np.datetime64]) -> None:
        self._name = name
        self._values = values

    def is_null(self) -> BoolArray:
        """Return where nothing was given."""
        return np.isnat(self._values)

    def compare(self, op: Operator, value: str) -> BoolArray:
        """Return where ``column op value`` holds."""
        held = _COMPARE[op](self._values, self._moment(value))
        return np.asarray(held & ~self.is_null(), dtype=np.bool_)

    def is_in(self, values: Sequence[str]) -> BoolArray:
        """Return where the column is one of ``values``."""
        wanted = np.array([self._moment(value) for value in values], dtype="datetime64[us]")
        return np.isin(self._values, wanted)

    def _moment(self, value: str) -> np.datetime64:
        try:
            return to_utc(value)
        except DataError as err:
            raise ConfigError(
                f"where must compare {self._name!r} with a date; got {clip(repr(value))}. "
                "Write 2026-01-31 or 2026-01-31T09:30:00Z."
            ) from err


class NumberColumn(_OneValue):
    """Numbers, compared exactly: int64, float64, or objects where neither holds them."""

    def __init__(self, name: str, values: npt.NDArray[Any], is_null: BoolArray | None) -> None:
        self._name = name
        self._values = values
        self._is_null = np.zeros(len(values), dtype=np.bool_) if is_null is None else is_null

    @classmethod
    def of_cells(cls, name: str, cells: Sequence[Any]) -> NumberColumn:
        """Take ints, floats and decimals; None and NaN are null."""
        is_null = np.array([cell is None or cell != cell for cell in cells], dtype=np.bool_)  # noqa: PLR0124
        sorts = {type(cell) for cell in cells} - {type(None)}
        filled = [0 if null else cell for cell, null in zip(cells, is_null, strict=True)]
        if sorts <= {int} and all(abs(one) < MAX_INT64 for one in filled):
            return cls(name, np.array(filled, dtype=np.int64), is_null)
        return cls(name, np.array(filled, np.float64 if sorts <= {float} else object), is_null)

    def is_null(self) -> BoolArray:
        """Return where nothing was given."""
        return self._is_null.copy()

    def compare(self, op: Operator, value: str) -> BoolArray:
        """Return where ``column op value`` holds."""
        with np.errstate(over="ignore"):  # beyond float32 is infinite
            held = _COMPARE[op](self._values, self._number(value))
        return np.asarray(held & ~self._is_null, dtype=np.bool_)

    def is_in(self, values: Sequence[str]) -> BoolArray:
        """Return where the column is one of ``values``."""
        out = np.zeros(len(self._values), dtype=np.bool_)
        numbers = {self._number(value) for value in values}
        dtype = self._values.dtype
        if dtype.kind == "O":
            for number in numbers:
                out |= np.asarray(self._values == number, dtype=np.bool_)
            return out & ~self._is_null
        if dtype.kind in "iu":  # as floats, whole numbers beyond 2**53 would be rounded
            whole = {one for one in numbers if isinstance(one, int)}
            limits = np.iinfo(dtype)
            held = [one for one in whole if limits.min <= one <= limits.max]
            out |= np.isin(self._values, np.array(held, dtype=dtype))
            numbers -= whole
        with np.errstate(over="ignore"):
            wanted = np.array(list(numbers), dtype=dtype if dtype.kind == "f" else np.float64)
        out |= np.isin(self._values, wanted)
        return out & ~self._is_null

    def _number(self, value: str) -> int | float | Decimal:
        if value.lower() in ("true", "false"):  # databases without booleans have 1 and 0
            return int(value.lower() == "true")
        if not _NUMBER.fullmatch(value):
            raise ConfigError(
                f"where must compare {self._name!r} with a number; got {clip(repr(value))}."
            )
        if self._values.dtype == object:
            return Decimal(value)
        number = float(value)  # infinite from 309 digits on, where int() may refuse to read
        is_whole = self._values.dtype.kind in "iu" and value.lstrip("+-").isdigit()
        return int(value) if is_whole and abs(number) <= 2**64 else number


class BooleanColumn(_OneValue):
    """True or false, in whatever spelling the filter has it."""

    def __init__(self, name: str, cells: Sequence[object]) -> None:
        self._name = name
        texts = [None if cell is None else str(cell).lower() for cell in cells]
        self._is_true = np.array([one == "true" for one in texts], dtype=np.bool_)
        self._is_null = np.array([one is None for one in texts], dtype=np.bool_)

    def is_null(self) -> BoolArray:
        """Return where nothing was given."""
        return self._is_null.copy()

    def compare(self, op: Operator, value: str) -> BoolArray:
        """Return where ``column op value`` holds."""
        held = _COMPARE[op](self._is_true, self._truth(value))
        return np.asarray(held & ~self._is_null, dtype=np.bool_)

    def is_in(self, values: Sequence[str]) -> BoolArray:
        """Return where the column is one of ``values``."""
        out = np.zeros(len(self._is_true), dtype=np.bool_)
        for value in values:
            out |= self.compare("=", value)
        return out

    def _truth(self, value: str) -> bool:
        word = value.strip().lower()
        if word not in TRUE_WORDS and word not in FALSE_WORDS:
            raise ConfigError(
                f"where must compare {self._name!r} with true or false; got {clip(repr(value))}."
            )
        return word in TRUE_WORDS


class TextColumn(_OneValue):
    """Texts, compared by their characters; UUIDs in canonical form.

    Where no text is "true" (or "false"), these words match every spelling of the same truth.
    """

    def __init__(self, name: str, cells: Sequence[object]) -> None:
        self._name = name
        self._code_of: dict[str, int] = {}
        self._codes = _codes(cells, self._code_of)

    def is_null(self) -> BoolArray:
        """Return where nothing was given."""
        return self._codes < 0

    def compare(self, op: Operator, value: str) -> BoolArray:
        """Return where ``column op value`` holds.

        Raises
        ------
        IncomparableError
            If the value is a number, date or version and ``op`` asks for an order.
        """
        if op == "=":
            return self.is_in([value])
        if op == "!=":
            return ~self.is_in([value]) & ~self.is_null()
        if _ORDERED_VALUE.fullmatch(value):
            raise IncomparableError(
                f"where must compare {self._name!r}, which is text, by = or in (...); {op} "
                f"{clip(repr(value))} would go by characters. Give the column as numbers or dates."
            )
        holds = _COMPARE[op]
        return self._where([holds(text, value) for text in self._code_of])

    def is_in(self, values: Sequence[str]) -> BoolArray:
        """Return where the column is one of ``values``."""
        codes = [code for value in values for code in self._matching(value)]
        if len(codes) == 1:
            return np.asarray(self._codes == codes[0], dtype=np.bool_)
        wanted = np.zeros(len(self._code_of), dtype=np.bool_)
        wanted[codes] = True
        return self._where(wanted)

    def _matching(self, value: str) -> list[int]:
        value = _text(value)
        if value in self._code_of:
            return [self._code_of[value]]
        words = {"true": TRUE_WORDS, "false": FALSE_WORDS}.get(value.lower(), ())
        return [code for text, code in self._code_of.items() if text.lower() in words]

    def _where(self, wanted: Any) -> BoolArray:
        padded = np.append(np.asarray(wanted, dtype=np.bool_), False)  # code -1 takes the last
        out: BoolArray = padded[self._codes]
        return out


class ListColumn:
    """A list of texts, or the tags, of each row; ``=`` and ``in`` mean ``has`` and ``has any``.

    Parameters
    ----------
    name : str
        For messages.
    rows : (n_entries,) int
        Whose entry it is.
    codes : (n_entries,) int32
        What it says.
    code_of : mapping of text to int
        The texts.
    n_rows : int
        Length of the column.
    """

    def __init__(
        self,
        name: str,
        *,
        rows: npt.NDArray[np.int64],
        codes: RowArray,
        code_of: Mapping[str, int],
        n_rows: int,
    ) -> None:
        self._name = name
        self._rows = rows
        self._codes = codes
        self._code_of = code_of
        self._n_rows = n_rows

    @classmethod
    def of_cells(cls, name: str, cells: Sequence[Any]) -> ListColumn:
        """Take tuples or lists; None is an empty one."""
        rows = np.repeat(np.arange(len(cells)), [len(cell or ()) for cell in cells])
        code_of: dict[str, int] = {}
        codes = _codes([one for cell in cells for one in cell or ()], code_of)
        return cls(name, rows=rows, codes=codes, code_of=code_of, n_rows=len(cells))

    @classmethod
    def of_tags(cls, name: str, tags: Csr, names: Sequence[str]) -> ListColumn:
        """Take an (n_rows, n_tags) csr; a name may stand for several columns."""
        code_of: dict[str, int] = {}
        code_of_column = _codes(names, code_of)
        rows = np.repeat(np.arange(tags.shape[0]), np.diff(tags.indptr))
        codes = code_of_column[tags.indices]
        return cls(name, rows=rows, codes=codes, code_of=code_of, n_rows=tags.shape[0])

    def is_null(self) -> BoolArray:
        """Return where the list is empty."""
        out = np.ones(self._n_rows, dtype=np.bool_)
        out[self._rows] = False
        return out

    def compare(self, op: Operator, value: str) -> BoolArray:
        """Return where the list holds the value, or is not empty and does not."""
        if op not in ("=", "!="):
            raise ConfigError(f"where must not use {op} on {self._name!r}: it is a list. Use has.")
        held = self.has([value], every=False)
        return held if op == "=" else ~held & ~self.is_null()

    def is_in(self, values: Sequence[str]) -> BoolArray:
        """Return where the list holds one of the values."""
        return self.has(values, every=False)

    def has(self, values: Sequence[str], *, every: bool) -> BoolArray:
        """Return where the list holds one (or all) of the values; of no values, nowhere."""
        out = np.full(self._n_rows, every and bool(values), dtype=np.bool_)
        for value in values:
            one = np.zeros(self._n_rows, dtype=np.bool_)
            one[self._rows[self._codes == self._code_of.get(_text(value), -2)]] = True
            out = out & one if every else out | one
        return out


def _codes(cells: Sequence[object], code_of: dict[str, int]) -> RowArray:
    codes = np.empty(len(cells), dtype=np.int32)
    for at, cell in enumerate(cells):
        codes[at] = -1 if cell is None else code_of.setdefault(_text(cell), len(code_of))
    return codes


def _text(cell: object) -> str:
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    text = str(cell)
    return text.lower() if text.count("-") == 4 and _UUID.fullmatch(text) else text
