"""What a block takes in memory, told before it is tried: bytes from sizes and settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.core.errors import ConfigError
from recsys.core.memory import available_bytes, readable
from recsys.core.threads import n_threads
from recsys.models.base import TrainingSet
from recsys.models.blocks.algebra.dense import BAND
from recsys.models.blocks.algebra.truncated_svd import krylov_bytes
from recsys.models.blocks.neighbours.ease import ease_bytes
from recsys.models.blocks.neighbours.sparse_ease import gram_pairs, sparse_ease_bytes
from recsys.models.spec import BlockSpec

FLOAT = 4

PAIR = 8
"""Bytes of a stored pair of a sparse matrix: a float32 and an int32."""


@dataclass(frozen=True, slots=True)
class DataSize:
    """The sizes that memory depends on.

    Attributes
    ----------
    n_users, n_items, n_tags : int
    n_pairs : int
        Pairs of a person and an item.
    n_events : int
        Taste events behind them.
    n_item_tags : int
        Pairs of an item and a tag.
    n_together : int
        Pairs of items in one history, at most.
    """

    n_users: int
    n_items: int
    n_tags: int
    n_pairs: int
    n_events: int
    n_item_tags: int
    n_together: int

    @classmethod
    def of(cls, training: TrainingSet) -> DataSize:
        """Return the sizes of a training set."""
        return cls(
            n_users=training.n_users,
            n_items=training.n_items,
            n_tags=int(training.item_features.shape[1]),
            n_pairs=int(training.interactions.nnz),
            n_events=training.events.n_events,
            n_item_tags=int(training.item_features.nnz),
            n_together=gram_pairs(training.interactions),
        )


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of one block.

    Attributes
    ----------
    peak : int
        While it is fitted, what it keeps included.
    kept : int
        Afterwards.
    width : int
        Columns in the hybrid's vectors; 0 for a kernel.
    """

    peak: int
    kept: int
    width: int = 0


def footprint(spec: BlockSpec, size: DataSize) -> Footprint:
    """Return what a block of these settings takes on data of this size.

    Notes
    -----
    Upper estimates: within a small factor above what is allocated, see the tests.
    """
    return _FOOTPRINTS[spec.kind](spec.block_config(), size)


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
            f"{_HINTS.get(spec.kind, _HINT)}"
        )


def blocks_that_fit(
    specs: Sequence[BlockSpec], size: DataSize, *, limit_mb: float | None = None
) -> tuple[tuple[BlockSpec, ...], list[str]]:
    """Return the blocks that fit in memory beside each other, and a note for each that does not.

    Popularity stays in any case: without it there is no hybrid.
    """
    limit = _limit(limit_mb)
    kept, refused = _fitting(specs, size, limit)
    out = {spec.label for spec in kept} | {s.label for s in specs if s.kind == "popularity"}
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


def _popularity(config: Any, size: DataSize) -> Footprint:  # noqa: ARG001
    return Footprint(
        80 * size.n_events + 160 * size.n_items + 64 * size.n_tags, 48 * size.n_items, 1
    )


def _affinity(config: Any, size: DataSize) -> Footprint:
    width = min(config.max_tags, size.n_tags)
    kept = FLOAT * width * size.n_items
    return Footprint(kept + 48 * width * size.n_items + 2 * PAIR * size.n_pairs, kept, width)


def _content(config: Any, size: DataSize) -> Footprint:
    width = min(config.n_factors, size.n_tags)
    kept = FLOAT * width * (size.n_items + 2 * size.n_tags) + PAIR * size.n_item_tags
    work = FLOAT * width * (size.n_items + size.n_tags)
    if size.n_tags > config.n_factors:
        work += krylov_bytes((size.n_items, size.n_tags), size.n_item_tags, width)
    return Footprint(kept + work, kept, width)


def _spectral(config: Any, size: DataSize) -> Footprint:
    tags = size.n_tags if config.tag_weight else 0
    n_pairs = size.n_pairs + (size.n_item_tags if config.tag_weight else 0)
    rows = size.n_users + tags
    width = min(config.n_factors, rows, size.n_items)
    kept = FLOAT * width * (size.n_items + 2 * size.n_tags + 2) + 8 * size.n_items
    space = krylov_bytes((rows, size.n_items), n_pairs, width, oversampling=config.oversampling)
    work = 6 * PAIR * n_pairs + 2 * FLOAT * width * size.n_items
    return Footprint(kept + space + work, kept, width)


def _feature_als(config: Any, size: DataSize) -> Footprint:
    width, n_tags = config.n_factors, size.n_tags if config.use_features else 0
    both = FLOAT * width * (size.n_users + size.n_items)
    kept = FLOAT * width * (size.n_items + n_tags) + 16 * width**2
    tiles = n_threads() * 8 * FLOAT * 1024 * width
    tags = FLOAT * width * (8 * n_tags + (3 * size.n_items if n_tags else 0))
    piece = 8 * width * min(65536, max(size.n_users, size.n_items))
    return Footprint(kept + both + 6 * PAIR * size.n_pairs + tiles + tags + piece, kept, width)


def _ease(config: Any, size: DataSize) -> Footprint:
    work = 6 * PAIR * (size.n_pairs + size.n_item_tags)
    return Footprint(ease_bytes(size.n_items, config) + work, FLOAT * size.n_items**2)


def _sparse_ease(config: Any, size: DataSize) -> Footprint:
    n_pairs = size.n_together
    if config.tag_weight:
        n_pairs = size.n_items**2  # how tags meet is not known without multiplying
    n_best = max(min(config.n_neighbours, size.n_items - 1), 0)
    tiles = n_threads() * (64 * FLOAT * 2 * n_best**2 + 3 * PAIR * BAND * size.n_items)
    work = 6 * PAIR * (size.n_pairs + size.n_item_tags) + tiles
    kept = PAIR * size.n_items * n_best + PAIR * size.n_items
    return Footprint(sparse_ease_bytes(size.n_items, n_pairs, config) + work, kept)


def _neighbours(config: Any, size: DataSize) -> Footprint:
    kept = PAIR * size.n_items * min(config.n_neighbours, size.n_items) + 16 * size.n_items
    bands = n_threads() * 24 * min(BAND * size.n_items, size.n_together)
    tags = size.n_item_tags if getattr(config, "tag_weight", 0) else 0
    return Footprint(2 * kept + bands + 6 * PAIR * (size.n_pairs + tags), kept)


def _als(config: Any, size: DataSize) -> Footprint:
    width = config.n_factors
    kept = FLOAT * width * (size.n_items + size.n_tags + 2 * width)
    both = FLOAT * width * (size.n_users + size.n_items)
    tags = FLOAT * width * 8 * (size.n_tags + size.n_items) if size.n_tags else 0
    piece = 8 * width * min(65536, size.n_items)
    return Footprint(kept + both + 6 * PAIR * size.n_pairs + tags + piece, kept, width)


def _bpr(config: Any, size: DataSize) -> Footprint:
    one = _als(config, size)
    people = FLOAT * (config.n_factors + 1) * size.n_users
    return Footprint(one.peak + 3 * people + 12 * size.n_pairs, one.kept, config.n_factors + 1)


def _lightfm(config: Any, size: DataSize) -> Footprint:
    width = config.n_factors + 1
    n_tags = size.n_tags if config.use_features else 0
    kept = FLOAT * width * (size.n_items + n_tags + width)
    tables = 4 * FLOAT * width * (size.n_users + size.n_items + n_tags)
    return Footprint(kept + 2 * tables + 8 * PAIR * size.n_pairs, kept, width)


_FOOTPRINTS: dict[str, Callable[[Any, DataSize], Footprint]] = {
    "popularity": _popularity,
    "affinity": _affinity,
    "cooccurrence": _neighbours,
    "content": _content,
    "new_items": _content,
    "spectral": _spectral,
    "feature_als": _feature_als,
    "ease": _ease,
    "sparse_ease": _sparse_ease,
    "item_knn": _neighbours,
    "als": _als,
    "bpr": _bpr,
    "lightfm": _lightfm,
}

_HINT = "Lower n_factors, use another block, or raise memory_limit_mb."

_HINTS = {
    "ease": "Use sparse_ease or spectral instead, or raise memory_limit_mb.",
    "sparse_ease": "Lower n_neighbours, use spectral instead, or raise memory_limit_mb.",
    "item_knn": "Lower n_neighbours, or raise memory_limit_mb.",
    "cooccurrence": "Lower n_neighbours, or raise memory_limit_mb.",
    "popularity": "Raise memory_limit_mb, or fit on fewer events.",
}
