"""Answers of the recommender: ids, scores and reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np

from recsys.core.arrays import BoolArray, FloatMatrix, ObjectArray
from recsys.core.clock import Moment, to_iso, to_utc
from recsys.core.errors import DataError
from recsys.core.topk import TopK
from recsys.data import ExposureLog, IdMap
from recsys.ranking import Reason

MAX_PADDED = 10_000
"""Longest list that is padded to ``k`` beyond the catalog; a longer one ends with the catalog."""

ItemReasons = tuple[Reason, ...]
"""The reasons of one item, strongest first; their values sum to its score."""


@dataclass(frozen=True, slots=True, eq=False)
class Recommendations:
    """One ranked list per person asked about, in the order asked.

    Attributes
    ----------
    user_ids : (n_queries,) object
        As given by the caller; None for people described by a history only.
    item_ids : (n_queries, k) object
        Best first; None where a list is short.
    scores : (n_queries, k) float32
        Higher is better, comparable within one list; -inf exactly where ``item_ids`` is None.
    known : (n_queries,) bool
        Whether the model had heard of the person.
    shortfall : tuple of (str or None)
        Why a list has fewer than ``k`` items; None where it is full.
    request_id : str
        Names this answer; exposures and later events refer to it.
    model_version : str
        Names the model that answered.
    answered_at : datetime64[us]
        The moment the lists are for.
    arms : tuple of (str or None)
        Experiment arm of each person; None outside experiments.
    reasons : tuple of tuple of ItemReasons, or None
        Per person, per item; None unless asked for with ``explain=True``.
    backend : str
        The dataframe library that ``to_frame`` answers in: that of the events.
    """

    user_ids: ObjectArray
    item_ids: ObjectArray
    scores: FloatMatrix
    known: BoolArray
    shortfall: tuple[str | None, ...]
    request_id: str
    model_version: str
    answered_at: np.datetime64
    arms: tuple[str | None, ...] = ()
    reasons: tuple[tuple[ItemReasons, ...], ...] | None = None
    backend: str = field(default="pyarrow")

    def __len__(self) -> int:
        return len(self.user_ids)

    @property
    def k(self) -> int:
        """Length of the lists, padding included."""
        return int(self.item_ids.shape[1])

    def to_frame(self) -> Any:
        """Return one row per person and item: user_id, rank (from 1), item_id, score, reason.

        The answer is a dataframe of the library the events came from, else a pyarrow table. Where
        people are asked for by ids of different sorts, all ids are given as text.
        """
        who, place = np.nonzero(self.item_ids != None)  # noqa: E711  (elementwise on objects)
        columns: dict[str, Any] = {
            "user_id": _one_sort(self.user_ids[who]),
            "rank": place + 1,
            "item_id": self.item_ids[who, place].tolist(),
            "score": self.scores[who, place],
        }
        if self.reasons is not None:
            columns["reason"] = [
                "; ".join(reason.text for reason in self.reasons[row][rank][:1])
                for row, rank in zip(who, place, strict=True)
            ]
        return frame_of(columns, self.backend)

    def exposures(self, *, surface: str = "", shown_at: Moment | None = None) -> ExposureLog:
        """Return what was shown, to be logged: one row per person and item.

        People without a usable id, such as those described by a history, are among ``skipped``.

        Parameters
        ----------
        surface : str
            Where it was shown, such as "home" or "digest".
        shown_at : datetime, ISO text, epoch seconds or None
            When; None is ``answered_at``.

        Raises
        ------
        DataError
            If neither ``shown_at`` nor the model has a time.
        """
        moment = self.answered_at if shown_at is None else to_utc(shown_at, name="shown_at")
        if np.isnat(moment):
            raise DataError(
                "shown_at must be given: the events had no times, so the lists have none."
            )
        who, place = np.nonzero(self.item_ids != None)  # noqa: E711
        return ExposureLog.from_frame(
            {
                "request_id": [self.request_id] * len(who),
                "user_id": _one_sort(self.user_ids[who]),
                "item_id": self.item_ids[who, place].tolist(),
                "rank": (place + 1).tolist(),
                "shown_at": [to_iso(moment)] * len(who),
                "surface": [surface] * len(who),
                "model_version": [self.model_version] * len(who),
            },
            on_bad_row="skip",
        )

    def to_records(self) -> list[dict[str, Any]]:
        """Return plain values, one record per person, as ``recsys recommend --json`` does."""
        return [self._record(row) for row in range(len(self))]

    def _record(self, row: int) -> dict[str, Any]:
        found = int((self.item_ids[row] != None).sum())  # noqa: E711
        items = [
            {
                "rank": place + 1,
                "item_id": _plain(self.item_ids[row, place]),
                "score": round(float(self.scores[row, place]), 6),
                "reasons": self._reason_records(row, place),
            }
            for place in range(found)
        ]
        return {
            "user_id": _plain(self.user_ids[row]),
            "known": bool(self.known[row]),
            "model_version": self.model_version,
            "request_id": self.request_id,
            "shortfall": self.shortfall[row],
            "items": items,
        }

    def _reason_records(self, row: int, place: int) -> list[dict[str, Any]]:
        if self.reasons is None:
            return []
        return [
            {
                "text": reason.text,
                "source": str(reason.source),
                "id": _plain(reason.id),
                "value": round(reason.value, 6),
            }
            for reason in self.reasons[row][place]
        ]


@dataclass(frozen=True, slots=True, eq=False)
class SimilarItems:
    """One ranked list per item asked about.

    Attributes
    ----------
    query_ids : (n_queries,) object
        The items asked about.
    item_ids : (n_queries, k) object
        Best first; None where a list is short.
    scores : (n_queries, k) float32
        Cosine similarity in the model's space, at most 1; -inf where ``item_ids`` is None.
    """

    query_ids: ObjectArray
    item_ids: ObjectArray
    scores: FloatMatrix
    backend: str = "pyarrow"

    def to_frame(self) -> Any:
        """Return one row per pair: query_id, rank, item_id, score."""
        who, place = np.nonzero(self.item_ids != None)  # noqa: E711
        columns = {
            "query_id": self.query_ids[who].tolist(),
            "rank": place + 1,
            "item_id": self.item_ids[who, place].tolist(),
            "score": self.scores[who, place],
        }
        return frame_of(columns, self.backend)


def padded(best: TopK, k: int, items: IdMap) -> tuple[ObjectArray, FloatMatrix]:
    """Return the (n_queries, k) ids and scores of lists; see ``MAX_PADDED`` for a very large k."""
    n_queries, width = best.rows.shape
    k = k if k <= max(len(items), MAX_PADDED) else len(items)
    if width == k:
        return items.ids(best.rows), best.scores
    item_ids = np.full((n_queries, k), None, dtype=object)
    scores = np.full((n_queries, k), -np.inf, dtype=np.float32)
    if best.rows.size:
        width = min(width, k)
        item_ids[:, :width] = items.ids(best.rows.ravel()).reshape(best.rows.shape)[:, :width]
        scores[:, :width] = best.scores[:, :width]
    return item_ids, scores


def frame_of(columns: dict[str, Any], backend: str) -> Any:
    """Return a dataframe of the named library: pandas, polars or pyarrow."""
    import narwhals as nw

    library: Any = backend
    return nw.from_dict(columns, backend=library).to_native()


def _one_sort(ids: ObjectArray) -> list[Any]:
    """Return ids as they are if they are of one sort, else as text: a column has one type."""
    values = [one.item() if isinstance(one, np.generic) else one for one in ids.tolist()]
    sorts = {type(one) for one in values if one is not None}
    fits = all(abs(one) < 2**63 for one in values if isinstance(one, int))
    if len(sorts) <= 1 and sorts <= {str, int, UUID} and fits:
        return values
    return [None if one is None else str(one) for one in values]


def _plain(one: Any) -> str | int | None:
    """Return an id as a JSON value: text and whole numbers as they are, the rest as text."""
    one = one.item() if isinstance(one, np.generic) else one
    return one if one is None or isinstance(one, str | int) else str(one)
