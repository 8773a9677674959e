"""Checks of the arguments of a recommender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys.core.errors import ConfigError, DataError, clip
from recsys.data import Catalog, EventLog, People
from recsys.serving.config import RecommenderConfig


def check_k(k: Any) -> int:
    """Return ``k``, or raise.

    Raises
    ------
    ConfigError
        If it is not a whole number above 0.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ConfigError(f"k must be a whole number of at least 1; got {clip(repr(k))}.")
    return int(k)


def check_types(events: Any, catalog: Any, users: Any) -> None:
    """Raise unless a fit is given what it is made from.

    Raises
    ------
    DataError
        If an argument is of another type.
    """
    wanted = (("events", events, EventLog), ("catalog", catalog, Catalog), ("users", users, People))
    for name, value, kind in wanted:
        if not isinstance(value, kind) and (name == "events" or value is not None):
            raise DataError(
                f"{name} must be a {kind.__name__}; got {type(value).__name__}. "
                f"Use recsys.{kind.__name__}.from_frame(frame) or .read(path)."
            )


def as_config(config: Any) -> RecommenderConfig:
    """Return the configuration of a fit: itself, a preset by its name, or settings in a mapping.

    Raises
    ------
    ConfigError
        If it is of another type, or a preset or a setting is unknown.

    Examples
    --------
    >>> as_config("fast") == as_config({"preset": "fast"}) == RecommenderConfig(preset="fast")
    True
    """
    if config is None:
        return RecommenderConfig()
    if isinstance(config, str):
        config = {"preset": config}
    if isinstance(config, Mapping):
        return RecommenderConfig(**{str(name): value for name, value in config.items()})
    if not isinstance(config, RecommenderConfig):
        raise ConfigError(
            f"config must be a RecommenderConfig; got {type(config).__name__}. "
            'Write recsys.RecommenderConfig(preset="fast").'
        )
    return config
