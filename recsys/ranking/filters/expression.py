"""Grammar of filter expressions: a text is parsed to a tree of conditions, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy.typing as npt

from recsys.core.arrays import BoolArray
from recsys.core.errors import ConfigError, clip

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]

KEYWORDS = frozenset({"and", "or", "not", "in", "has", "any", "all", "is", "null"})

OPERATORS: dict[str, Callable[[npt.NDArray[Any], tuple[str | None, ...]], BoolArray]] = {}
"""Operators added by the caller, by their name in lower case: ``column name (value, ...)``.

Each gets the column, (n_rows,) times, numbers or objects with None where nothing was given, and the
values as written, None for null. It returns (n_rows,) bool, and must not change the column.
"""

MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Always:
    """True of everything: the empty filter."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Compare:
    """``column op value``; the value is text until the column's type is known."""

    column: str
    op: Operator
    value: str

    def __str__(self) -> str:
        return f"{_name(self.column)} {self.op} {_value(self.value)}"


@dataclass(frozen=True, slots=True)
class In:
    """``column in (value, ...)``; None stands for null, and no value at all matches nothing."""

    column: str
    values: tuple[str | None, ...]

    def __str__(self) -> str:
        return f"{_name(self.column)} in ({_values(self.values)})"


@dataclass(frozen=True, slots=True)
class Has:
    """``column has any (value, ...)``, or ``has all`` where ``every``; at least one value."""

    column: str
    values: tuple[str, ...]
    every: bool = False

    def __str__(self) -> str:
        return f"{_name(self.column)} has {'all' if self.every else 'any'} ({_values(self.values)})"


@dataclass(frozen=True, slots=True)
class IsNull:
    """``column is null``: the value was not given."""

    column: str

    def __str__(self) -> str:
        return f"{_name(self.column)} is null"


@dataclass(frozen=True, slots=True)
class Custom:
    """``column name (value, ...)``, with an operator of ``OPERATORS``."""

    column: str
    name: str
    values: tuple[str | None, ...]

    def __str__(self) -> str:
        return f"{_name(self.column)} {self.name} ({_values(self.values)})"


@dataclass(frozen=True, slots=True)
class Not:
    """``not part``: the complement."""

    part: Expression

    def __str__(self) -> str:
        return f"not {_wrapped(self.part, And | Or)}"


@dataclass(frozen=True, slots=True)
class And:
    """``part and part ...``; at least two."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(_wrapped(part, And | Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """``part or part ...``; at least two."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(_wrapped(part, Or) for part in self.parts)


Expression: TypeAlias = Always | Compare | In | Has | IsNull | Custom | Not | And | Or

_TOKEN = re.compile(
    r"""(?P<gap>\s+)
      | (?P<op>!=|<=|>=|==|<>|=|<|>)
      | (?P<mark>[(),])
      | (?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<name>`[^`]+`)
      | (?P<bare>[^\s()=<>!,'"`]+)""",
    re.VERBOSE | re.DOTALL,
)

_BARE = re.compile(r"[^\s()=<>!,'\"`]+")

_SAME_OPERATOR: dict[str, Operator] = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip

_EXAMPLE = "Write for example: format = video and language in (en, zh)."


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int

    @property
    def keyword(self) -> str:
        return self.text.lower() if self.kind == "bare" and self.text.lower() in KEYWORDS else ""


def parse_expression(text: str) -> Expression:
    """Return the tree of a filter.

    Parameters
    ----------
    text : str
        See ``docs/reference/filters.md``; blank text is :class:`Always`.

    Raises
    ------
    ConfigError
        If it is not of the grammar; the message gives the character, counted from 1.

    Examples
    --------
    >>> parse_expression("not tags has 'quantum gates'")
    Not(part=Has(column='tags', values=('quantum gates',), every=False))
    >>> parse_expression("format = ")
    Traceback (most recent call last):
        ...
    recsys.core.errors.ConfigError: where must have a value after '=', character 9: ...
    """
    parser = _Parser(_tokens(text))
    if parser.next.kind == "end":
        return Always()
    tree = parser.any_of()
    if parser.next.kind != "end":
        raise parser.error("'and', 'or' or the end", after="a condition")
    return tree


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            sign = text[at]
            help_ = "Close it." if sign in "'\"`" else "Write != for 'differs', or quote the value."
            raise ConfigError(f"where must not have {sign!r} alone, character {at + 1}. {help_}")
        if match.lastgroup != "gap":
            tokens.append(_Token(str(match.lastgroup), match.group(), at + 1))
        at = match.end()
    return [*tokens, _Token("end", "", len(text.rstrip()) + 1)]


class _Parser:
    """Recursive descent, one method per rule of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> _Token:
        return self._tokens[self._at]

    def error(self, wanted: str, *, after: str) -> ConfigError:
        got = "the text ends there" if self.next.kind == "end" else f"got {clip(self.next.text)!r}"
        hint = _EXAMPLE
        if self.next.keyword:
            hint = f"Quote it ('{self.next.text}') if it is meant as a value."
        return ConfigError(
            f"where must have {wanted} after {after}, character {self.next.at}: {got}. {hint}"
        )

    def any_of(self) -> Expression:
        parts = [self._all_of()]
        while self._took("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all_of(self) -> Expression:
        parts = [self._negated()]
        while self._took("and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negated(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConfigError(
                f"where must not nest deeper than {MAX_DEPTH} levels, character {self.next.at}. "
                "Use in (...) for many values."
            )
        try:
            if self._took("not"):
                return Not(self._negated())
            if self._took_mark("("):
                inner = self.any_of()
                self._expect(")", after="a condition")
                return inner
            return self._condition()
        finally:
            self._depth -= 1

    def _condition(self) -> Expression:
        column = self._column()
        if self.next.kind == "op":
            return self._comparison(column)
        if self._took("is"):
            negated = self._took("not")
            if not self._took("null"):
                raise self.error("null", after="is")
            return _maybe_not(IsNull(column), negated)
        if self._took("has"):
            return self._membership(column)
        negated = self._took("not")
        if self._took("in"):
            return _maybe_not(In(column, self._list("in")), negated)
        name = self.next.text.lower()
        if self.next.kind == "bare" and name in OPERATORS:
            self._at += 1
            is_list = self.next.kind == "mark"
            values = self._list(name) if is_list else (self._value(after=name),)
            return _maybe_not(Custom(column, name, values), negated)
        raise self.error("=, !=, <, <=, >, >=, in, has or is", after=f"{clip(column)!r}")

    def _column(self) -> str:
        token = self.next
        if token.kind == "name" or (token.kind == "bare" and not token.keyword):
            self._at += 1
            return token.text.strip("`")
        before = self._tokens[self._at - 1].text if self._at else "the start"
        raise self.error("the name of a column", after=f"{clip(before)!r}")

    def _comparison(self, column: str) -> Expression:
        op = _SAME_OPERATOR[self.next.text]
        self._at += 1
        value = self._value(after=op)
        if value is not None:
            return Compare(column, op, value)
        if op not in ("=", "!="):
            self._at -= 1
            raise self.error("a value that has an order", after=f"{op!r}")
        return _maybe_not(IsNull(column), op == "!=")

    def _membership(self, column: str) -> Expression:
        every = self.next.keyword == "all"
        if self._took("any") or self._took("all"):
            start = self.next
            given = self._list("all" if every else "any")
            values = tuple(value for value in given if value is not None)
            if not values or len(values) < len(given):
                raise ConfigError(
                    f"where must list at least one tag, and no null, after has, character "
                    f"{start.at}. Write for example: tags has any (gates, noise)."
                )
            return Has(column, values, every)
        value = self._value(after="has")
        if value is None:
            self._at -= 1
            raise self.error("a tag", after="'has'")
        return Has(column, (value,))

    def _list(self, after: str) -> tuple[str | None, ...]:
        self._expect("(", after=after)
        values: list[str | None] = []
        if self._took_mark(")"):
            return ()
        while True:
            values.append(self._value(after=self._tokens[self._at - 1].text))
            if self._took_mark(")"):
                return tuple(values)
            self._expect(",", after="a value", instead="',' or ')'")

    def _value(self, *, after: str) -> str | None:
        token = self.next
        is_value = token.kind in ("bare", "quoted")
        if not is_value or token.keyword not in ("", "null"):
            raise self.error("a value", after=f"{after!r}")
        self._at += 1
        if token.kind == "quoted":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        return None if token.keyword == "null" else token.text

    def _took(self, keyword: str) -> bool:
        if self.next.keyword != keyword:
            return False
        self._at += 1
        return True

    def _took_mark(self, mark: str) -> bool:
        if self.next.kind != "mark" or self.next.text != mark:
            return False
        self._at += 1
        return True

    def _expect(self, mark: str, *, after: str, instead: str = "") -> None:
        if not self._took_mark(mark):
            raise self.error(instead or repr(mark), after=after)


def _maybe_not(part: Expression, negated: bool) -> Expression:
    return Not(part) if negated else part


def _wrapped(part: Expression, looser: object) -> str:
    return f"({part})" if isinstance(part, looser) else str(part)  # type: ignore[arg-type]


def _name(column: str) -> str:
    is_plain = _BARE.fullmatch(column) and column.lower() not in KEYWORDS
    return column if is_plain else f"`{column}`"


def _value(value: str | None) -> str:
    if value is None:
        return "null"
    if _BARE.fullmatch(value) and value.lower() not in KEYWORDS:
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _values(values: tuple[str | None, ...]) -> str:
    return ", ".join(_value(value) for value in values)
