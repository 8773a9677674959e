"""Stage 2 of an answer: excluded items of each person, allowed items, causes of short lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, RowArray
from recsys.core.errors import DataError
from recsys.core.topk import TopK
from recsys.index import Exclusion, exclusion
from recsys.serving.answer.queries import Asked, item_lists
from recsys.serving.state.exclusions import excluded_pairs, excluded_rows
from recsys.serving.state.filter_cache import Allowed, filter_key
from recsys.serving.state.view import View

Where = str | Mapping[str, Any] | None
"""A filter: an expression, a mapping, or None for all items."""


@dataclass(frozen=True, slots=True, eq=False)
class ListRequest:
    """Arguments of a request for lists, without the people.

    Attributes
    ----------
    k : int
        Greater than 0.
    where : Where or sequence of Where
        One filter for all, or one per person.
    exclude_seen, include_own : bool
    candidates, exclude : iterable or None
        One list of item ids for all, or one per person.
    """

    k: int
    where: Where | Sequence[Where] = None
    exclude_seen: bool = True
    include_own: bool = False
    candidates: Iterable[Any] | None = None
    exclude: Iterable[Any] | None = None

    def __post_init__(self) -> None:
        for name in ("candidates", "exclude"):  # an iterator can be gone through once only
            given = getattr(self, name)
            if isinstance(given, Iterator):
                lists = [list(one) if isinstance(one, Iterator) else one for one in given]
                object.__setattr__(self, name, lists)


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """Items that each person of a request may be shown.

    Attributes
    ----------
    excluded : Exclusion
        Rows left out for each person: ``indptr`` (n_queries + 1,) and rising ``indices``.
    allowed : list of Allowed
        The distinct sets of allowed items.
    allowed_of : (n_queries,) int32
        The set of ``allowed`` that holds for each person.
    candidates : list of (n_candidates,) int32, or None
        The only items allowed for each person, rising; None means all.
    """

    excluded: Exclusion
    allowed: list[Allowed]
    allowed_of: RowArray
    candidates: list[RowArray] | None = None


def constrain(snapshot: View, asked: Asked, request: ListRequest) -> Constraints:
    """Return the items that each person may be shown.

    Raises
    ------
    ConfigError
        If a filter cannot be read.
    DataError
        If there are several filters or lists, but not one per person.
    UnknownIdError
        If a candidate or excluded item is unknown.
    """
    n_queries = len(asked.user_rows)
    allowed, allowed_of = allowed_items(snapshot, asked.user_rows, request.where)
    candidates, exclude = None, None
    if request.candidates is not None:
        candidates = item_lists(snapshot, request.candidates, n_queries, name="candidates")
        candidates = [np.unique(rows).astype(np.int32) for rows in candidates]
    if request.exclude is not None:
        exclude = item_lists(snapshot, request.exclude, n_queries, name="exclude")
    excluded = excluded_items(
        snapshot,
        asked,
        with_seen=request.exclude_seen,
        with_own=not request.include_own,
        exclude=exclude,
    )
    return Constraints(excluded, allowed, allowed_of, candidates)


def allowed_items(
    snapshot: View, user_rows: RowArray, where: Where | Sequence[Where]
) -> tuple[list[Allowed], RowArray]:
    """Return the distinct sets of allowed items, and which of them holds for each person.

    Raises
    ------
    ConfigError
        If a filter cannot be read.
    DataError
        If there are several filters, but not one per person.
    """
    filters, filter_of = _filters(where, len(user_rows))
    if len(user_rows) == 1:
        return [_allowed(snapshot, int(user_rows[0]), filters[0])], filter_of
    group_of = snapshot.visibility.masks(user_rows)[1]
    pairs = filter_of.astype(np.int64) * (int(group_of.max(initial=0)) + 1) + group_of
    _, first, allowed_of = np.unique(pairs, return_index=True, return_inverse=True)
    allowed = [_allowed(snapshot, int(user_rows[at]), filters[filter_of[at]]) for at in first]
    return allowed, allowed_of.astype(np.int32)


def _allowed(snapshot: View, user_row: int, where: Where) -> Allowed:
    """Return the items that pass a filter and that a person may see; row -1 is a stranger."""
    key, visibility = filter_key(where), snapshot.visibility.key(user_row)
    if key is not None and visibility:
        key = (key, visibility)

    def mask() -> BoolArray:
        out = snapshot.eligible
        if where is not None:
            out = out & snapshot.mask_of(where)
        (visible,), _ = snapshot.visibility.masks(np.array([user_row], dtype=np.int32))
        return out if visible is None else out & visible

    return snapshot.filters.get(key, mask)


def _filters(where: Any, n_queries: int) -> tuple[list[Where], RowArray]:
    if not isinstance(where, list | tuple | np.ndarray):
        return [where], np.zeros(n_queries, dtype=np.int32)  # what is no filter is refused later
    if len(where) != n_queries:
        raise DataError(
            f"where must be one filter or one per person ({n_queries}); got {len(where)}."
        )
    keys = [
        ("unique", at) if (key := filter_key(one)) is None else key for at, one in enumerate(where)
    ]
    first: dict[Any, Where] = {}
    for key, one in zip(keys, where, strict=True):
        first.setdefault(key, one)
    order = {key: at for at, key in enumerate(first)}
    filters = list(first.values())
    return filters or [None], np.array([order[key] for key in keys], dtype=np.int32)


def excluded_items(
    snapshot: View,
    asked: Asked,
    *,
    with_seen: bool,
    with_own: bool,
    exclude: Sequence[RowArray] | None,
) -> Exclusion:
    """Return the rows to leave out for each person: seen, own, muted, disliked and given ones.

    Parameters
    ----------
    snapshot : View
    asked : Asked
        Items of a session are seen items.
    with_seen, with_own : bool
        False: seen items, and the person's own ones, stay.
    exclude : sequence of n_queries (n,) int32, or None
        Further rows of each person, in any order.
    """
    user_rows = asked.user_rows
    if len(user_rows) == 1:
        row, rows = int(user_rows[0]), np.zeros(0, np.int32)
        if row != NO_ROW:
            rows = excluded_rows(snapshot, row, with_seen=with_seen, with_own=with_own)
        stored = (np.array([0, len(rows)], dtype=np.int64), rows)
    else:
        pairs = excluded_pairs(snapshot, user_rows, with_seen=with_seen, with_own=with_own)
        stored = exclusion(pairs, shape=pairs.shape)
    parts = [stored]
    if with_seen and asked.is_session:
        history = asked.queries.history
        parts.append(exclusion(history, shape=history.shape))
    if exclude is not None and len(exclude):
        ends = np.append(0, np.cumsum([len(rows) for rows in exclude]))
        parts.append((ends, np.concatenate(exclude)))
    return parts[0] if len(parts) == 1 else _union(parts, n_items=snapshot.n_items)


def _union(parts: Sequence[Exclusion], *, n_items: int) -> Exclusion:
    """Return the rows that are in any of the parts, each once and rising."""
    n_queries = len(parts[0][0]) - 1
    keys = [
        np.repeat(np.arange(n_queries) * n_items, np.diff(indptr)) + indices
        for indptr, indices in parts
    ]
    lines, rows = np.divmod(np.unique(np.concatenate(keys)), max(n_items, 1))
    indptr = np.append(0, np.cumsum(np.bincount(lines, minlength=n_queries)))
    return indptr, rows.astype(np.int32)


def shortfalls(
    best: TopK, constraints: Constraints, *, k: int, n_items: int
) -> tuple[str | None, ...]:
    """Return one sentence per short list, and None for full ones.

    Parameters
    ----------
    best : TopK
        The lists found.
    constraints : Constraints
        The items that each person may be shown.
    k : int
        The length asked for.
    n_items : int
        Size of the catalog.
    """
    out: list[str | None] = [None] * len(best.rows)
    if best.rows.shape[1] >= k and best.rows.min(initial=0) >= 0:
        return tuple(out)
    for line in np.flatnonzero(best.n_found < k).tolist():
        causes = [f"{n_items} in the catalog"]
        if constraints.candidates is not None:
            causes.append(f"{len(constraints.candidates[line])} candidates given")
        allowed = constraints.allowed[constraints.allowed_of[line]]
        denied = len(allowed.mask) - len(allowed.rows)
        if denied:
            causes.append(f"{denied} filtered, expired, blocked or not for this person")
        n_excluded = int(constraints.excluded[0][line + 1] - constraints.excluded[0][line])
        if n_excluded:
            causes.append(f"{n_excluded} seen, own, muted or excluded")
        out[line] = f"{best.n_found[line]} of {k} items: {', '.join(causes)}."
    return tuple(out)
