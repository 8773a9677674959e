"""Whether a refit is due: how much of what counts now came after the fit."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.serving.lineage import Lineage

DUE = 0.5
"""Value from which a refit is due; see decision 13 for what was measured."""


@dataclass(frozen=True, slots=True)
class Drift:
    r"""How far a fit has fallen behind.

    .. math:: value = \frac{\sum_{e\ since} 2^{t_e / h}}{\sum_{e\ of\ all} 2^{t_e / h}}

    with the times of the events since the fit over those of all events, and a half-life *h* of 14
    days (without times, plain counts): 0 right after a fit, and growing with what the fit could
    not know, with a burst of events more than with a quiet month.

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
        >>> later = model.observe({"user_id": ["cy", "cy"], "item_id": ["q9", "q1"]})
        >>> later.drift.reason.partition(": 2 events")[0]
        'a refit is due: 50 % of what counts now came after the fit'
        """
        every = lineage.mass + lineage.mass_since
        value = lineage.mass_since / every if lineage.n_since and every > 0 else 0.0
        due = value >= DUE
        said = (
            f"{100 * value:.0f} % of what counts now came after the fit: {lineage.n_since:,} "
            f"events beside {lineage.n_events:,}; {lineage.n_unknown:,} of them name people or "
            "items it did not know."
        )
        start = "a refit is due" if due else "no refit is due"
        return cls(
            value, due, f"{start}: {said}", lineage.n_events, lineage.n_since, lineage.n_unknown
        )
