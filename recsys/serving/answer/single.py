"""One known person, one list: the path of a page view, with nothing on it that can be kept.

Gives what the path of a batch gives, to the last bit; whatever it does not know how to do is left
to that path.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, RowArray, objects
from recsys.core.topk import TopK
from recsys.index import Request as Search
from recsys.index import top_k
from recsys.models import Hybrid, QueryState
from recsys.serving.answer.candidates import Known, candidate_rows
from recsys.serving.answer.constraints import Request
from recsys.serving.answer.queries import item_rows
from recsys.serving.answer.recommendations import Recommendations
from recsys.serving.answer.score import SPARE, best_of_candidates, scores_of_all
from recsys.serving.state.filter_cache import Allowed, filter_key
from recsys.serving.state.snapshot import Snapshot


def page_view(snapshot: Snapshot, user_id: Any, request: Request) -> Recommendations | None:
    """Return the full list of one known person, or None: see :func:`rank_single`.

    Raises
    ------
    ConfigError
        If the filter cannot be read.
    UnknownIdError
        If an excluded item is unknown.
    """
    if request.k > snapshot.n_items:
        return None
    row = snapshot.users.row(user_id)
    if row == NO_ROW or not snapshot.is_personal(row):
        return None
    best = rank_single(snapshot, row, request)
    if best is None:
        return None
    return Recommendations(
        user_ids=objects([user_id]),
        item_ids=snapshot.items.ids(best.rows),
        scores=best.scores,
        known=np.ones(1, np.bool_),
        shortfall=(None,),
        request_id=secrets.token_hex(8),
        model_version=snapshot.version,
        answered_at=snapshot.now,
        arms=(None,),
        backend=snapshot.backend,
    )


def rank_single(snapshot: Snapshot, user_row: int, request: Request) -> TopK | None:
    """Return the best items of one known person, or None if this path cannot tell.

    Parameters
    ----------
    snapshot : Snapshot
    user_row : int
        Of a person served personally.
    request : Request
        Checked, its ``k`` at most the number of items.

    Returns
    -------
    TopK or None
        (1, k). None where candidates are given, a list is per person, or the list would be
        short: why it is, the path of a batch says.
    """
    if request.candidates is not None or isinstance(request.where, list | tuple | np.ndarray):
        return None
    excluded = _excluded(snapshot, user_row, request)
    if excluded is None:
        return None
    allowed = _allowed(snapshot, user_row, request.where)
    if len(allowed.mask) and not len(allowed.rows):
        return None
    state = snapshot.state_of(user_row)
    search = Search(
        snapshot.model.query_vectors(state),
        request.k,
        (np.array([0, len(excluded)], np.int64), excluded),
        allowed.mask,
        allowed.rows if len(allowed.mask) else None,
    )
    best = _answer(snapshot, user_row, search, state)
    return best if best.rows[0, -1] != NO_ROW else None


def _answer(snapshot: Snapshot, user_row: int, search: Search, state: QueryState) -> TopK:
    index = snapshot.index
    if not snapshot.model.has_item_item:
        return index.answer(search)
    known = (snapshot.query_of(user_row), state, search.queries)
    if index.is_exact:
        found = _best_of_all(snapshot.model, known, search)
    else:
        found = candidate_rows(snapshot, known, search)
    return best_of_candidates(snapshot.model, known, found, search.k)


def _best_of_all(model: Hybrid, known: Known, search: Search) -> RowArray:
    """Return (1, n) rows of the best by the scores of all items, a few more than asked for."""
    scores = scores_of_all(model, known)[0]
    scores[search.exclude[1]] = -np.inf
    if len(search.allowed):
        scores[~search.allowed] = -np.inf
    # equal scores in the order of their rows, as in a batch: argpartition would give any of them
    return top_k(scores[None, :], min(search.k + SPARE, len(scores)), n_threads=1).rows


def _excluded(snapshot: Snapshot, user_row: int, request: Request) -> RowArray | None:
    mine = snapshot.hidden_rows(
        user_row, with_seen=request.exclude_seen, with_own=not request.include_own
    )
    if request.exclude is None:
        return mine
    given = list(request.exclude) if isinstance(request.exclude, Iterable) else [None]
    if len(given) == 1 and isinstance(given[0], Iterable) and not isinstance(given[0], str | bytes):
        given = list(given[0])  # one list per person, for the one person
    if any(not isinstance(one, str | int | np.integer) for one in given):
        return None
    more = item_rows(snapshot, given, name="exclude")
    return np.union1d(mine, more).astype(np.int32)


def _allowed(snapshot: Snapshot, user_row: int, where: Any) -> Allowed:
    key = filter_key(where)
    audience = snapshot.audience_of(user_row)
    if key is not None and audience:
        key = (key, audience)

    def mask() -> npt.NDArray[np.bool_]:
        out = snapshot.eligible
        if where is not None:
            out = out & snapshot.mask_of(where)
        (visible,), _ = snapshot.visible(np.array([user_row]))
        return out if visible is None else out & visible

    return snapshot.filters.get(key, mask)
