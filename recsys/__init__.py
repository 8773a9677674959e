"""Personal service for communities: tag profiles, one hybrid model, fast top-k and digests."""

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
