"""Check that the blocks of a hybrid fit in memory together, before any is fitted."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.core.errors import ConfigError
from recsys.core.memory import available_bytes, readable
from recsys.models.blocks.data_size import FLOAT, DataSize, Footprint
from recsys.models.spec import BlockSpec


def footprint(spec: BlockSpec, size: DataSize) -> Footprint:
    """Return what a block of these settings takes on data of this size.

    Notes
    -----
    Upper estimates: within a small factor above what is allocated, see the tests.
    """
    return spec.block_config().footprint(size)


def check_blocks(
    specs: Sequence[BlockSpec], size: DataSize, *, limit_mb: float | None = None
) -> None:
    """Raise unless all blocks fit in memory, one fitted after the other.

    Parameters
    ----------
    specs : sequence of BlockSpec
    size : DataSize
    limit_mb : float, optional
        Megabytes that fitting may take; None asks the machine (and its container).

    Raises
    ------
    ConfigError
        If a block does not; the message names it, what it needs and what is there.
    """
    _, refused = _fitting(specs, size, _limit(limit_mb))
    if refused:
        spec, needed, left = refused[0]
        raise ConfigError(
            f"block {spec.label!r} must fit in memory; it needs {readable(needed)} and "
            f"{readable(left)} are available{'' if limit_mb is None else ' (memory_limit_mb)'}. "
            f"{spec.block_config().memory_hint}"
        )


def blocks_that_fit(
    specs: Sequence[BlockSpec], size: DataSize, *, limit_mb: float | None = None
) -> tuple[tuple[BlockSpec, ...], list[str]]:
    """Return the blocks that fit in memory beside each other, and a note for each that does not.

    Blocks that are not personal (popularity) stay in any case: without one there is no hybrid.
    """
    limit = _limit(limit_mb)
    kept, refused = _fitting(specs, size, limit)
    out = {spec.label for spec in kept} | {s.label for s in specs if not s.block_class.is_personal}
    notes = [
        f"{spec.label}: left out, it needs {readable(needed)} of memory and {readable(left)} "
        "are available"
        for spec, needed, left in refused
        if spec.label not in out
    ]
    return tuple(spec for spec in specs if spec.label in out), notes


def _fitting(
    specs: Sequence[BlockSpec], size: DataSize, limit: int
) -> tuple[list[BlockSpec], list[tuple[BlockSpec, int, int]]]:
    """Return the blocks that fit, and the others with the bytes needed and left."""
    fitting, refused, used = [], [], 0
    for spec in specs:
        one = footprint(spec, size)
        # the hybrid holds the vectors of items once more, side by side, and those of people
        joined = FLOAT * one.width * (size.n_items + size.n_users)
        needed = max(one.peak, one.kept + joined)
        if used + needed > limit:
            refused.append((spec, needed, max(limit - used, 0)))
            continue
        fitting.append(spec)
        used += one.kept + joined
    return fitting, refused


def _limit(limit_mb: float | None) -> int:
    return available_bytes() if limit_mb is None else int(limit_mb * 1e6)
