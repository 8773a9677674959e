"""Personal service for communities: tag profiles, one hybrid model, fast top-k and digests."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recsys import digest, evaluation
    from recsys.core.errors import (
        ArtifactError,
        ConfigError,
        DataError,
        MissingDependencyError,
        NotFittedError,
        RecsysError,
        RecsysWarning,
        UnknownIdError,
    )
    from recsys.data import Catalog, EventLog, People
    from recsys.serving import Recommendations, Recommender, RecommenderConfig, load

__version__ = "0.1.0"

__all__ = [
    "ArtifactError",
    "Catalog",
    "ConfigError",
    "DataError",
    "EventLog",
    "MissingDependencyError",
    "NotFittedError",
    "People",
    "Recommendations",
    "Recommender",
    "RecommenderConfig",
    "RecsysError",
    "RecsysWarning",
    "UnknownIdError",
    "__version__",
    "digest",
    "evaluation",
    "load",
]

_ROOMS = {
    "recsys.data": ("Catalog", "EventLog", "People"),
    "recsys.serving": ("Recommendations", "Recommender", "RecommenderConfig", "load"),
}
"""Where a name lives; the errors are in ``recsys.core.errors``."""


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for: `recsys --help` needs none of them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("digest", "evaluation"):
        return import_module(f"{__name__}.{name}")
    room = next((one for one, names in _ROOMS.items() if name in names), "recsys.core.errors")
    value = getattr(import_module(room), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
