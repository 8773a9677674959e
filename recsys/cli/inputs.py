"""Input files of commands, and reports of rows left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recsys.cli.console import note
from recsys.cli.settings import kind_weights, pairs

if TYPE_CHECKING:
    from recsys.data import BadRow, Catalog, EventLog, People

NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
N_NAMED = 3
"""Bad rows that a note names one by one."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Options for reading files.

    Attributes
    ----------
    columns : mapping
        Contract name to name in the files.
    kinds : mapping
        Weights of event kinds that are added or changed.
    on_bad_row : {"stop", "skip"}
        Stop at a bad row, or leave bad rows out.
    now : datetime64[us]
        Events more than a day later are refused.
    item_types, user_types : mapping
        Declared types of attributes, as ``columns`` of a reader: those that a model has learnt.
    """

    columns: Mapping[str, str]
    kinds: Mapping[str, float]
    on_bad_row: Literal["stop", "skip"]
    now: Any
    item_types: Mapping[str, str] = field(default_factory=dict)
    user_types: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        columns: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        on_bad_row: Literal["stop", "skip"] = "stop",
        now: str | None = None,
    ) -> Reader:
        """Build from options; without ``now`` the system's clock is asked."""
        moment = system_now() if now is None else typed_time(now, option="--now")
        return cls(
            columns=pairs(columns, option="--columns", example="user_id=member_id"),
            kinds=kind_weights(kinds),
            on_bad_row=on_bad_row,
            now=moment,
        )

    def with_kinds(self, kinds: Mapping[str, float]) -> Reader:
        """Return a reader with other kinds: those of the settings and of the options together."""
        return replace(self, kinds=dict(kinds))

    def with_types(self, item_types: Mapping[str, str], user_types: Mapping[str, str]) -> Reader:
        """Return a reader that keeps the types of a model's attributes."""
        return replace(self, item_types=item_types, user_types=user_types)

    def _columns(self, types: Mapping[str, str]) -> dict[str, str]:
        typed = {}
        for name, given in types.items():
            sort = given.rpartition(":")[2]
            typed[name] = f"{self.columns.get(name, name)}:{sort}"
        return {**self.columns, **typed}

    def all(
        self, events: Sequence[Path], items: Path | None, item_tags: Path | None, users: Path | None
    ) -> tuple[EventLog, Catalog | None, People | None]:
        """Read everything a model is made from."""
        return self.events(events), self.catalog(items, item_tags), self.people(users)

    def events(self, paths: Sequence[Path]) -> EventLog:
        """Read files of events; none gives an empty log."""
        from recsys.data import EventLog, KindTable

        kinds = KindTable.default().with_kinds(dict(self.kinds))
        if not paths:
            return EventLog.empty(kinds=kinds)
        return EventLog.read(
            list(paths),
            columns=self.columns,
            kinds=kinds,
            on_bad_row=self.on_bad_row,
            now=self.now,
        )

    def catalog(self, items: Path | None, item_tags: Path | None) -> Catalog | None:
        """Read a file of items, a file of their tags, or both; None without any."""
        from recsys.data import Catalog

        if items is None and item_tags is None:
            return None
        return Catalog.read(
            items,
            item_tags=item_tags,
            columns=self._columns(self.item_types),
            on_bad_row=self.on_bad_row,
        )

    def people(self, users: Path | None) -> People | None:
        """Read a file of people; None without one."""
        from recsys.data import People

        if users is None:
            return None
        columns = self._columns(self.user_types)
        return People.read(users, columns=columns, on_bad_row=self.on_bad_row)


def tell_left_out(*tables: Any) -> None:
    """Report on stderr the rows left out and the number of repeated events."""
    for one in tables:
        if one is None:
            continue
        if one.n_skipped:
            named = "; ".join(said(row) for row in one.skipped[:N_NAMED])
            note(f"{one.n_skipped:,} bad row(s) left out: {named}")
        if getattr(one, "n_dropped_duplicates", 0):
            note(f"{one.n_dropped_duplicates:,} repeated event(s) left out")


def skipped_records(*tables: Any) -> list[dict[str, Any]]:
    """Return the rows left out as plain values."""
    return [
        {"file": row.file, "line": row.line, "column": row.column, "reason": row.reason}
        for one in tables
        if one is not None
        for row in one.skipped
    ]


def said(row: BadRow) -> str:
    """Return one bad row in words."""
    return f"{row.file}, line {row.line}, column {row.column}: {row.reason}"


def typed_time(text: str, *, option: str) -> Any:
    """Return a time as ``datetime64[us]``: a typed number is epoch seconds, the rest ISO 8601.

    Raises
    ------
    DataError
        If it is neither; the message names the option.

    Examples
    --------
    >>> str(typed_time("1520812800", option="--now"))
    '2018-03-12T00:00:00.000000'
    """
    from recsys.core.clock import to_utc

    # a compact ISO date, 20180312, looks like a number too
    if NUMBER.fullmatch(text) and len(text) != len("20180312"):
        return to_utc(float(text), name=option)
    return to_utc(text, name=option)


def system_now() -> Any:
    """Return the system's time; the only call of the clock in the library."""
    from recsys.core.clock import to_utc

    return to_utc(datetime.now(UTC))
