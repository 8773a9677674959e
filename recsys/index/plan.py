"""Whether a search walks the graph or looks at every allowed vector, and how far it walks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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


def graph_effort(
    n_excluded: npt.NDArray[np.int64], *, k: int, ef_search: int, share: float
) -> npt.NDArray[np.int64]:
    r"""Return how many candidates to keep while walking the graph (``ef``), for each query.

    .. math:: ef = \frac{\max(ef_{search}, 2k) + n_{excluded}}{share}

    Steps on items that may not be given bring nothing: a filter divides the yield by its share,
    and an excluded item (a person's history is close to what they like) costs a step.

    Parameters
    ----------
    n_excluded : (n_queries,) int64
        Items that each query must not get.
    k : int
        Items wanted.
    ef_search : int
        Candidates for a query with nothing excluded and no filter.
    share : float
        Share of the items that are allowed, in (0, 1].

    Returns
    -------
    (n_queries,) int64
        Before the division rounded up to a few different values (quarters of ``ef_search``, powers
        of two from four times that), so that a batch is few calls.

    Examples
    --------
    >>> graph_effort(np.array([0, 30, 50, 1000]), k=10, ef_search=128, share=1.0).tolist()
    [128, 160, 192, 2048]
    """
    wanted = max(ef_search, 2 * k) + n_excluded
    quarter = max(8, ef_search // 4)
    fine = -(-wanted // quarter) * quarter
    coarse = 1 << np.ceil(np.log2(wanted)).astype(np.int64)
    nothing_left_out = np.where(n_excluded == 0, wanted, fine)
    effort = np.where(wanted <= 4 * ef_search, nothing_left_out, coarse)
    return np.ceil(effort / share).astype(np.int64)


def scan_is_cheaper(
    effort: npt.NDArray[np.int64], *, n_allowed: int, n_items: int, n_factors: int
) -> npt.NDArray[np.bool_]:
    """Return for which queries looking at every allowed vector costs less than the graph.

    It does not depend on what else is asked at the same time, so a person's list is the same alone
    and in a batch.

    Parameters
    ----------
    effort : (n_queries,) int64
        Candidates to keep in the graph.
    n_allowed, n_items : int
        Items allowed, of how many.
    n_factors : int
        Length of the vectors.

    Returns
    -------
    (n_queries,) bool

    Examples
    --------
    >>> effort = np.array([128, 65536])
    >>> scan_is_cheaper(effort, n_allowed=10**6, n_items=10**6, n_factors=64).tolist()
    [False, True]
    """
    one = READ_SECONDS if n_allowed == n_items else GATHER_SECONDS
    scan = min(n_allowed * one, n_items * READ_SECONDS) * n_factors
    graph = effort * (STEP_SECONDS + STEP_FACTOR_SECONDS * n_factors)
    cheaper: npt.NDArray[np.bool_] = (scan <= graph) | (effort >= n_allowed)
    return cheaper
