"""Thread budget: threads of this library times threads of BLAS stay within the limit."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import repeat
from typing import Any, TypeVar
from weakref import WeakSet

from recsys.core.errors import ConfigError
from recsys.core.progress import Progress, silent

PartT = TypeVar("PartT")


_locks: WeakSet[Any] = WeakSet()
_openmp_is_lost = False


def fork_safe_lock() -> threading.Lock:
    """Return a lock that is free in a forked child, whoever held it in the parent."""
    lock = threading.Lock()
    _locks.add(lock)
    return lock


def openmp_threads(n_threads: int) -> int:
    """Return ``n_threads``, or 1 in a forked child of a process that had loaded OpenMP.

    The threads of GNU OpenMP do not survive a fork, and a call that wants them waits for ever.
    """
    return 1 if _openmp_is_lost else n_threads


def _after_fork() -> None:
    """Free the locks, and hold the OpenMP of the thread that survived the fork to itself."""
    global _openmp_is_lost  # noqa: PLW0603  (a fact of the process)
    for lock in _locks:
        lock._at_fork_reinit()  # noqa: SLF001  (as the standard library does with its own)
    threadpoolctl: Any = importlib.import_module("threadpoolctl")
    for pool in threadpoolctl.ThreadpoolController().select(user_api="openmp").lib_controllers:
        pool.set_num_threads(1)
        _openmp_is_lost = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def n_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_budget(n_threads: int | None, *, is_small: bool) -> int:
    """Return how many threads to use.

    Parameters
    ----------
    n_threads : int, optional
        What the caller allows. None: one if the work ``is_small``, else all cores.
    is_small : bool
        Whether starting a thread costs more than it brings.

    Raises
    ------
    ConfigError
        If ``n_threads`` is not positive.
    """
    if n_threads is not None and n_threads < 1:
        raise ConfigError(f"n_threads must be > 0 or None (all cores); got {n_threads}.")
    if is_small:
        return 1
    return n_cores() if n_threads is None else n_threads


def run_parts(
    work: Callable[[PartT], None],
    parts: Sequence[PartT],
    *,
    n_threads: int,
    progress: Progress = silent,
    stage: str = "",
) -> None:
    """Do ``work`` for each part, on up to ``n_threads`` threads with one BLAS thread each.

    The threads live as long as the call: nothing is left to survive a fork or to be shared by
    concurrent callers. With a ``stage``, ``progress`` is told of it on the caller's thread.
    """
    with one_blas_thread():
        if n_threads == 1 or len(parts) <= 1:
            for n_done, part in enumerate(parts, start=1):
                work(part)
                if stage:
                    progress(stage, n_done, len(parts))
            return
        n_workers = min(n_threads, len(parts))
        with ThreadPoolExecutor(n_workers, initializer=_limit_this_thread) as pool:
            jobs = [pool.submit(work, part) for part in parts]
            for n_done, job in enumerate(jobs, start=1):
                job.result()
                if stage:
                    progress(stage, n_done, len(parts))


class _SharedLimit:
    """The BLAS pools of the process switched off while anyone works.

    There is one switch for all threads, so concurrent callers have to share it: the first one in
    turns the pools off and the last one out restores them.
    """

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._n_inside = 0
        self._pools: list[Any] = []
        self._before: list[int] = []

    def __enter__(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                self._pools, self._before = [], []
            held = {pool.filepath for pool in self._pools}
            loaded = [pool for pool in _pools()[0] if pool.filepath not in held]
            if loaded:  # all of them, or those that came while somebody was inside
                self._before += _switch(loaded, repeat(1))
                self._pools += loaded
            self._n_inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                _switch(self._pools, self._before)


_shared_limit = _SharedLimit()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread meanwhile, for the calls of this thread and of all others."""
    _, own = _pools()
    before = _switch(own, repeat(1))
    try:
        with _shared_limit:
            yield
    finally:
        _switch(own, before)


def _limit_this_thread() -> None:
    # a BLAS on OpenMP keeps its number of threads per calling thread
    _switch(_pools()[1], repeat(1))


def _switch(pools: list[Any], n_threads: Iterable[int]) -> list[int]:
    # threadpoolctl's own limit() does the same in 30 microseconds: it asks for every fact first
    before = [int(pool.get_num_threads()) for pool in pools]
    _take_over(pools)
    for pool, n in zip(pools, n_threads, strict=False):
        pool.set_num_threads(n)
    _take_over(pools)
    return before


def _take_over(pools: list[Any]) -> None:
    # threadpoolctl 3.8 listens to the first thread only and silently ignores all others; here the
    # threads have agreed behind a lock, and whichever comes last has to be heard
    for pool in pools:
        if hasattr(pool, "clear_controlling_thread"):
            pool.clear_controlling_thread(force=True)


BRING_A_BLAS = ("faiss", "torch", "sklearn")
"""Modules beside NumPy and SciPy that load a BLAS of their own, some time after the first call."""


def _pools() -> tuple[list[Any], list[Any]]:
    """Return the BLAS pools loaded by now: those of the process, and those of each thread."""
    return _loaded_pools(tuple(name in sys.modules for name in BRING_A_BLAS))


@cache
def _loaded_pools(_: tuple[bool, ...]) -> tuple[list[Any], list[Any]]:
    importlib.import_module("scipy.linalg")  # else its BLAS would come in the middle of a fit
    threadpoolctl: Any = importlib.import_module("threadpoolctl")  # it has no type hints
    pools = list(threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers)
    own = [pool for pool in pools if pool.threading_layer == "openmp"]
    return [pool for pool in pools if pool not in own], own


def for_tiles(
    work: Callable[[int, int], None],
    n_rows: int,
    *,
    tile: int,
    progress: Progress = silent,
    stage: str = "",
) -> None:
    """Call ``work(start, stop)`` for all tiles of ``n_rows`` rows, on every core.

    BLAS is held to one thread meanwhile, as by :func:`run_parts`: the tiles are the parallelism,
    and a tile's numbers then do not depend on the machine's number of threads.
    """
    tiles = [(start, min(start + tile, n_rows)) for start in range(0, n_rows, tile)]
    run_parts(
        lambda bounds: work(*bounds), tiles, n_threads=n_cores(), progress=progress, stage=stage
    )
