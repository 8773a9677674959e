"""Parts of a score that is linear in the history or the declared tags."""

from __future__ import annotations

import numpy as np

from recsys.core.arrays import Csr, FloatMatrix
from recsys.core.contribution import Contribution, Source
from recsys.core.errors import DataError
from recsys.models.base import Queries


def linear_parts(
    block: str, weights: Csr, *, source: Source, sources: FloatMatrix, targets: FloatMatrix
) -> Contribution:
    r"""Return the parts :math:`w_s \langle s, q_i \rangle` that sum to the scores of items *i*.

    Parameters
    ----------
    block : str
        The block that scored.
    weights : (1, n_sources) csr float32
        What each source weighs for the one person asked about.
    source : Source
        What the columns of ``weights`` are.
    sources : (n_sources, n_factors) float32
        The vector of each source.
    targets : (n_targets, n_factors) float32
        The vectors of the items scored.
    """
    rows = weights.indices
    values = weights.data[:, None] * (sources[rows] @ targets.T)
    return Contribution(block, source, rows, values)


def check_one(queries: Queries) -> None:
    """Raise unless exactly one person is asked about.

    Raises
    ------
    DataError
        If ``queries`` holds another number.
    """
    if queries.n_queries != 1:
        raise DataError(f"explain takes one query at a time; got {queries.n_queries}.")


def add_column_parts(values: FloatMatrix, *, block: str, source: Source) -> Contribution:
    """Return the contribution of one unnamed source: (n_targets,) values in a row -1."""
    return Contribution(block, source, np.array([-1], np.int32), np.atleast_2d(values))
