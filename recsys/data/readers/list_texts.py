"""Lists as other programs write them into one text."""

from __future__ import annotations

import ast
import csv
import json
import re
from typing import Any

from recsys.core.errors import DataError, clip

MARKED = r"^\s*(\[.*\]|\{.*\}|(<[^<>]+>\s*)+)\s*$"
"""Texts in brackets: an array of PostgreSQL, JSON, Python or NumPy, or tags of Stack Exchange."""

UNMARKED = r"[,;]"
"""Signs that may separate entries, and may as well be part of one."""

_QUOTED = r"'[^']*'|\"[^\"]*\""

_NUMPY = re.compile(rf"\[\s*({_QUOTED})(\s+({_QUOTED}))+\s*\]")


def marked_list(text: str, *, name: str) -> list[Any]:
    """Return the entries of a text in brackets.

    Raises
    ------
    DataError
        If it cannot be read as a list.

    Examples
    --------
    >>> [marked_list(one, name="tags") for one in ("{a,b}", '["a"]', "['a', 'b']", "<a><b>")]
    [['a', 'b'], ['a'], ['a', 'b'], ['a', 'b']]
    """
    text = text.strip()
    if text.startswith("<"):
        return re.findall(r"<([^<>]+)>", text)
    if _NUMPY.fullmatch(text):  # without commas Python would join the entries
        return [one[1:-1] for one in re.findall(_QUOTED, text)]
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list):
            return found
        if isinstance(found, dict):
            return [found]
        if isinstance(found, set):
            break  # {'a', 'b'}: an array of PostgreSQL keeps the order
    if text.startswith("{"):
        fields = next(csv.reader([text[1:-1]], escapechar="\\", skipinitialspace=True), [])
        return [one.strip("'") for one in fields if one and one != "NULL"]
    if re.fullmatch(r"\[[^'\"\[\]{}]*\]", text):  # [a, b]: words without quotes
        return [one.strip() for one in text[1:-1].split(",")]
    raise DataError(f"{name} must hold lists; {clip(repr(text))} cannot be read. Write a|b.")


def entry_name(entry: Any, *, name: str) -> Any:
    """Return an entry of a list; of an object its ``name``.

    Raises
    ------
    DataError
        If it is a list, or an object without a name.
    """
    if isinstance(entry, dict):
        if isinstance(entry.get("name"), str):
            return entry["name"]
        keys = clip(", ".join(map(str, entry)))
        raise DataError(
            f"{name} must be lists of text; it holds objects with {keys}. Take one of them."
        )
    if isinstance(entry, list | tuple):
        raise DataError(
            f"{name} must be lists of text; it holds lists in lists: {clip(repr(entry))}. "
            "Write one list per row."
        )
    return entry
