"""Reasons of lists, and the profile of a person."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys.core.arrays import NO_ROW, RowArray
from recsys.core.errors import UnknownIdError
from recsys.core.topk import TopK
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
from recsys.serving.state.snapshot import Snapshot


def explain_lists(
    snapshot: Snapshot, asked: Asked, best: TopK
) -> tuple[tuple[ItemReasons, ...], ...]:
    """Return the reasons of every item of every list; their values sum to its score."""
    return tuple(_explain_one(snapshot, asked, best, line) for line in range(len(best.rows)))


def _explain_one(
    snapshot: Snapshot, asked: Asked, best: TopK, line: int
) -> tuple[ItemReasons, ...]:
    rows = best.rows[line][best.rows[line] != NO_ROW]
    if not len(rows):
        return ()
    at = np.array([line])
    parts = snapshot.model.explain(
        asked.queries.take(at), asked.states.take(at), item_rows=np.ascontiguousarray(rows)
    )
    user_row = int(asked.user_rows[line])
    kinds = {} if user_row == NO_ROW else snapshot.last_kinds(user_row)
    names = ReasonNames(
        item_id=snapshot.items.id,
        title=snapshot.title,
        kind=kinds.get,
        tags=snapshot.tags,
        followed=frozenset(asked.queries.tags[line].indices.tolist()),
        unnamed=_unseen_by(snapshot, user_row, asked.queries.history[line].indices),
    )
    worded = word_reasons(parts, n_items=len(rows), names=names, wording=snapshot.wording)
    return tuple(tuple(reasons) for reasons in worded)


def _unseen_by(snapshot: Snapshot, user_row: int, item_rows: RowArray) -> frozenset[int]:
    """Return which of some items the person may not see any more: blocked, or for others."""
    hidden = snapshot.blocked_of(item_rows)
    (mask,), _ = snapshot.visible(np.array([user_row], dtype=np.int32))
    if mask is not None:
        hidden = hidden | ~mask[item_rows]
    return frozenset(item_rows[hidden].tolist())


def person_profile(snapshot: Snapshot, user_id: Any) -> ProfileTable:
    """Return a person's tag profile.

    Raises
    ------
    UnknownIdError
        If the person is unknown.
    """
    snapshot = snapshot.whole
    row = snapshot.users.row(user_id)
    if row == NO_ROW:
        raise UnknownIdError.of("user", [user_id], n_known=snapshot.n_users)
    items, people = snapshot.item_profiles, snapshot.dataset.people
    history = snapshot.queries.history[row]
    declared = match_declared(people.declared[row], people.tag_names, items.tags)
    profiles = build_user_profiles(
        history,
        items,
        declared=declared.matrix,
        negatives=snapshot.refused[row],
        muted=muted_matrix(people.muted_tags[row : row + 1], items.tags),
    )
    return profile_table(
        0, profiles, interactions=history, items=items, item_ids=snapshot.dataset.items
    )
