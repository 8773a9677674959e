"""Exponential time decay of events."""

from __future__ import annotations

import numpy as np

from recsys.core.arrays import DoubleArray, FloatArray
from recsys.core.errors import ConfigError, DataError


def half_life_weights(age_days: DoubleArray, *, half_life_days: float) -> FloatArray:
    r"""Weight events by age: the weight halves every ``half_life_days``.

    .. math:: w_e = 2^{-a_e / h}

    with :math:`a_e` the age of event *e* and *h* the half-life, both in days.

    Parameters
    ----------
    age_days : (n_events,) float64
        Days between the event and the reference time; 0 is now.
    half_life_days : float
        Greater than 0; infinite for no decay.

    Returns
    -------
    (n_events,) float32
        In [0, 1], in the order of ``age_days``; 0 only where 2^-149 is passed.

    Raises
    ------
    ConfigError
        If ``half_life_days`` is not positive.
    DataError
        If an age is negative (an event from the future) or not a number.

    References
    ----------
    [DingLi2005]_, section 4.

    Examples
    --------
    >>> half_life_weights(np.array([0.0, 30.0, 60.0]), half_life_days=30).tolist()
    [1.0, 0.5, 0.25]
    """
    if not half_life_days > 0:
        raise ConfigError(
            f"half_life_days must be greater than 0; got {half_life_days}. "
            "For no decay give an infinite one."
        )
    ages = np.asarray(age_days, dtype=np.float64)
    wrong = np.flatnonzero(~(np.ravel(ages) >= 0))  # also true for NaN
    if len(wrong):
        raise DataError(
            f"age_days must be >= 0; {len(wrong)} value(s) are not, first at {wrong[0]}. "
            "Give a reference time that is not before the last event."
        )
    if np.isinf(half_life_days):  # inf / inf would be no number
        return np.ones(ages.shape, dtype=np.float32)
    with np.errstate(under="ignore"):
        return np.exp2(-ages / half_life_days).astype(np.float32)
