"""Columns of ids, texts, lists and words; bad rows are reported."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from recsys.core.arrays import BoolArray, RowArray
from recsys.core.errors import DataError, RecsysWarning, clip
from recsys.data.ids.id_map import IdMap
from recsys.data.ids.values import (
    MAX_ID_CHARS,
    MISSING_IDS,
    IdKind,
    id_faults,
    id_values,
    ids_of_kind,
)
from recsys.data.readers.list_texts import MARKED, UNMARKED, entry_name, marked_list
from recsys.data.readers.source import RowReport, SourceTable
from recsys.data.readers.times import plain_array


@dataclass(frozen=True, slots=True, eq=False)
class IdColumn:
    """A column of ids as codes.

    Attributes
    ----------
    codes : (n_rows,) int32
        Positions in ``uniques``; -1 where the row is bad.
    uniques : pyarrow.Array
        Each id once, in order of first appearance.
    kind : {"text", "int", "uuid"}
        Their sort.
    """

    codes: RowArray
    uniques: Any
    kind: IdKind

    def mapped(self, keep: BoolArray | None, *, name: str) -> tuple[IdMap, RowArray]:
        """Return the map of the ids that are left, and the row of each row kept."""
        codes, uniques = self.codes, self.uniques
        if keep is not None:
            codes = codes[keep]
        if keep is not None or uniques.null_count:
            used, codes = _by_appearance(codes)
            uniques = uniques.take(used)
        return IdMap.of(ids_of_kind(uniques, self.kind), name=name), codes


def _by_appearance(codes: RowArray) -> tuple[Any, RowArray]:
    used, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return used[order], rank[inverse]


def id_column(source: SourceTable, report: RowReport, name: str) -> IdColumn:
    """Read a column of ids.

    Raises
    ------
    DataError
        If the whole column is of a type that is no id (floats, for one).
    """
    import pyarrow.compute as pc

    label = f"{source.name}, column {source.file_name(name)}: ids"
    values, kind = id_values(source.column(name), name=label)
    coded = pc.dictionary_encode(values)
    uniques = coded.dictionary
    codes = np.array(pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False), np.int32)
    report.bad(codes < 0, name, "must not be missing; the field is empty.")
    if kind == "text" and len(uniques):
        for wrong_ids, must in id_faults(uniques, header={name, source.file_name(name)}):
            _report_ids(report, name, np.append(np.asarray(wrong_ids), False)[codes], must, values)
        lengths = np.asarray(pc.utf8_length(uniques))
        wrong = (lengths < 1) | (lengths > MAX_ID_CHARS)
        if wrong.any():
            report.bad(
                np.append(wrong, False)[codes],
                name,
                lambda at: (
                    f"must have 1 to {MAX_ID_CHARS:,} characters; got {lengths[codes[at]]:,}: "
                    f"{clip(repr(uniques[int(codes[at])].as_py()))}."
                ),
            )
    return IdColumn(codes, uniques, kind)


def _report_ids(report: RowReport, name: str, wrong: Any, must: str, values: Any) -> None:
    report.bad(wrong, name, lambda at: f"{must}; got {clip(repr(values[at].as_py()))}.")


def optional_ids(source: SourceTable, name: str) -> Any:
    """Return a column of ids that may be missing, as an Arrow array; None if there is none.

    Raises
    ------
    DataError
        If the column is of a type that is no id.
    """
    if not source.has(name):
        return None
    import pyarrow as pa
    import pyarrow.compute as pc

    label = f"{source.name}, column {source.file_name(name)}: ids"
    values, kind = id_values(source.column(name), name=label)
    if kind == "uuid":
        raw = [None if one is None else UUID(one).bytes for one in values.to_pylist()]
        return pa.array(raw, pa.binary(16))
    if kind == "text":
        missing = pc.is_in(values, value_set=pa.array(["", *MISSING_IDS], pa.large_string()))
        values = pc.if_else(missing, pa.scalar(None, pa.large_string()), values)
        given = values.drop_null().unique()
        for wrong, must in id_faults(given):
            if len(found := given.filter(wrong)):
                raise DataError(f"{label} {must}; got {clip(repr(found[0].as_py()))}.")
    return values


def text_column(source: SourceTable, name: str) -> Any:
    """Return a column as ``large_string`` texts; "" becomes null; None if there is no column.

    Booleans become "true" and "false", numbers their digits.

    Raises
    ------
    DataError
        If the column holds something that has no plain text.
    """
    if not source.has(name):
        return None
    return as_text(source.column(name), name=f"{source.name}, column {source.file_name(name)}")


def as_text(array: Any, *, name: str) -> Any:
    """Return an Arrow array as texts, "" as null.

    Raises
    ------
    DataError
        If its type has no plain text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    array = plain_array(array)
    if getattr(array.type, "extension_name", "") == "arrow.uuid" or array.type == pa.binary(16):
        array = id_values(array, name=name)[0]
    try:
        texts = array.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as err:
        raise DataError(f"{name} must be text; it holds {clip(str(array.type))}.") from err
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.large_string()), texts)


def list_column(source: SourceTable, name: str) -> Any:
    r"""Return a column of lists as ``large_list<large_string>``; None if there is no column.

    Text is split at ``|``, where ``\|`` stands for a bar and ``\\`` for a backslash; parts are
    stripped and empty ones dropped. Null and "" stay null: "not given" differs from "none".
    Text in brackets is read as :func:`marked_list` does; of objects the ``name`` is taken.

    Raises
    ------
    DataError
        If the column holds neither text nor lists, or an entry is no text.

    Warns
    -----
    RecsysWarning
        If no text has a bar, and some have commas or semicolons: each is one entry.
    """
    if not source.has(name):
        return None
    label = f"{source.name}, column {source.file_name(name)}"
    return listed(source.column(name), name=label)


def listed(array: Any, *, name: str) -> Any:
    """Return an Arrow array of lists, or of texts to split, as lists of texts.

    Raises
    ------
    DataError
        If it holds neither text nor lists.
    """
    import pyarrow as pa
    import pyarrow.types as pt

    array = plain_array(array)
    kind = array.type
    if pt.is_list(kind) or pt.is_large_list(kind) or pt.is_fixed_size_list(kind):
        return _clean(array.to_pylist(), name) if not _tidy(array) else array.cast(text_lists())
    if pt.is_null(kind):
        return pa.nulls(len(array), text_lists())
    if pt.is_integer(kind):
        array = array.cast(pa.large_string())
    if not pt.is_large_string(array.type):
        raise DataError(f"{name} must hold lists or text like a|b; it holds {clip(str(kind))}.")
    return _split(array, name)


def check_listed_ids(report: RowReport, name: str, lists: Any) -> None:
    """Note the rows of a list column of which an entry is no id, as 42.0."""
    import pyarrow.compute as pc

    entries = pc.list_flatten(lists)
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    for wrong, must in id_faults(entries):
        _report_ids(report, name, np.unique(rows[np.asarray(wrong)]), must, lists)


def text_lists() -> Any:
    """Return the Arrow type of every list column."""
    import pyarrow as pa

    return pa.large_list(pa.large_string())


def _tidy(array: Any) -> bool:
    """Say whether lists can be taken as they are: no null, blank or padded part."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = array.flatten()
    if not (pa.types.is_string(flat.type) or pa.types.is_large_string(flat.type)):
        return False
    return (
        flat.null_count == 0
        and not pc.any(
            pc.or_(pc.equal(flat, ""), pc.not_equal(flat, pc.utf8_trim_whitespace(flat)))
        ).as_py()
    )


def _clean(lists: list[list[Any] | None], name: str) -> Any:
    import pyarrow as pa

    texts = [
        None
        if one is None
        else [t for t in (_entry(entry_name(p, name=name)) for p in one if p is not None) if t]
        for one in lists
    ]
    return pa.array(texts, text_lists())


def _entry(one: Any) -> str:
    """Return an entry of a list as text, exactly: dates as ISO 8601, UUIDs in canonical form."""
    if isinstance(one, bool):
        return "true" if one else "false"
    if isinstance(one, datetime):
        return one.isoformat()
    if isinstance(one, bytes) and len(one) == 16:
        return str(UUID(bytes=one))
    return str(one).strip()


def _split(array: Any, name: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.large_string()), array)
    if pc.any(pc.match_substring_regex(array, MARKED)).as_py():
        return _clean([_cell_entries(one, name) for one in array.to_pylist()], name)
    if not pc.any(pc.match_substring(array, "|")).as_py():
        _warn_of_separators(array, name)
    if pc.any(pc.match_substring(array, "\\")).as_py():
        return _clean([None if one is None else split_list(one) for one in array.to_pylist()], name)
    parts = pc.split_pattern(array, "|").cast(text_lists())
    return parts if _tidy(parts) else _clean(parts.to_pylist(), name)


def _cell_entries(text: str | None, name: str) -> list[Any] | None:
    if text is None:
        return None
    return marked_list(text, name=name) if re.match(MARKED, text, re.DOTALL) else split_list(text)


def _warn_of_separators(array: Any, name: str) -> None:
    import pyarrow.compute as pc

    found = array.filter(pc.fill_null(pc.match_substring_regex(array, UNMARKED), False))
    if len(found):
        warnings.warn(
            f"{name}: {len(found)} row(s) hold commas or semicolons, as "
            f"{clip(repr(found[0].as_py()))}, and are read as one entry each. If they are lists, "
            "write a|b or hand over lists.",
            RecsysWarning,
            stacklevel=2,
        )


def split_list(text: str) -> list[str]:
    r"""Split at bars, with ``\|`` for a bar and ``\\`` for a backslash.

    Examples
    --------
    >>> split_list(r"a|b\|c")
    ['a', 'b|c']
    """
    parts, part, escaped = [], "", False
    for char in text:
        if escaped:
            part += char if char in "|\\" else "\\" + char
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "|":
            parts.append(part)
            part = ""
        else:
            part += char
    return [*parts, part + "\\" * escaped]


def word_column(source: SourceTable, report: RowReport, name: str, *, words: Sequence[str]) -> Any:
    """Read a column that holds one of a few words, in any case.

    Returns
    -------
    pyarrow.Array of n_rows texts, or None
        The words as in ``words``; null where not given. None if there is no such column.
    """
    texts = text_column(source, name)
    if texts is None:
        return None
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array(words, pa.large_string())
    found = pc.index_in(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), value_set=known)
    wrong = np.asarray(pc.and_(texts.is_valid(), found.is_null()))
    report.bad(wrong, name, lambda at: wrong_word(texts[at].as_py(), words))
    return known.take(found)


def wrong_word(word: str, words: Sequence[str]) -> str:
    """Return the message for a word that is none of ``words``."""
    near = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.7)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"must be one of {', '.join(words)}; got {clip(repr(word))}.{hint}"
