"""Counts of changes by one call of ``observe``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """Counts of one call.

    Attributes
    ----------
    n_events : int
        Events that were new.
    n_repeated_events : int
        Events that were known already, and counted for nothing.
    n_late_events : int
        New events older than the moment the model spoke for.
    n_new_users, n_new_items : int
        People and items that the model had not heard of.
    n_described_users, n_described_items : int
        Known people and items that were described anew.
    n_retired_items : int
        Items that may no longer be shown: blocked, or over.
    n_folded_users : int
        People whose vector was made anew.
    n_moved_items : int
        Items whose vector is another, new ones included.
    """

    n_events: int = 0
    n_repeated_events: int = 0
    n_late_events: int = 0
    n_new_users: int = 0
    n_new_items: int = 0
    n_described_users: int = 0
    n_described_items: int = 0
    n_retired_items: int = 0
    n_folded_users: int = 0
    n_moved_items: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the counts by name."""
        return asdict(self)
