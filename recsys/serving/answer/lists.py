"""All stages of an answer in order: from ids to recommendations, or on item rows alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray, RowArray
from recsys.core.topk import TopK
from recsys.serving.answer.constraints import (
    Constraints,
    ListRequest,
    Where,
    allowed_items,
    constrain,
    excluded_items,
    shortfalls,
)
from recsys.serving.answer.explain import explain_lists
from recsys.serving.answer.queries import Asked, ask_users
from recsys.serving.answer.rank import rank
from recsys.serving.answer.recommendations import ItemReasons, Recommendations, padded
from recsys.serving.state.view import View


def recommend_lists(
    snapshot: View, asked: Asked, request: ListRequest, *, explain: bool = False
) -> Recommendations:
    """Return the ranked list of each person, with its shortfall, and with reasons if asked for.

    Raises
    ------
    ConfigError
        If a filter cannot be read.
    DataError
        If there are several filters or lists, but not one per person.
    UnknownIdError
        If a candidate or excluded item is unknown.
    """
    constraints = constrain(snapshot, asked, request)
    best = rank(snapshot, asked, constraints, k=request.k)
    item_ids, scores = padded(best, request.k, snapshot.items)
    return Recommendations(
        user_ids=asked.ids,
        item_ids=item_ids,
        scores=scores,
        known=asked.user_rows != NO_ROW,
        shortfall=shortfalls(best, constraints, k=request.k, n_items=snapshot.n_items),
        request_id=secrets.token_hex(8),
        model_version=snapshot.version,
        answered_at=snapshot.now,
        arms=(None,) * len(asked.ids),
        reasons=explain_lists(snapshot, asked, best.rows) if explain else None,
        backend=snapshot.backend,
    )


class RowRequest:
    """A request whose lists are asked for, filtered further and explained on item rows.

    The rules are those of :meth:`Recommender.recommend`. Ids are translated once, when it is made,
    and histories and user vectors are looked up once, however often lists are asked for.

    Parameters
    ----------
    snapshot : View
        Of a recommender.
    user_ids : iterable of n_queries ids
        Unknown ones are strangers.
    where : str, mapping or None
        A filter on items, for all people.
    """

    def __init__(self, snapshot: View, user_ids: Iterable[Any], *, where: Where = None) -> None:
        self._snapshot, self._where = snapshot, where
        self._asked = ask_users(snapshot, user_ids)

    @property
    def known(self) -> BoolArray:
        """(n_queries,) bool: the people whom the model knows."""
        return np.asarray(self._asked.user_rows != NO_ROW, dtype=np.bool_)

    def rank(
        self, lines: npt.NDArray[np.integer[Any]], *, k: int, exclude: Sequence[RowArray]
    ) -> TopK:
        """Return the best items of the people at ``lines``.

        Parameters
        ----------
        lines : (n_lines,) int
            Positions among ``user_ids``.
        k : int
            Greater than 0.
        exclude : sequence of n_lines (n,) int32
            Item rows left out for each of them, beside seen, own, muted and disliked ones.

        Returns
        -------
        TopK
            (n_lines, k), or one column per item of the catalog where these are fewer.
        """
        snapshot, asked = self._snapshot, self._asked.only(lines)
        allowed, allowed_of = allowed_items(snapshot, asked.user_rows, self._where)
        excluded = excluded_items(snapshot, asked, with_seen=True, with_own=True, exclude=exclude)
        return rank(snapshot, asked, Constraints(excluded, allowed, allowed_of), k=k)

    def explain(
        self, lines: npt.NDArray[np.integer[Any]], item_rows: RowArray
    ) -> tuple[tuple[ItemReasons, ...], ...]:
        """Return the reasons of given items of the people at ``lines``.

        Parameters
        ----------
        lines : (n_lines,) int
            Positions among ``user_ids``.
        item_rows : (n_lines, m) int32
            -1 pads, and has no reasons.
        """
        return explain_lists(self._snapshot, self._asked.only(lines), item_rows)
