"""Exposure log: items shown to users, with rank, time and propensity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import RowArray, TimeArray, freeze
from recsys.core.errors import DataError
from recsys.data.ids.id_map import IdMap, ids_column, moved_rows
from recsys.data.readers.columns import id_column, text_column
from recsys.data.readers.readable import ReadableTable
from recsys.data.readers.source import MAX_LISTED, BadRow, OnBadRow, RowReport, SourceTable
from recsys.data.readers.times import number_column, time_column
from recsys.data.text_codes import encoded, joined

REQUIRED = ("request_id", "user_id", "item_id", "rank", "shown_at")

TEXTS = ("request_id", "surface", "experiment", "arm", "model_version")

EXPOSURE_COLUMNS = (*REQUIRED, "surface", "experiment", "arm", "propensity", "model_version")


@dataclass(frozen=True, slots=True, eq=False)
class ExposureLog(ReadableTable):
    """Items that were shown, one row each.

    Attributes
    ----------
    users, items : IdMap
        The ids behind the rows.
    user_rows, item_rows : (n_exposures,) int32
        To whom, and what.
    ranks : (n_exposures,) int32
        Place in the list, from 1.
    shown_at : (n_exposures,) datetime64[us]
        UTC.
    propensities : (n_exposures,) float64
        Probability with which the item was shown, in (0, 1]; NaN where not given.
    texts : mapping
        ``request_id``, ``surface``, ``experiment``, ``arm`` and ``model_version`` as
        (n_exposures,) pyarrow.DictionaryArray; a column that was not given is absent.
    skipped, n_skipped : tuple of BadRow, int
        Rows left out because they break the contract.

    Examples
    --------
    >>> log = ExposureLog.from_frame({"request_id": ["r1"], "user_id": ["ana"], "item_id": ["q1"],
    ...                               "rank": [1], "shown_at": ["2018-03-12T09:30:00Z"]})
    >>> log.n_exposures, log.ranks.tolist()
    (1, [1])
    """

    contract: ClassVar[tuple[str, ...]] = EXPOSURE_COLUMNS
    frame_name: ClassVar[str] = "the frame of exposures"

    users: IdMap
    items: IdMap
    user_rows: RowArray
    item_rows: RowArray
    ranks: npt.NDArray[np.int32]
    shown_at: TimeArray
    propensities: npt.NDArray[np.float64]
    texts: Mapping[str, Any]
    skipped: tuple[BadRow, ...] = ()
    n_skipped: int = 0

    def __post_init__(self) -> None:
        parts = (self.item_rows, self.ranks, self.shown_at, self.propensities)
        for part in (self.user_rows, *parts, *self.texts.values()):
            if len(part) != self.n_exposures:
                raise DataError(f"columns must have {self.n_exposures} rows; got {len(part)}.")
        for part in (self.user_rows, *parts):
            freeze(part)

    @classmethod
    def _of(cls, source: SourceTable, on_bad_row: OnBadRow) -> ExposureLog:
        source.require(*REQUIRED)
        report = RowReport(source, on_bad_row)
        users, items = id_column(source, report, "user_id"), id_column(source, report, "item_id")
        ranks, shown_at = _ranks(source, report), time_column(source, report, "shown_at")
        times = shown_at if shown_at is not None else np.empty(0, "datetime64[us]")
        given = {name: text_column(source, name) for name in TEXTS}
        texts = {name: text for name, text in given.items() if text is not None}
        report.bad(np.asarray(texts["request_id"].is_null()), "request_id", "must not be empty.")
        report.bad(np.isnat(times), "shown_at", "must not be empty.")
        propensities = _propensities(source, report)
        keep, skipped, n_skipped = report.finish()
        which = np.arange(source.n_rows) if keep is None else np.flatnonzero(keep)
        user_map, user_rows = users.mapped(keep, name="user_id")
        item_map, item_rows = items.mapped(keep, name="item_id")
        return cls(
            users=user_map,
            items=item_map,
            user_rows=user_rows,
            item_rows=item_rows,
            ranks=ranks[which].astype(np.int32),
            shown_at=times[which],
            propensities=propensities[which],
            texts={name: encoded(text.take(which)) for name, text in texts.items()},
            skipped=skipped,
            n_skipped=n_skipped,
        )

    @property
    def n_exposures(self) -> int:
        """Number of rows."""
        return len(self.user_rows)

    def to_frame(self) -> Any:
        """Return the rows as a ``pyarrow.Table`` under the contract's column names."""
        import pyarrow as pa

        columns = {
            "user_id": ids_column(self.users, self.user_rows),
            "item_id": ids_column(self.items, self.item_rows),
            "rank": pa.array(self.ranks),
            "shown_at": pa.array(self.shown_at, pa.timestamp("us", "UTC")),
            "propensity": pa.array(self.propensities, from_pandas=True),
            **{name: text.dictionary_decode() for name, text in self.texts.items()},
        }
        return pa.table({name: columns[name] for name in EXPOSURE_COLUMNS if name in columns})

    def concat(self, other: ExposureLog) -> ExposureLog:
        """Return both, this log's first; ids keep this log's rows.

        Raises
        ------
        DataError
            If the ids are of different sorts.
        """
        users = self.users.union(other.users, name="user_id")
        items = self.items.union(other.items, name="item_id")
        logs: Sequence[ExposureLog] = (self, other)
        lengths = [one.n_exposures for one in logs]
        texts = {name: joined([one.texts.get(name) for one in logs], lengths) for name in TEXTS}
        return ExposureLog(
            users=users,
            items=items,
            user_rows=np.concatenate([moved_rows(o.user_rows, o.users, users) for o in logs]),
            item_rows=np.concatenate([moved_rows(o.item_rows, o.items, items) for o in logs]),
            ranks=np.concatenate([one.ranks for one in logs]),
            shown_at=np.concatenate([one.shown_at for one in logs]),
            propensities=np.concatenate([one.propensities for one in logs]),
            texts={name: text for name, text in texts.items() if text is not None},
            skipped=(*self.skipped, *other.skipped)[:MAX_LISTED],
            n_skipped=self.n_skipped + other.n_skipped,
        )


def _ranks(source: SourceTable, report: RowReport) -> npt.NDArray[np.float64]:
    ranks = number_column(source, report, "rank")
    ranks = np.empty(0) if ranks is None else ranks
    with np.errstate(invalid="ignore"):
        wrong = ~((ranks >= 1) & (ranks < 2**31) & (ranks == np.floor(ranks)))
    report.bad(wrong, "rank", lambda at: f"must be a whole number from 1; got {ranks[at]:g}.")
    return ranks


def _propensities(source: SourceTable, report: RowReport) -> npt.NDArray[np.float64]:
    given = number_column(source, report, "propensity")
    if given is None:
        return np.full(source.n_rows, np.nan)
    with np.errstate(invalid="ignore"):
        wrong = (given <= 0) | (given > 1)
    report.bad(wrong, "propensity", lambda at: f"must lie in (0, 1]; got {given[at]:g}.")
    return given
