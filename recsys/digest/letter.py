"""One person's digest as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EntryReason:
    """One reason for an item.

    Attributes
    ----------
    text : str
        For people to read: "because you answered ‹...›".
    source : str
        What sort of reason: item, tag, popularity, freshness or person.
    value : float
        Its part of the score.
    """

    text: str
    source: str
    value: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a digest.

    Attributes
    ----------
    rank : int
        1 is the first.
    item_id : object
        As the caller gave it.
    title : str or None
        None when the catalog has none.
    url : str or None
        A safe absolute address, or None.
    score : float
        The model's; entries come in the model's order.
    reasons : tuple of EntryReason
        The strongest first; may be empty.
    """

    rank: int
    item_id: object
    title: str | None
    url: str | None
    score: float
    reasons: tuple[EntryReason, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the record of one item."""
        return {
            "rank": self.rank,
            "item_id": self.item_id,
            "title": self.title,
            "url": self.url,
            "score": self.score,
            # by hand: dataclasses.asdict copies deeply, ten times slower, and this is per person
            "reasons": [
                {"text": why.text, "source": why.source, "value": why.value} for why in self.reasons
            ],
        }


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of one person.

    Attributes
    ----------
    user_id : object
        As the caller gave it.
    issue : str
        Names the run: the date of ``as_of``.
    as_of : str
        The moment it speaks for, ISO 8601 in UTC.
    subject : str
        The title.
    known : bool
        False: the model knows nothing of the person, the list is everyone's.
    items : tuple of Entry
        At most ``k``.
    shortfall : str or None
        Why there are fewer than ``k``; None when there are not.
    """

    user_id: object
    issue: str
    as_of: str
    subject: str
    known: bool
    items: tuple[Entry, ...]
    shortfall: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the record that is written: plain values, but ids stay as they are.

        Examples
        --------
        >>> at = "2018-09-01T00:00:00Z"
        >>> Digest("ana", "2018-09-01", at, "Hi", True, (), None).to_dict()["items"]
        []
        """
        return {
            "user_id": self.user_id,
            "issue": self.issue,
            "as_of": self.as_of,
            "subject": self.subject,
            "known": self.known,
            "items": [one.to_dict() for one in self.items],
            "shortfall": self.shortfall,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Digest:
        """Build from what :meth:`to_dict` gave, read back from JSON."""
        items = tuple(
            Entry(**{**one, "reasons": tuple(EntryReason(**why) for why in one["reasons"])})
            for one in record["items"]
        )
        return cls(**{**record, "items": items})
