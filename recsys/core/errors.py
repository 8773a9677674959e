"""The library's errors and warnings.

::

    RecsysError
    ├── ConfigError              (also ValueError)    a setting is wrong
    ├── DataError                (also ValueError)    an input breaks its contract
    │   └── UnknownIdError       (also LookupError)   an id that is not in the model
    ├── NotFittedError           (also RuntimeError)  a model was used before it was fitted
    ├── ArtifactError            (also RuntimeError)  a saved model is missing, damaged or too new
    └── MissingDependencyError   (also ImportError)   an optional package is not installed
    RecsysWarning                (a UserWarning)      not fatal; the result may not be as wanted

Each error takes one string, so that it can be pickled from a worker process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

ErrorT = TypeVar("ErrorT", bound="UnknownIdError")

MAX_EXAMPLES = 5


class RecsysError(Exception):
    """Any error this library raises on purpose."""


class ConfigError(RecsysError, ValueError):
    """A setting is wrong."""


class DataError(RecsysError, ValueError):
    """An input breaks its contract."""


# Not a KeyError: that one prints its message in quotes.
class UnknownIdError(DataError, LookupError):
    """An id that is not in the model."""

    @classmethod
    def of(cls: type[ErrorT], what: str, ids: Sequence[object], *, n_known: int) -> ErrorT:
        """Name up to five of the unknown ids.

        Parameters
        ----------
        what : str
            "user" or "item".
        ids : sequence
            The ids that were not found.
        n_known : int
            How many ids of that sort the model knows.
        """
        shown = ", ".join(clip(repr(one)) for one in ids[:MAX_EXAMPLES])
        rest = f" and {len(ids) - MAX_EXAMPLES} more" if len(ids) > MAX_EXAMPLES else ""
        return cls(
            f"{what} ids must be known to the model; {len(ids)} unknown: {shown}{rest} "
            f"({n_known} known). Ids must have the type they had in the data."
        )


class NotFittedError(RecsysError, RuntimeError):
    """A model was used before it was fitted."""


class ArtifactError(RecsysError, RuntimeError):
    """A saved model is missing, damaged or too new."""


class MissingDependencyError(RecsysError, ImportError):
    """An optional package is not installed."""


class RecsysWarning(UserWarning):
    """A problem that did not stop the work and may affect the result."""


def clip(text: str, max_length: int = 60) -> str:
    """Shorten ``text`` for a message, so that a million characters never reach a terminal.

    Examples
    --------
    >>> clip("abcdefgh", 5)
    'ab...'
    """
    return text if len(text) <= max_length else text[: max_length - 3] + "..."
