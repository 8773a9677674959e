"""Profile of one person as a readable table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from recsys.core.arrays import Csr
from recsys.core.errors import DataError
from recsys.data import IdMap
from recsys.profiles.items import ItemProfiles
from recsys.profiles.users import UserProfiles

N_EVIDENCE = 3


class TagSource(StrEnum):
    """Origin of a tag of a profile."""

    DECLARED = "declared"
    """Declared by the person."""
    INFERRED = "inferred"
    """Inferred from consumed items."""
    BOTH = "both"
    """Declared and inferred."""
    PINNED = "pinned"
    """Set by hand."""
    MUTED = "muted"
    """Muted by hand."""


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One tag of a profile.

    Attributes
    ----------
    tag, family : str
        As the data has them.
    weight : float
        In (0, 1], 1 for the heaviest; 0 where muted.
    confidence : float
        In [0, 1], see :func:`profile_table`.
    source : TagSource
        Where it comes from.
    n_events : int
        How many consumed items have the tag.
    item_ids : tuple
        Up to three of them, the most telling first.
    """

    tag: str
    family: str
    weight: float
    confidence: float
    source: TagSource
    n_events: int
    item_ids: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ProfileTable:
    """Tags of one person, heaviest first, muted ones last.

    Attributes
    ----------
    rows : tuple of ProfileRow
        Empty for a person of whom nothing is known.
    """

    rows: tuple[ProfileRow, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[ProfileRow]:
        return iter(self.rows)

    def top(self, n: int) -> ProfileTable:
        """Return the first ``n`` rows."""
        return ProfileTable(self.rows[:n])

    def to_frame(self) -> Any:
        """Return a ``pyarrow.Table``: tag, family, weight, confidence, source, evidence.

        Evidence is a record of ``n_events`` and ``items``, the ids of up to three of them (UUIDs
        as text).
        """
        import pyarrow as pa

        rows = self.rows
        items = [[one if isinstance(one, int) else str(one) for one in r.item_ids] for r in rows]
        id_type = pa.int64() if any(isinstance(one, int) for i in items for one in i) else None
        ids = pa.array(items, pa.list_(id_type or pa.string()))
        counts = pa.array([row.n_events for row in rows], pa.int32())
        return pa.table(
            {
                "tag": pa.array([row.tag for row in rows], pa.string()),
                "family": pa.array([row.family for row in rows], pa.string()),
                "weight": pa.array([row.weight for row in rows], pa.float64()),
                "confidence": pa.array([row.confidence for row in rows], pa.float64()),
                "source": pa.array([str(row.source) for row in rows], pa.string()),
                "evidence": pa.StructArray.from_arrays([counts, ids], ["n_events", "items"]),
            }
        )

    def __rich__(self) -> Any:
        from rich.table import Table
        from rich.text import Text  # tags may hold what rich takes for markup

        table = Table("tag", "family", "weight", "confidence", "source", "evidence")
        for row in self.rows:
            shown = ", ".join(str(one) for one in row.item_ids)
            more = ", ..." if row.n_events > len(row.item_ids) else ""
            table.add_row(
                Text(row.tag),
                Text(row.family),
                f"{row.weight:.2f}",
                f"{row.confidence:.2f}",
                str(row.source),
                Text(f"{row.n_events}: {shown}{more}" if row.n_events else ""),
            )
        return table


def profile_table(
    user_row: int,
    profiles: UserProfiles,
    *,
    interactions: Csr,
    items: ItemProfiles,
    item_ids: IdMap,
) -> ProfileTable:
    r"""Return the profile of one person as a table.

    The confidence of an inferred tag is

    .. math:: \frac{n}{n + \kappa}

    with *n* the consumed items that have the tag and :math:`\kappa` the setting
    ``confidence_prior``: near 0 for a single item, near 1 for many. What the person said
    (declared, pinned, muted) is certain: 1.

    Parameters
    ----------
    user_row : int
        Which person of ``profiles``.
    profiles : UserProfiles
        As built.
    interactions : (n_users, n_items) csr float32
        The history that ``profiles`` were built from.
    items : ItemProfiles
        The items of ``interactions``.
    item_ids : IdMap
        Their ids.

    Raises
    ------
    DataError
        If there is no such person.
    """
    if not 0 <= user_row < profiles.n_users:
        raise DataError(f"user_row must lie in 0..{profiles.n_users - 1}; got {user_row}.")
    evidence = _Evidence(interactions[user_row], items.matrix, item_ids)
    said = _stored(profiles.declared, user_row)
    pinned = _stored(profiles.pinned, user_row)
    inferred = _stored(profiles.inferred, user_row)
    rows = []
    for tag, weight in _stored(profiles.matrix, user_row).items():
        source = _source(tag in said, tag in inferred, tag in pinned)
        rows.append(_row(tag, weight, source, items=items, evidence=evidence))
    rows.sort(key=lambda row: -row.weight)  # stable: ties by tag row
    silenced = [
        _row(tag, 0.0, TagSource.MUTED, items=items, evidence=evidence)
        for tag in _stored(profiles.muted, user_row)
    ]
    return ProfileTable((*rows, *silenced))


class _Evidence:
    """The consumed items behind each tag of one person."""

    def __init__(self, history: Csr, features: Csr, item_ids: IdMap) -> None:
        weighted = features[history.indices].multiply(history.data[:, None]).tocsc()
        self._parts = weighted
        self._item_rows = history.indices
        self._item_ids = item_ids

    def of(self, tag: int) -> tuple[int, tuple[Any, ...]]:
        """Return how many items have the tag, and the ids of those it weighs most in."""
        places = slice(self._parts.indptr[tag], self._parts.indptr[tag + 1])
        values, members = self._parts.data[places], self._parts.indices[places]
        telling = members[np.lexsort((self._item_rows[members], -values))][:N_EVIDENCE]
        return len(members), tuple(self._item_ids.ids(self._item_rows[telling]).tolist())


def _row(
    tag: int, weight: float, source: TagSource, *, items: ItemProfiles, evidence: _Evidence
) -> ProfileRow:
    n_events, item_ids = evidence.of(tag)
    is_guess = source == TagSource.INFERRED
    prior = items.config.confidence_prior
    return ProfileRow(
        tag=items.tags.names[tag],
        family=items.tags.families[tag],
        weight=float(weight),
        confidence=n_events / (n_events + prior) if is_guess else 1.0,
        source=source,
        n_events=n_events,
        item_ids=item_ids,
    )


def _source(is_declared: bool, is_inferred: bool, is_pinned: bool) -> TagSource:
    if is_pinned:
        return TagSource.PINNED
    if is_declared:
        return TagSource.BOTH if is_inferred else TagSource.DECLARED
    return TagSource.INFERRED


def _stored(matrix: Csr, row: int) -> dict[int, float]:
    places = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return dict(zip(matrix.indices[places].tolist(), matrix.data[places].tolist(), strict=True))
