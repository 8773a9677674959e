"""A decision of a fit: its topic, the value decided on and the reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """A decision of a fit; ``str(note)`` is the sentence for a person to read.

    Attributes
    ----------
    topic : str
        What was decided on: "weights", "times", "index", or the name of a block.
    value : str
        The decision, without "; ".
    reason : str
        The reason; "" where there is none to give.

    Examples
    --------
    >>> str(Note("weights", "defaults", "too few people to learn from"))
    'weights: defaults; too few people to learn from'
    >>> Note.parse("spectral: 256 factors; low-rank structure").value
    '256 factors'
    """

    topic: str
    value: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.topic}: {self.value}" + (f"; {self.reason}" if self.reason else "")

    @classmethod
    def parse(cls, text: str) -> Note:
        """Return the note whose sentence is ``text``."""
        topic, _, rest = text.partition(": ")
        value, _, reason = rest.partition("; ")
        return cls(topic, value, reason)
