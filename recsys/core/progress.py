"""How long work reports where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as ``progress(stage, done, total)``; ``total`` is 0 while unknown. It must be cheap."""


def silent(stage: str, done: int, total: int) -> None:
    """Take a report and do nothing with it: the default of every ``progress`` argument."""
