"""Whether a refit is due: how much of what is known the fit could not know."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.serving.lineage import Lineage

DUE = 0.03
"""Value from which a refit is due: a convention, see decision 13 for what was measured."""


@dataclass(frozen=True, slots=True)
class Drift:
    r"""How far a fit has fallen behind.

    .. math:: value = \frac{n_{unknown}}{n_{fit} + n_{since}}

    with the events since the fit that name a person or an item it did not know over all events:
    0 right after a fit, and growing with what collaborative blocks cannot have learned. It says
    how much a refit would add to what they know, not how much better its lists would be.

    Attributes
    ----------
    value : float
        In [0, 1).
    refit_due : bool
        Whether it has reached ``DUE``.
    reason : str
        Why, in words and numbers.
    n_events : int
        Events of the fit.
    n_since : int
        Events observed since.
    n_unknown : int
        Those among them that name a person or an item unknown to the fit.
    """

    value: float
    refit_due: bool
    reason: str
    n_events: int
    n_since: int
    n_unknown: int

    @classmethod
    def of(cls, lineage: Lineage) -> Drift:
        """Read the counts of a snapshot's history.

        Examples
        --------
        >>> import recsys
        >>> events = {"user_id": ["ana", "bo"], "item_id": ["q1", "q2"]}
        >>> model = recsys.Recommender.fit(recsys.EventLog.from_frame(events))
        >>> model.observe({"user_id": ["cy"], "item_id": ["q9"]}).drift.reason
        'a refit is due: 1 of 1 events since the fit of 2 name people or items it did not know.'
        """
        value = lineage.n_unknown / max(lineage.n_events + lineage.n_since, 1)
        due = value >= DUE
        said = (
            f"{lineage.n_unknown:,} of {lineage.n_since:,} events since the fit of "
            f"{lineage.n_events:,} name people or items it did not know."
        )
        start = "a refit is due" if due else "no refit is due"
        return cls(
            value, due, f"{start}: {said}", lineage.n_events, lineage.n_since, lineage.n_unknown
        )
