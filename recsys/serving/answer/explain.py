"""Stage 6 of an answer: the reasons of lists; and the tag profile of a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from recsys.core.arrays import NO_ROW, RowArray, positions_of
from recsys.core.errors import UnknownIdError
from recsys.data import IdMap
from recsys.models import Queries, QueryState
from recsys.profiles import (
    ProfileTable,
    build_user_profiles,
    match_declared,
    muted_matrix,
    profile_table,
)
from recsys.ranking import ReasonNames, word_reasons
from recsys.serving.answer.queries import Asked
from recsys.serving.answer.recommendations import ItemReasons
from recsys.serving.state.csr_rows import csr_of, ones_line, row_matrix
from recsys.serving.state.view import View


def explain_lists(
    snapshot: View, asked: Asked, item_rows: RowArray
) -> tuple[tuple[ItemReasons, ...], ...]:
    """Return the reasons of every item of every list; their values sum to its score.

    Parameters
    ----------
    snapshot : View
    asked : Asked
    item_rows : (n_queries, m) int32
        -1 pads, and has no reasons.
    """
    item_id = cache(snapshot.items.id)  # people of one batch share many causes
    return tuple(
        _explain_one(snapshot, asked, line, rows[rows != NO_ROW], item_id)
        for line, rows in enumerate(item_rows)
    )


def _explain_one(
    snapshot: View, asked: Asked, line: int, rows: RowArray, item_id: Callable[[int], Any]
) -> tuple[ItemReasons, ...]:
    if not len(rows):
        return ()
    queries, states, mine = asked.queries, asked.states, slice(line, line + 1)
    starts = queries.history.indptr
    query = Queries(
        history=row_matrix(queries.history, line),
        age_days=queries.age_days[starts[line] : starts[line + 1]],
        tags=row_matrix(queries.tags, line),
    ).widened(snapshot.n_items)
    parts = snapshot.model.explain(
        query, QueryState(states.vectors[mine], states.buckets[mine]), item_rows=rows
    )
    user_row = int(asked.user_rows[line])
    kinds = {} if user_row == NO_ROW else snapshot.last_kinds(user_row)
    names = ReasonNames(
        item_id=item_id,
        title=snapshot.title,
        kind=kinds.get,
        tags=snapshot.tags,
        followed=frozenset(query.tags.indices.tolist()),
        unnamed=_unseen_by(snapshot, user_row, query.history.indices),
    )
    worded = word_reasons(parts, n_items=len(rows), names=names, wording=snapshot.wording)
    return tuple(tuple(reasons) for reasons in worded)


def _unseen_by(snapshot: View, user_row: int, item_rows: RowArray) -> frozenset[int]:
    """Return which of some items the person may not see any more: blocked, or for others."""
    hidden = snapshot.blocked_of(item_rows)
    (mask,), _ = snapshot.visibility.masks(np.array([user_row], dtype=np.int32))
    if mask is not None:
        hidden = hidden | ~mask[item_rows]
    return frozenset(item_rows[hidden].tolist())


def person_profile(snapshot: View, user_id: Any) -> ProfileTable:
    """Return a person's tag profile.

    Raises
    ------
    UnknownIdError
        If the person is unknown.
    """
    row = snapshot.users.row(user_id)
    if row == NO_ROW:
        raise UnknownIdError.of("user", [user_id], n_known=snapshot.n_users)
    taken, disliked = snapshot.query_of(row).history, snapshot.disliked_rows(row)
    some = np.union1d(taken.indices, disliked).astype(np.int32)  # the items that it depends on

    def local(rows: RowArray) -> RowArray:
        return positions_of(rows, some, is_sorted=True).astype(np.int32)

    items = snapshot.profiles_of(some)
    people = snapshot.people_of(np.array([row], dtype=np.int32))
    history = csr_of([(local(taken.indices), taken.data)], len(some))
    profiles = build_user_profiles(
        history,
        items,
        declared=match_declared(people.declared, people.tag_names, items.tags).matrix,
        negatives=csr_of([ones_line(local(disliked))], len(some)),
        muted=muted_matrix(people.muted_tags, items.tags),
    )
    item_ids = IdMap.of(snapshot.items.ids(some))
    return profile_table(0, profiles, interactions=history, items=items, item_ids=item_ids)
