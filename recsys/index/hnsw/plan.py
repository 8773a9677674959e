"""Whether a search walks the graph or looks at every allowed vector, and how far it walks."""

from __future__ import annotations

from math import ceil

# Measured on 2 cores of a Xeon with AVX-512: 100k x 64 read in order in 1.35 ms, picked rows three
# times as long; 1M x 64, M=32, ef 128 in 0.24 ms. Only their ratio matters, and it is much the
# same on other machines: all of them wait for memory.
READ_SECONDS = 0.21e-9
"""To multiply one number of a vector that is read in order."""

GATHER_SECONDS = 0.6e-9
"""To multiply one number of a vector that is picked from among others."""

STEP_SECONDS = 0.5e-6
"""To take one step in the graph, beside what depends on the length of the vectors."""

STEP_FACTOR_SECONDS = 22e-9
"""To take one step in the graph, for each number of a vector."""


def graph_effort(n_excluded: int, *, k: int, ef_search: int, share: float) -> int:
    r"""Return how many candidates to keep while walking the graph (``ef``) for a query.

    .. math:: ef = \frac{\max(ef_{search}, 2k) + n_{excluded}}{share}

    Steps on items that may not be given bring nothing: a filter divides the yield by its share,
    and an excluded item (a person's history is close to what they like) costs a step.

    Parameters
    ----------
    n_excluded : int
        Items that the query must not get.
    k : int
        Items wanted.
    ef_search : int
        Candidates for a query with nothing excluded and no filter.
    share : float
        Share of the items that are allowed, in (0, 1].

    Returns
    -------
    int
        Before the division rounded up to one of a few values (quarters of ``ef_search``, powers of
        two from four times that), so that a batch is few calls.

    Examples
    --------
    >>> [graph_effort(n, k=10, ef_search=128, share=1.0) for n in (0, 30, 50, 1000)]
    [128, 160, 192, 2048]
    """
    wanted = max(ef_search, 2 * k) + n_excluded
    if wanted > 4 * ef_search:
        wanted = 1 << (wanted - 1).bit_length()
    elif n_excluded:
        quarter = max(8, ef_search // 4)
        wanted = -(-wanted // quarter) * quarter
    return ceil(wanted / share)


def scan_is_cheaper(effort: int, *, n_allowed: int, n_items: int, n_factors: int) -> bool:
    """Return whether looking at every allowed vector costs less than the graph.

    It does not depend on what else is asked at the same time, so a person's list is the same alone
    and in a batch.

    Parameters
    ----------
    effort : int
        Candidates to keep in the graph.
    n_allowed, n_items : int
        Items allowed, of how many.
    n_factors : int
        Length of the vectors.

    Examples
    --------
    >>> [
    ...     scan_is_cheaper(effort, n_allowed=10**6, n_items=10**6, n_factors=64)
    ...     for effort in (128, 65536)
    ... ]
    [False, True]
    """
    one = READ_SECONDS if n_allowed == n_items else GATHER_SECONDS
    scan = min(n_allowed * one, n_items * READ_SECONDS) * n_factors
    graph = effort * (STEP_SECONDS + STEP_FACTOR_SECONDS * n_factors)
    return scan <= graph or effort >= n_allowed
