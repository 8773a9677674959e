"""Cost model of searches: nanoseconds on one thread, from counts of items and bytes.

Every choice between two ways to search reads it. A scan reads items in the order in which they lie
in memory, a graph search or a selective filter jumps between them; both cost a fixed time per item
and a time per byte of its vector (4 bytes a number) or its int8 code (1 byte).

The constants were measured on one core of a Xeon with AVX-512, with 100,000 codes and 1,000,000
vectors; see ``docs/decisions/0021-one-cost-model.md``. Choices depend on their ratios only.
"""

from __future__ import annotations

ITEM_NS = 3.0
"""Fixed cost of an item that is read in order."""

BYTE_NS = 0.04
"""Cost of a byte that is read in order and multiplied."""

JUMP_NS = 14.0
"""Fixed cost of an item that is read out of order."""

JUMP_BYTE_NS = 0.15
"""Cost of a byte that is read out of order and multiplied."""

MASK_NS = 1.0
"""Cost of looking one item up in the mask of a filter."""

VISITS = 30
"""Items that a graph search scores per candidate kept."""

THREAD_NS = 400_000
"""Cost of starting a thread."""

ROWS_AT_ONCE = 65_536
"""Rows that a build copies at once, which bounds its memory beside the result."""


def read_ns(n_bytes: int) -> float:
    """Return the cost of scoring an item of ``n_bytes`` that is read in order."""
    return ITEM_NS + BYTE_NS * n_bytes


def jump_ns(n_bytes: int) -> float:
    """Return the cost of scoring an item of ``n_bytes`` that is read out of order."""
    return JUMP_NS + JUMP_BYTE_NS * n_bytes


def scan_ns(n_items: int, n_bytes: int, *, n_allowed: int | None = None) -> float:
    """Return the cost of scoring every allowed item.

    Parameters
    ----------
    n_items : int
    n_bytes : int
        Of the vector or code of an item.
    n_allowed : int, optional
        Items that a filter lets through; they are picked, or all are read, whichever is cheaper.
        None: no filter.

    Examples
    --------
    >>> scan_ns(1000, 50), scan_ns(1000, 50, n_allowed=100)
    (5000.0, 3150.0)
    """
    whole = n_items * read_ns(n_bytes)
    if n_allowed is None:
        return whole
    return n_items * MASK_NS + min(n_allowed * jump_ns(n_bytes), whole)


def graph_ns(n_candidates: float, n_bytes: int) -> float:
    """Return the cost of a graph search that keeps ``n_candidates``.

    Examples
    --------
    >>> graph_ns(10, 40)
    6000.0
    """
    return n_candidates * VISITS * jump_ns(n_bytes)
