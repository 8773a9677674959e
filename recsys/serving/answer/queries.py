"""Stage 1 of an answer: ids or histories become rows, queries and model states."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, FloatMatrix, ObjectArray, RowArray, objects
from recsys.core.errors import DataError, RecsysWarning, UnknownIdError, clip
from recsys.models import Hybrid, Queries, QueryState
from recsys.serving.state.csr_rows import spread
from recsys.serving.state.view import View


def ask_users(
    snapshot: View, user_ids: Iterable[Any], *, recent: Iterable[Any] | None = None
) -> Asked:
    """Return the people named, known or not.

    Parameters
    ----------
    snapshot : View
    user_ids : iterable of ids
        Unknown ones become newcomers.
    recent : sequence of item ids, sequence of such sequences, or None
        Items of this session: one list for all, or one per person. None means none.

    Raises
    ------
    DataError
        If ``user_ids`` is a single text, or ``recent`` has the wrong length.
    UnknownIdError
        If an item of ``recent`` is unknown.
    """
    if recent is None and type(user_ids) is list and len(user_ids) == 1:
        row = snapshot.users.row(user_ids[0])
        if row != NO_ROW and snapshot.is_personal(row):
            return Asked(
                objects(user_ids),
                np.array([row], dtype=np.int32),
                snapshot.query_of(row),
                snapshot.state_of(row),
            )
    if getattr(user_ids, "ndim", 1) > 1:
        raise DataError("user_ids must be a list of ids; got a table. Give one column of it.")
    ids = as_ids(user_ids, name="user_ids")
    rows = snapshot.users.rows(ids)
    unknown = ids[rows == NO_ROW]
    snapshot.users.require_sort(unknown, name="user_ids", n_known=len(ids) - len(unknown))
    if recent is not None:
        queries = _with_recent(
            snapshot, rows, item_lists(snapshot, recent, len(ids), name="recent")
        )
        return Asked(ids, rows, queries, snapshot.model.states(queries), is_session=True)
    personal = _personal_rows(snapshot, rows)
    if (personal != NO_ROW).all():
        return Asked(ids, rows, snapshot.queries_of(rows), snapshot.states_of(rows))
    queries = _known_or_empty(snapshot, personal)
    return Asked(ids, rows, queries, _states(snapshot, personal, queries))


def ask_histories(snapshot: View, histories: Iterable[Iterable[Any]]) -> Asked:
    """Return people described by what they consumed, folded in.

    Raises
    ------
    DataError
        If a history is no list of ids.
    UnknownIdError
        If an item is unknown.
    """
    given = as_ids(histories, name="histories")
    for one in given:
        if not _is_list(one):
            raise DataError(
                "histories must be one list of item ids per person; got "
                f"{clip(repr(one))} in place of a list. Write [[...]] for one person."
            )
    lists = item_lists(snapshot, given, len(given), name="histories") if len(given) else []
    rows = np.full(len(lists), NO_ROW, dtype=np.int32)
    queries = _with_recent(snapshot, rows, lists)
    ids = objects([None] * len(lists))
    return Asked(ids, rows, queries, snapshot.model.states(queries), is_session=True)


def as_ids(values: Iterable[Any], *, name: str) -> Any:
    """Return ids, of any sort of list, as an object array.

    Raises
    ------
    DataError
        If ``values`` is one text or number, or a table, instead of a list of ids.
    """
    if hasattr(values, "columns"):
        raise DataError(
            f"{name} must be a list of ids; got a {type(values).__name__}. Give one column of it."
        )
    is_scalar = isinstance(values, str | bytes | int | float | np.generic)
    if is_scalar or getattr(values, "ndim", 1) == 0:
        shown = clip(repr(values))
        raise DataError(f"{name} must be a list of ids; got {shown}. Write [{shown}].")
    if not isinstance(values, Iterable):
        raise DataError(f"{name} must be a list of ids; got {clip(repr(values))}.")
    return objects(_elements(values))


def item_rows(snapshot: View, item_ids: Iterable[Any], *, name: str = "item_ids") -> RowArray:
    """Return the rows of items that must be known.

    Raises
    ------
    UnknownIdError
        If one is not; up to five are named.
    """
    ids = as_ids(item_ids, name=name)
    rows = snapshot.items.rows(ids)
    if (rows == NO_ROW).any():
        unknown = ids[rows == NO_ROW]
        _check_sort(snapshot, unknown, name=name)
        raise UnknownIdError.of("item", list(unknown), n_known=snapshot.n_items)
    return rows


def item_lists(
    snapshot: View, lists: Iterable[Any], n_queries: int, *, name: str
) -> list[RowArray]:
    """Return one array of item rows per person, from one list for all or one per person.

    None among the ids, as at the end of a short list, is left out; so are unknown items of
    ``exclude``, which cannot be shown anyhow, and, with a :class:`RecsysWarning`, those of some
    people in a batch: one bad id fails no other person's list.

    Raises
    ------
    DataError
        If there are several lists, but not one per person; or ids and lists side by side.
    UnknownIdError
        If an item of one person or of one list for all is unknown, or every item of a batch; or
        an unknown id is of another sort than the model's.
    """
    given = as_ids(lists, name=name)
    is_list = [_is_list(one) for one in given]
    if not any(is_list):
        rows = _known_rows(snapshot, _real(given), name=name, is_batch=False)
        return [rows] * n_queries
    if not all(is_list):
        raise DataError(
            f"{name} must be ids, or one list of ids per person; got some of both. "
            "Write [] for a person without."
        )
    if len(given) != n_queries:
        raise DataError(
            f"{name} must be one list for all or one per person ({n_queries}); "
            f"got {len(given)} lists."
        )
    real = [_real(_elements(single)) for single in given]
    ids, ends = [one for single in real for one in single], np.cumsum([len(one) for one in real])
    rows = _known_rows(snapshot, ids, name=name, is_batch=n_queries > 1, with_unknown=True)
    return [part[part != NO_ROW] for part in np.split(rows, ends[:-1])]


def _known_rows(
    snapshot: View, ids: list[Any], *, name: str, is_batch: bool, with_unknown: bool = False
) -> RowArray:
    """Return the rows of known items; row -1 of others where they stay in their places."""
    array = objects(ids)
    rows = snapshot.items.rows(array)
    unknown = rows == NO_ROW
    if unknown.any():
        _check_sort(snapshot, array[unknown], name=name)
        may_lack = name == "exclude" or (is_batch and not unknown.all())
        error = UnknownIdError.of("item", list(array[unknown]), n_known=snapshot.n_items)
        if not may_lack:
            raise error
        if name != "exclude":
            warnings.warn(f"{name}: {error} They are left out.", RecsysWarning, stacklevel=5)
    return rows if with_unknown else rows[~unknown]


def _check_sort(snapshot: View, ids: ObjectArray, *, name: str) -> None:
    """Raise if unknown items are ids of another sort than the model's."""
    try:
        snapshot.items.require_sort(list(ids), name=name)
    except DataError as err:
        raise UnknownIdError(str(err)) from err


def _elements(values: Iterable[Any]) -> list[Any]:
    """Return the elements of any sort of list as Python values."""
    if hasattr(values, "to_pylist"):  # pyarrow: its elements are no Python values
        return list(values.to_pylist())
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return list(values.tolist())
    return list(values)


def _real(ids: Iterable[Any]) -> list[Any]:
    """Leave out None, as at the end of a short list: page 2 excludes the whole of page 1."""
    return [one for one in ids if one is not None]


def _is_list(one: Any) -> bool:
    return isinstance(one, Iterable) and not isinstance(one, str | bytes)


def _personal_rows(snapshot: View, rows: RowArray) -> RowArray:
    out = np.array(rows, dtype=np.int32)
    known = out != NO_ROW
    out[known] = np.where(snapshot.personal_of(out[known]), out[known], NO_ROW)
    return out


def _known_or_empty(snapshot: View, rows: RowArray) -> Queries:
    """Return the queries of known rows, and empty ones for row -1."""
    known = rows != NO_ROW
    some = snapshot.queries_of(rows[known])
    return Queries(
        history=spread(some.history, known),
        age_days=some.age_days,
        tags=spread(some.tags, known),
    )


def _states(snapshot: View, rows: RowArray, queries: Queries) -> QueryState:
    """Return stored states for known rows, and one computed state for everybody unknown."""
    unknown = np.flatnonzero(rows == NO_ROW)
    nobody = snapshot.model.states(queries.take(unknown[:1]))
    state = snapshot.states_of(np.maximum(rows, 0)) if snapshot.n_users else None
    if state is None:
        return nobody.take(np.zeros(len(rows), dtype=np.int64))
    known = rows != NO_ROW
    return QueryState(
        vectors=np.where(known[:, None], state.vectors, nobody.vectors),
        buckets=np.where(known, state.buckets, nobody.buckets),
    )


def _with_recent(snapshot: View, rows: RowArray, recent: list[RowArray]) -> Queries:
    """Return the stored queries of each person, with the session's items added at age 0."""
    base = _known_or_empty(snapshot, _personal_rows(snapshot, rows))
    ages = sp.csr_matrix(
        (base.age_days + 1, base.history.indices, base.history.indptr), shape=base.history.shape
    )
    lines = np.repeat(np.arange(len(recent)), [len(one) for one in recent])
    columns = np.concatenate(recent) if recent else np.zeros(0, np.int32)
    # an item given as a bare id has the confidence of one view, also if it is given twice
    pairs = (np.ones(len(columns), np.float32), (lines, columns))
    fresh = sp.csr_matrix(pairs, shape=base.history.shape)
    fresh.data[:] = 1
    history = sp.csr_matrix(base.history.maximum(fresh))
    history.sort_indices()
    # stored as age + 1, so that "seen just now" is not an absent entry; a session's item is now
    shifted = sp.csr_matrix(ages - ages.multiply(fresh > 0)) + sp.csr_matrix(fresh > 0)
    shifted = sp.csr_matrix(shifted, dtype=np.float32)
    shifted.eliminate_zeros()
    shifted.sort_indices()
    return Queries(history=history, age_days=shifted.data - 1, tags=base.tags)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The people of one request.

    Attributes
    ----------
    ids : (n_queries,) object
        As given; None where a person is only a history.
    user_rows : (n_queries,) int32
        -1 for unknown people.
    queries : Queries
        What is known of each; empty for unknown people.
    states : QueryState
        User vectors and activity buckets.
    is_session : bool
        True if the history holds items that the snapshot has not seen from these people.
    """

    ids: npt.NDArray[np.object_]
    user_rows: RowArray
    queries: Queries
    states: QueryState
    is_session: bool = False

    def only(self, lines: npt.NDArray[np.integer[Any]]) -> Asked:
        """Return the people at ``lines``, in that order; all of them in order are not copied."""
        if len(lines) == len(self.ids) and (np.diff(lines) == 1).all():
            return self
        return Asked(
            self.ids[lines],
            self.user_rows[lines],
            self.queries.take(lines),
            self.states.take(lines),
            self.is_session,
        )

    def scoring(self, model: Hybrid) -> ScoringInput:
        """Return the input of the scoring stages, user vectors weighted by a model."""
        return ScoringInput(self.queries, self.states, model.query_vectors(self.states))


@dataclass(frozen=True, slots=True, eq=False)
class ScoringInput:
    """Inputs of the scores of some people: queries, states and vectors.

    Attributes
    ----------
    queries : Queries
        Histories and declared tags.
    states : QueryState
        User vectors and activity buckets.
    vectors : (n_queries, n_factors) float32
        User vectors, weighted: what the index is searched with.
    """

    queries: Queries
    states: QueryState
    vectors: FloatMatrix

    def take(self, lines: npt.NDArray[np.integer[Any]]) -> ScoringInput:
        """Return the input of the people at ``lines``, in that order."""
        return ScoringInput(self.queries.take(lines), self.states.take(lines), self.vectors[lines])

    def part(self, lines: slice) -> ScoringInput:
        """Return the input of some neighbouring people."""
        states = QueryState(self.states.vectors[lines], self.states.buckets[lines])
        queries = self.queries.chunk(lines.start, lines.stop)
        return ScoringInput(queries, states, self.vectors[lines])
