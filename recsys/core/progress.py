"""Progress callbacks of long work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as ``progress(stage, done, total)``; ``total`` is 0 while unknown. It must be cheap.

Blocks that learn in epochs put the loss (or the share of hidden pairs in the right order) behind
the name of the stage, see :func:`with_detail`; one that has converged stops before ``total``."""


DETAIL = "; "
"""Separator of a stage and its current measurement: ``"als; loss 0.12"``."""


def with_detail(stage: str, detail: str) -> str:
    """Return the name of a stage with a measurement behind it.

    Examples
    --------
    >>> with_detail("als", "loss 0.12")
    'als; loss 0.12'
    """
    return f"{stage}{DETAIL}{detail}"


def split_detail(stage: str) -> tuple[str, str]:
    """Return the name of a stage and its detail; "" without one.

    Examples
    --------
    >>> split_detail("als; loss 0.12"), split_detail("index")
    (('als', 'loss 0.12'), ('index', ''))
    """
    name, _, detail = stage.partition(DETAIL)
    return name, detail


def silent(stage: str, done: int, total: int) -> None:
    """No-op progress callback, the default of internal functions."""
