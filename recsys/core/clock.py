"""Times: UTC everywhere, ``datetime64[us]`` in arrays."""

from __future__ import annotations

from datetime import UTC, datetime
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from recsys.core.errors import DataError, clip

Moment: TypeAlias = "datetime | np.datetime64 | str | int | float"
"""Types accepted as a time: a datetime (naive is UTC), ISO 8601 text or epoch seconds."""

DAY = np.timedelta64(86_400_000_000, "us")


def to_utc(moment: Any, *, name: str = "now") -> np.datetime64:
    """Return a moment as ``datetime64[us]`` in UTC.

    Parameters
    ----------
    moment : datetime, datetime64, str or number
        Text is ISO 8601; a number is epoch seconds; no zone means UTC.
    name : str
        The argument's name, for the message.

    Raises
    ------
    DataError
        If it is not a time.

    Examples
    --------
    >>> str(to_utc("2018-03-12T02:00:00+02:00"))
    '2018-03-12T00:00:00.000000'
    """
    try:
        out = _parse(moment)
    except (ValueError, OverflowError, TypeError) as err:  # TypeError: the NaT of pandas
        raise DataError(_message(moment, name)) from err
    if np.isnat(out):
        raise DataError(_message(moment, name))
    return out


def to_iso(moment: np.datetime64) -> str:
    """Return a moment as ISO 8601 text in UTC, to the second.

    Examples
    --------
    >>> to_iso(to_utc(0))
    '1970-01-01T00:00:00Z'
    """
    return f"{moment.astype('datetime64[s]')}Z"


def age_days(times: Any, now: np.datetime64) -> Any:
    """Return the float64 age in days of ``times`` (array of datetime64) at ``now``; NaN for NaT."""
    delta = (now - times).astype("timedelta64[us]")
    days = delta / DAY
    return np.where(np.isnat(delta), np.nan, days)


def _parse(moment: Any) -> np.datetime64:
    if isinstance(moment, np.datetime64):
        micro: np.datetime64 = moment.astype("datetime64[us]")
        return micro
    if isinstance(moment, bool):
        raise ValueError(moment)
    if isinstance(moment, Real):  # numpy's numbers too
        return np.datetime64(round(float(moment) * 1_000_000), "us")
    when = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return np.datetime64(when.replace(tzinfo=None), "us")


def _message(moment: Any, name: str) -> str:
    return (
        f"{name} must be a datetime, ISO 8601 text (2018-03-12T09:30:00Z) or epoch seconds; "
        f"got {clip(repr(moment))}."
    )
