"""Available memory, checked before large allocations."""

from __future__ import annotations

import os
from pathlib import Path

from recsys.core.errors import ConfigError

_MEMINFO = Path("/proc/meminfo")

_CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def available_bytes() -> int:
    """Return the bytes that can be taken now without swapping, container limits included."""
    return min([_machine_bytes(), *(left for left in map(_cgroup_bytes, _CGROUPS) if left >= 0)])


def check_memory(needed: int, *, what: str, hint: str, available: int | None = None) -> None:
    """Raise unless ``needed`` bytes are there.

    Parameters
    ----------
    needed : int
        Bytes at the peak.
    what : str
        What needs them, for the message.
    hint : str
        What to do instead.
    available : int, optional
        None: ask the machine.

    Raises
    ------
    ConfigError
        If there are fewer; the message names both numbers.

    Examples
    --------
    >>> check_memory(8, what="A table", hint="Use a smaller one.", available=4)
    Traceback (most recent call last):
        ...
    recsys.core.errors.ConfigError: A table must fit in memory; it needs 8 bytes and 4 bytes are
    available. Use a smaller one.
    """
    available = available_bytes() if available is None else available
    if needed > available:
        raise ConfigError(
            f"{what} must fit in memory; it needs {readable(needed)} and "
            f"{readable(available)} are available. {hint}"
        )


def readable(n_bytes: int) -> str:
    """Return a size for a message.

    Examples
    --------
    >>> readable(3_200_000_000)
    '3.2 GB'
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"


def _machine_bytes() -> int:
    try:
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 1 << 62  # a system that does not tell: nothing to check against


def _cgroup_bytes(paths: tuple[Path, Path]) -> int:
    try:
        limit, used = (int(path.read_text()) for path in paths)
    except (OSError, ValueError):
        return -1  # no such group, or "max": no limit
    return max(limit - used, 0)
