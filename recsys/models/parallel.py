"""Rows shared out to threads, so that the answer does not depend on how many there are."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from recsys.core.arrays import Csr, FloatMatrix
from recsys.core.progress import Progress, silent


def n_threads() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def for_tiles(
    work: Callable[[int, int], None],
    n_rows: int,
    *,
    tile: int,
    progress: Progress = silent,
    stage: str = "",
) -> None:
    """Call ``work(start, stop)`` for all tiles of ``n_rows`` rows, on every processor.

    BLAS is held to one thread meanwhile: the tiles are the parallelism, and a tile's numbers then
    do not depend on the machine's number of threads.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    bounds = [(start, min(start + tile, n_rows)) for start in range(0, n_rows, tile)]
    with threadpool_limits(1), ThreadPoolExecutor(n_threads()) as pool:
        jobs = [pool.submit(work, start, stop) for start, stop in bounds]
        for done, job in enumerate(jobs, start=1):
            job.result()
            if stage:
                progress(stage, done, len(jobs))


def product(matrix: Csr, dense: FloatMatrix, *, tile: int = 4096) -> FloatMatrix:
    """Return ``matrix @ dense`` as float32, rows shared out (scipy's product frees the GIL)."""
    out = np.empty((matrix.shape[0], dense.shape[1]), dtype=np.float32)

    def work(start: int, stop: int) -> None:
        out[start:stop] = matrix[start:stop] @ dense

    for_tiles(work, matrix.shape[0], tile=tile)
    return out
