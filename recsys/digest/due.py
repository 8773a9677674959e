"""The people who are due for a digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.core.arrays import BoolArray, TimeArray
from recsys.core.clock import DAY
from recsys.data import IdMap, People
from recsys.digest.config import DigestConfig
from recsys.digest.received import Received
from recsys.digest.tally import DigestCounts


@dataclass(frozen=True, slots=True, eq=False)
class Eligibility:
    """Consent and status of each person, looked up once for a run.

    Attributes
    ----------
    users : IdMap
        The model's people.
    agrees, active : (n_users + 1,) bool
        Consent to digests; status "active". The last entry, true, is for unknown people, who
        never said anything.
    """

    users: IdMap
    agrees: BoolArray
    active: BoolArray

    @classmethod
    def of(cls, people: People) -> Eligibility:
        """Look consent and status up."""
        active = np.asarray(people.status == "active", dtype=bool)
        return cls(people.users, np.append(people.consent.digest, True), np.append(active, True))


def due(
    user_ids: Sequence[Any],
    *,
    eligibility: Eligibility,
    received: Received,
    as_of: np.datetime64,
    config: DigestConfig,
) -> tuple[BoolArray, DigestCounts]:
    """Return who is due, and counts of why the others are not.

    Due is who wants digests (or never said otherwise), is active, and had the last one at least
    ``period_days`` ago, less the grace; if ``as_of`` is a date, by dates. Whether there is
    anything to send is not known yet.

    Parameters
    ----------
    user_ids : sequence of n_people ids
        May be unknown to the model.
    eligibility : Eligibility
        Consent and status.
    received : Received
        When the last digest was.
    as_of : datetime64[us]
        The moment of this run.
    config : DigestConfig
        The period and the grace.

    Returns
    -------
    tuple of (n_people,) bool and DigestCounts
    """
    rows = eligibility.users.rows(user_ids)
    agrees, active = eligibility.agrees[rows], eligibility.active[rows]
    recent = _is_recent(received.last(user_ids), as_of, config)
    counts = DigestCounts(
        n_people=len(rows),
        n_declined=int((~agrees).sum()),
        n_inactive=int((agrees & ~active).sum()),
        n_recent=int((agrees & active & recent).sum()),
    )
    return np.asarray(agrees & active & ~recent, dtype=bool), counts


def _is_recent(last: TimeArray, as_of: np.datetime64, config: DigestConfig) -> BoolArray:
    """Return where the last digest is too young; NaT, never, is not.

    A midnight stands for its date: the time of day of the last digest does not count then, but
    half of the period must have passed.
    """
    too_young = as_of - last < config.period_days * DAY / 2
    if as_of == as_of.astype("datetime64[D]"):
        last = last.astype("datetime64[D]").astype("datetime64[us]")
    return np.asarray(too_young | (as_of - last < wait(config)), dtype=bool)


def wait(config: DigestConfig) -> np.timedelta64:
    """Return the least time between two digests.

    Examples
    --------
    >>> str(wait(DigestConfig(period_days=7, grace_hours=6)).astype("timedelta64[h]"))
    '162 hours'
    """
    period, grace = config.period_days * DAY, config.grace_hours / 24 * DAY
    return period - min(grace, period // 2)
