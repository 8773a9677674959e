"""From ranked candidates to what a digest holds: pure, no files, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, Csr, FloatMatrix, RowArray
from recsys.core.errors import DataError
from recsys.core.topk import TopK
from recsys.ranking import Cap, CapTable, apply_caps


@dataclass(frozen=True, eq=False)
class DigestCaps:
    """Limits on items of one author or topic in a digest.

    Attributes
    ----------
    author_of : (n_items,) int32
        A number for each author; -1 where unknown (never capped).
    topics : (n_items, n_topics) csr
        What each item is about; only which entries are stored counts.
    max_per_author, max_per_topic : int or None
        None: any number.
    """

    author_of: RowArray
    topics: Csr
    max_per_author: int | None
    max_per_topic: int | None

    @cached_property
    def table(self) -> CapTable:
        """The caps joined, with one that no item comes twice."""
        n_items = len(self.author_of)
        caps = [Cap.of_rows(np.arange(n_items, dtype=np.int32), max_per_list=1)]
        if self.max_per_author is not None:
            caps.append(Cap.of_rows(self.author_of, max_per_list=self.max_per_author))
        if self.max_per_topic is not None:
            caps.append(Cap(self.topics, self.max_per_topic))
        return CapTable.of(caps)

    def __str__(self) -> str:
        parts = ((self.max_per_author, "author"), (self.max_per_topic, "topic"))
        return " and ".join(f"{most} per {what}" for most, what in parts if most is not None)


def pick_items(
    rows: RowArray, scores: FloatMatrix, *, k: int, allowed: BoolArray, caps: DigestCaps
) -> TopK:
    """Return what each digest holds: the first ``k`` candidates that are allowed and within caps.

    Going down the list, a candidate is taken if it is allowed, not yet taken, and taking it keeps
    its author and each of its topics within their caps.

    Parameters
    ----------
    rows : (n_people, n_candidates) int32
        Item rows, best first; -1 pads.
    scores : (n_people, n_candidates) float32
        Of the candidates.
    k : int
        At least 1.
    allowed : (n_people, n_candidates) bool
        False: must not be sent to that person (already sent, expired).
    caps : DigestCaps
        Over the same item rows.

    Returns
    -------
    TopK
        (n_people, k), in the order of the candidates.

    Raises
    ------
    DataError
        If the shapes differ.

    Examples
    --------
    Items 0 and 1 have one author; one item of each is allowed.

    >>> one_each = DigestCaps(np.array([5, 5, 6]), np.zeros((3, 0)), 1, None)
    >>> rows, scores = np.array([[0, 1, 2]]), np.array([[0.9, 0.5, 0.1]])
    >>> pick_items(rows, scores, k=3, allowed=rows >= 0, caps=one_each).rows.tolist()
    [[0, 2, -1]]
    """
    if rows.ndim != 2 or not rows.shape == scores.shape == allowed.shape:
        raise DataError(
            "rows, scores and allowed must be 2-d of one shape; "
            f"got {rows.shape}, {scores.shape} and {allowed.shape}."
        )
    return apply_caps(np.where(allowed, rows, NO_ROW), scores, k=k, caps=caps.table)


def pairs_in(
    people: RowArray, rows: RowArray, *, pairs: tuple[RowArray, RowArray], n_items: int
) -> BoolArray:
    """Return which (person, candidate) pairs are among the given ones.

    Parameters
    ----------
    people : (n_people,) int32
        A number for each row of ``rows``; each different.
    rows : (n_people, n_candidates) int32
        Item rows, -1 pads (never among them).
    pairs : tuple of (n_pairs,) int32
        Numbers of people, item rows.
    n_items : int
        Greater than each item row.

    Returns
    -------
    (n_people, n_candidates) bool

    Examples
    --------
    >>> had = (np.array([7]), np.array([3]))
    >>> pairs_in(np.array([7]), np.array([[2, 3, -1]]), pairs=had, n_items=4)
    array([[False,  True, False]])
    """
    keys = people.astype(np.int64)[:, None] * n_items + rows
    known = pairs[0].astype(np.int64) * n_items + pairs[1]
    return np.isin(keys, known) & (rows >= 0)
