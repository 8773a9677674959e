"""Who may be shown what: excluded pairs per person, and item masks shared by groups of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import BoolArray, Csr, RowArray
from recsys.core.errors import DataError
from recsys.core.topk import TopK
from recsys.serving.answer.queries import Asked, item_lists
from recsys.serving.state.filter_cache import filter_key
from recsys.serving.state.snapshot import Snapshot

Where = str | Mapping[str, Any] | None
"""A filter: an expression, a mapping, or None for all items."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What the caller asked for, beside the people.

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


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """What each person of a request may see.

    Attributes
    ----------
    excluded : (n_queries, n_items) csr
        Pairs left out.
    masks : list of (n_items,) bool
        The distinct sets of allowed items.
    mask_of : (n_queries,) int32
        Which of ``masks`` holds for each person.
    candidates : list of (n_candidates,) int32, or None
        The only items allowed for each person; None means all.
    """

    excluded: Csr
    masks: list[BoolArray]
    mask_of: RowArray
    candidates: list[RowArray] | None


def constrain(snapshot: Snapshot, asked: Asked, request: Request) -> Constraints:
    """Return what each person may see.

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
    masks, mask_of = _masks(snapshot, asked, request)
    candidates = None
    if request.candidates is not None:
        candidates = item_lists(snapshot, request.candidates, n_queries, name="candidates")
        candidates = [np.unique(rows).astype(np.int32) for rows in candidates]
    return Constraints(_excluded(snapshot, asked, request), masks, mask_of, candidates)


def _masks(snapshot: Snapshot, asked: Asked, request: Request) -> tuple[list[BoolArray], RowArray]:
    filters, filter_of = _filters(request.where, len(asked.user_rows))
    by_filter = [_eligible(snapshot, one) for one in filters]
    visible, visible_of = snapshot.visible(asked.user_rows)
    pairs = filter_of.astype(np.int64) * len(visible) + visible_of
    distinct, mask_of = np.unique(pairs, return_inverse=True)
    masks = [
        by_filter[pair // len(visible)]
        if visible[pair % len(visible)] is None
        else by_filter[pair // len(visible)] & visible[pair % len(visible)]
        for pair in distinct
    ]
    return masks, mask_of.astype(np.int32)


def _eligible(snapshot: Snapshot, where: Where) -> BoolArray:
    if where is None:
        return snapshot.eligible

    def mask() -> BoolArray:
        return snapshot.eligible & snapshot.mask_of(where)

    key = filter_key(where)
    found = snapshot.filters.get(None if key is None else ("everybody", key), mask).mask
    return found if len(found) else snapshot.eligible


def _filters(where: Any, n_queries: int) -> tuple[list[Where], RowArray]:
    if not isinstance(where, list | tuple | np.ndarray):
        return [where], np.zeros(n_queries, dtype=np.int32)  # what is no filter is refused later
    if len(where) != n_queries:
        raise DataError(
            f"where must be one filter or one per person ({n_queries}); got {len(where)}."
        )
    keys = [repr(one) for one in where]
    first: dict[str, Where] = {}
    for key, one in zip(keys, where, strict=True):
        first.setdefault(key, one)
    order = {key: at for at, key in enumerate(first)}
    filters = list(first.values())
    return filters or [None], np.array([order[key] for key in keys], dtype=np.int32)


def _excluded(snapshot: Snapshot, asked: Asked, request: Request) -> Csr:
    n_queries = len(asked.user_rows)
    shape = (n_queries, snapshot.n_items)
    parts = [
        snapshot.hidden_of(
            asked.user_rows, with_seen=request.exclude_seen, with_own=not request.include_own
        )
    ]
    if request.exclude_seen and asked.is_session:
        parts.append(asked.queries.history)  # a history folded in, this session's items
    if request.exclude is not None:
        lists = item_lists(snapshot, request.exclude, n_queries, name="exclude")
        lines = np.repeat(np.arange(n_queries), [len(one) for one in lists])
        columns = np.concatenate(lists) if lists else np.zeros(0, np.int32)
        parts.append(
            sp.csr_matrix((np.ones(len(lines), np.float32), (lines, columns)), shape=shape)
        )
    filled = [part for part in parts if part.nnz]
    if not filled:
        return sp.csr_matrix(shape, dtype=np.float32)
    if len(filled) == 1:
        return filled[0]
    out = sp.csr_matrix(sum(filled[1:], filled[0]))
    out.sort_indices()
    return out


def shortfalls(
    best: TopK, constraints: Constraints, *, k: int, n_items: int
) -> tuple[str | None, ...]:
    """Return one sentence per short list, and None for full ones.

    Parameters
    ----------
    best : TopK
        The lists found.
    constraints : Constraints
        What each person may see.
    k : int
        The length asked for.
    n_items : int
        Size of the catalog.
    """
    found = best.n_found
    n_left_out = np.diff(constraints.excluded.indptr)
    n_allowed = [int(mask.sum()) for mask in constraints.masks]
    out: list[str | None] = []
    for line, n_found in enumerate(found.tolist()):
        if n_found >= k:
            out.append(None)
            continue
        causes = [f"{n_items} in the catalog"]
        if constraints.candidates is not None:
            causes.append(f"{len(constraints.candidates[line])} candidates given")
        denied = n_items - n_allowed[constraints.mask_of[line]]
        if denied:
            causes.append(f"{denied} filtered, expired, blocked or not for this person")
        if n_left_out[line]:
            causes.append(f"{n_left_out[line]} seen, own, muted or excluded")
        out.append(f"{n_found} of {k} items: {', '.join(causes)}.")
    return tuple(out)
