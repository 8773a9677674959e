"""Bootstrap confidence intervals of means, and paired comparison of two systems."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import DoubleArray, check_finite
from recsys.core.errors import ConfigError, DataError

CHUNK = 4_000_000
"""Draws held together: bounds the memory, whatever the number of users."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its confidence interval.

    Attributes
    ----------
    mean : float
        The mean of the values given.
    low, high : float
        Ends of the percentile interval.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of two systems on the same people.

    Attributes
    ----------
    difference : float
        Mean of ``a - b``: greater than 0 where ``a`` is better.
    low, high : float
        Ends of the percentile interval of the difference.
    p_value : float
        In (0, 1]: how often a difference as large would come up if there were none (two-sided).
    """

    difference: float
    low: float
    high: float
    p_value: float


def bootstrap_interval(
    values: DoubleArray,
    *,
    rng: np.random.Generator,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Return the mean of per-user values with its percentile bootstrap interval.

    Parameters
    ----------
    values : (n_users,) float64
        One finite value per user; at least one.
    rng : numpy.random.Generator
        Draws the users of each resample.
    n_resamples : int
        Greater than 0.
    level : float
        Share of the resampled means inside the interval, in (0, 1).

    Raises
    ------
    DataError
        If there is no value or one is not finite.
    ConfigError
        If ``n_resamples`` or ``level`` is out of range.

    References
    ----------
    [EfronTibshirani1993]_, chapter 13.

    Examples
    --------
    >>> bootstrap_interval(np.array([2.0, 2.0, 2.0]), rng=np.random.default_rng(0))
    Interval(mean=2.0, low=2.0, high=2.0)
    """
    values = _check(values, n_resamples, level)
    low, high = _ends(_resampled_means(values, rng, n_resamples), level)
    return Interval(float(values.mean()), low, high)


def paired_bootstrap(
    a: DoubleArray,
    b: DoubleArray,
    *,
    rng: np.random.Generator,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> Comparison:
    r"""Compare two systems measured on the same users.

    .. math:: p = \frac{1 + \#\{r : |\bar d_r - \bar d| \ge |\bar d|\}}{1 + n}

    with :math:`\bar d` the mean of ``a - b`` and :math:`\bar d_r` that of resample *r* of *n*.

    Parameters
    ----------
    a, b : (n_users,) float64
        One finite value per user, the same user at the same place; at least one.
    rng : numpy.random.Generator
        Draws the users of each resample.
    n_resamples : int
        Greater than 0.
    level : float
        Share of the resampled differences inside the interval, in (0, 1).

    Raises
    ------
    DataError
        If the two differ in length, there is no value or one is not finite.
    ConfigError
        If ``n_resamples`` or ``level`` is out of range.

    References
    ----------
    [EfronTibshirani1993]_, chapter 16 (the null distribution is the resamples, shifted to 0).

    Examples
    --------
    >>> same = np.array([0.1, 0.4])
    >>> paired_bootstrap(same, same, rng=np.random.default_rng(0)).p_value
    1.0
    """
    if np.shape(a) != np.shape(b):
        raise DataError(
            "a and b must hold the same users in the same order; "
            f"got shapes {np.shape(a)} and {np.shape(b)}."
        )
    differences = _check(np.subtract(a, b), n_resamples, level)
    mean = float(differences.mean())
    means = _resampled_means(differences, rng, n_resamples)
    n_as_large = int(np.count_nonzero(np.abs(means - mean) >= abs(mean)))
    low, high = _ends(means, level)
    return Comparison(mean, low, high, (1 + n_as_large) / (1 + n_resamples))


def _resampled_means(
    values: DoubleArray, rng: np.random.Generator, n_resamples: int
) -> DoubleArray:
    n_users = len(values)
    step = max(1, CHUNK // n_users)
    means = np.empty(n_resamples)
    for start in range(0, n_resamples, step):
        n_now = min(step, n_resamples - start)
        drawn = rng.integers(0, n_users, size=(n_now, n_users))
        means[start : start + n_now] = values[drawn].mean(axis=1)
    return means


def _ends(means: DoubleArray, level: float) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _check(values: DoubleArray, n_resamples: int, level: float) -> DoubleArray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise DataError(f"values must be one number per user, at least one; got {values.shape}.")
    check_finite(values, name="values")
    if n_resamples < 1:
        raise ConfigError(f"n_resamples must be > 0; got {n_resamples}.")
    if not 0 < level < 1:
        raise ConfigError(f"level must be between 0 and 1; got {level}.")
    return values
