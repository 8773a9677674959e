"""Lineage of a snapshot: its fit, and counts of what was observed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from recsys.core.arrays import TimeArray
from recsys.core.clock import DAY
from recsys.data import Catalog, EventLog, People

HALF_LIFE = 14 * DAY
"""In which an event comes to say half as much of what people do now: chosen on movies."""

MOST_LIVES = 500.0
"""Half-lives, before or after, beyond which nothing is told apart: numbers stay finite."""

NOT_A_TIME = np.datetime64("NaT", "us")


@dataclass(frozen=True, slots=True)
class Lineage:
    """Facts about the fit behind a snapshot.

    Attributes
    ----------
    version : str
        The version of the fit.
    n_users, n_items : int
        The people and items that it knew: the first rows.
    now : datetime64[us]
        The moment it spoke for; NaT without times.
    dated : datetime64[us]
        The moment that popularity speaks for: ``now``, plus whole days.
    rating_range : tuple of float, or None
        What ratings are scaled by; None where the fit met none.
    n_events : int
        Events of the fit.
    n_since : int
        Events observed since.
    n_unknown : int
        Those among them that name a person or an item that the fit did not know.
    in_order : bool
        Whether ages are counted in events, for these have an order and no times.
    mass, mass_since : float
        The events of the fit, and those since, each counting half as much per ``HALF_LIFE`` before
        the moment of the fit, and twice as much after it.
    """

    version: str
    n_users: int
    n_items: int
    now: np.datetime64
    dated: np.datetime64
    rating_range: tuple[float, float] | None = None
    n_events: int = 0
    n_since: int = 0
    n_unknown: int = 0
    in_order: bool = False
    mass: float = 0.0
    mass_since: float = 0.0

    def after(self, log: EventLog) -> Lineage:
        """Return the lineage with further events counted."""
        unknown = (log.user_rows >= self.n_users) | (log.item_rows >= self.n_items)
        return replace(
            self,
            n_since=self.n_since + log.n_events,
            n_unknown=self.n_unknown + int(unknown.sum()),
            mass_since=self.mass_since + mass_of(log.occurred_at, self.now),
        )

    def days_until(self, moment: np.datetime64) -> int:
        """Return the whole days from ``dated`` to a moment; 0 without times."""
        if np.isnat(moment) or np.isnat(self.dated):
            return 0
        return max(int((moment - self.dated) // DAY), 0)

    def redated(self, days: int) -> Lineage:
        """Return the lineage with popularity speaking for a moment so many days later."""
        return replace(self, dated=self.dated + np.timedelta64(days, "D"))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "version": self.version,
            "n_users": self.n_users,
            "n_items": self.n_items,
            "now": None if np.isnat(self.now) else str(self.now),
            "dated": None if np.isnat(self.dated) else str(self.dated),
            "rating_range": None if self.rating_range is None else list(self.rating_range),
            "n_events": self.n_events,
            "n_since": self.n_since,
            "n_unknown": self.n_unknown,
            "in_order": self.in_order,
            "mass": self.mass,
            "mass_since": self.mass_since,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Lineage:
        """Take what :meth:`to_dict` gave."""
        given = values["rating_range"]
        return cls(
            version=str(values["version"]),
            n_users=int(values["n_users"]),
            n_items=int(values["n_items"]),
            now=np.datetime64(values["now"] or "NaT", "us"),
            dated=np.datetime64(values["dated"] or "NaT", "us"),
            rating_range=None if given is None else (float(given[0]), float(given[1])),
            n_events=int(values["n_events"]),
            n_since=int(values["n_since"]),
            n_unknown=int(values["n_unknown"]),
            in_order=bool(values.get("in_order", False)),
            mass=float(values.get("mass", values["n_events"])),
            mass_since=float(values.get("mass_since", values["n_since"])),
        )


def mass_of(times: TimeArray, now: np.datetime64) -> float:
    """Return what events count: 1 at ``now``, half a ``HALF_LIFE`` before; 1 without a time."""
    if np.isnat(now):
        return float(len(times))
    lives = np.asarray((times.astype("datetime64[us]") - now) / HALF_LIFE, dtype=np.float64)
    return float(np.exp2(np.clip(np.nan_to_num(lives, nan=0.0), -MOST_LIVES, MOST_LIVES)).sum())


DUE = 0.5
"""Value from which a refit is due; see decision 13 for what was measured."""


@dataclass(frozen=True, slots=True)
class Drift:
    r"""Drift: share of decayed event weight that is newer than the fit.

    .. math:: value = \frac{\sum_{e\ since} 2^{t_e / h}}{\sum_{e\ of\ all} 2^{t_e / h}}

    with the times of the events since the fit over those of all events, and a half-life *h* of 14
    days (without times, plain counts): 0 right after a fit, and growing with what the fit could
    not know, with a burst of events more than with a quiet month.

    Attributes
    ----------
    value : float
        In [0, 1).
    refit_due : bool
        Whether it has reached ``DUE``.
    reason : str
        Why, in words and numbers.
    n_events : int
        Events of the fit.
    n_since : int
        Events observed since.
    n_unknown : int
        Those among them that name a person or an item unknown to the fit.
    """

    value: float
    refit_due: bool
    reason: str
    n_events: int
    n_since: int
    n_unknown: int

    @classmethod
    def of(cls, lineage: Lineage) -> Drift:
        """Read the counts of a snapshot's history.

        Examples
        --------
        >>> import recsys
        >>> events = {"user_id": ["ana", "bo"], "item_id": ["q1", "q2"]}
        >>> model = recsys.Recommender.fit(recsys.EventLog.from_frame(events))
        >>> later = model.observe({"user_id": ["cy", "cy"], "item_id": ["q9", "q1"]})
        >>> later.drift.reason.partition(": 2 events")[0]
        'a refit is due: 50 % of what counts now came after the fit'
        """
        every = lineage.mass + lineage.mass_since
        value = lineage.mass_since / every if lineage.n_since and every > 0 else 0.0
        due = value >= DUE
        said = (
            f"{100 * value:.0f} % of what counts now came after the fit: {lineage.n_since:,} "
            f"events beside {lineage.n_events:,}; {lineage.n_unknown:,} of them name people or "
            "items it did not know."
        )
        start = "a refit is due" if due else "no refit is due"
        return cls(
            value, due, f"{start}: {said}", lineage.n_events, lineage.n_since, lineage.n_unknown
        )


def add_descriptions(digest: Any, catalog: Catalog, people: People) -> None:
    """Add to a hash all that is said of items and people: columns, tags, mutes and consent.

    Parameters
    ----------
    digest : hashlib hash
        Changed in place.
    """
    for table, tags in ((catalog.table, catalog.tag_table), (people.table, people.tag_table)):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        digest.update(sink.getvalue())
        for array in (tags.weights.data, tags.weights.indices, tags.weights.indptr):
            digest.update(np.ascontiguousarray(array).data)
        digest.update(repr((tags.names, tags.families)).encode())
