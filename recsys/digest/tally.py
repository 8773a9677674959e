"""Counts of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(slots=True)
class DigestCounts:
    """Counts of one chunk, or of all.

    Attributes
    ----------
    n_people : int
        Looked at.
    n_declined : int
        Left out: no consent to digests.
    n_inactive : int
        Left out: silenced, banned or deleted.
    n_recent : int
        Left out: the last digest is younger than the period.
    n_without : int
        Due, but fewer items to send than ``min_items``.
    n_digests, n_items : int
        Composed digests, and the items in them.
    n_short : int
        Digests with fewer than ``k`` items.
    """

    n_people: int = 0
    n_declined: int = 0
    n_inactive: int = 0
    n_recent: int = 0
    n_without: int = 0
    n_digests: int = 0
    n_items: int = 0
    n_short: int = 0

    def add(self, other: DigestCounts) -> None:
        """Count another chunk in."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def to_dict(self) -> dict[str, int]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, counts: Mapping[str, int]) -> DigestCounts:
        """Build from what :meth:`to_dict` gave."""
        return cls(**counts)


@dataclass(frozen=True, slots=True)
class DigestReport:
    """Result of one run.

    Attributes
    ----------
    issue : str
        Names the run.
    as_of : str
        The moment it speaks for, ISO 8601 in UTC.
    counts : DigestCounts
        Over all people, those of a continued run included.
    out, html, history : Path or None
        What was written; None where nothing was asked for.
    n_pages : int
        People's pages written.
    n_resumed_chunks : int
        Chunks taken over from an interrupted run.
    """

    issue: str
    as_of: str
    counts: DigestCounts
    out: Path | None = None
    html: Path | None = None
    history: Path | None = None
    n_pages: int = 0
    n_resumed_chunks: int = 0

    @property
    def n_due(self) -> int:
        """People who were due, whether or not there was something to send."""
        return self.counts.n_digests + self.counts.n_without

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        places = {"out": self.out, "html": self.html, "history": self.history}
        return {
            "issue": self.issue,
            "as_of": self.as_of,
            "n_due": self.n_due,
            **self.counts.to_dict(),
            "n_pages": self.n_pages,
            "n_resumed_chunks": self.n_resumed_chunks,
            **{name: None if path is None else str(path) for name, path in places.items()},
        }

    def __str__(self) -> str:
        one = self.counts
        return (
            f"Digest {self.issue}: {one.n_digests} of {one.n_people} people, {one.n_items} items "
            f"({one.n_declined} declined, {one.n_inactive} inactive, {one.n_recent} not due yet, "
            f"{one.n_without} with nothing to send, {one.n_short} short)."
        )
