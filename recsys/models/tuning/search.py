"""The search itself: trial after trial until time, trials or ideas are at an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ConfigError, DataError
from recsys.core.progress import Progress
from recsys.models.base import Block
from recsys.models.blend.pool import STANDARD_ERRORS
from recsys.models.spec import BlockSpec
from recsys.models.tuning.bench import Bench, Scores, Standing
from recsys.models.tuning.log import Outcome, Trial, TuningLog
from recsys.models.tuning.proposals import Settings
from recsys.models.tuning.state import SearchState

CANNOT_FIT = (ConfigError, DataError, MemoryError, FloatingPointError, np.linalg.LinAlgError)
"""What a fit raises when its settings are too large or too odd for the data."""


class OutOfTimeError(Exception):
    """The time was over in the middle of a trial."""


class Budget:
    """Time budget and progress of a search.

    Parameters
    ----------
    seconds : float
        Infinite for no limit.
    n_trials : int or None
        Trials after the first; None for no limit.
    progress : Progress
        Told of the time used, or of the trials done where time is not limited.
    clock : callable
        Seconds, from anywhere.
    """

    def __init__(
        self,
        seconds: float,
        n_trials: int | None,
        *,
        progress: Progress,
        clock: Callable[[], float],
    ) -> None:
        self.clock = clock
        self.started = clock()
        self.seconds, self.n_trials = seconds, n_trials
        self.interrupts = True
        self.n_done = 0
        self.stage = "trial 0: as it is"
        self._progress = progress

    @property
    def used(self) -> float:
        """Seconds since the beginning."""
        return self.clock() - self.started

    def watch(self, stage: str, done: int, total: int) -> None:  # noqa: ARG002  # a Progress
        """Show where the search is, from within a fit.

        Raises
        ------
        OutOfTimeError
            If the time is over, and a fit may be interrupted.
        """
        if self.interrupts and self.used > self.seconds:
            raise OutOfTimeError
        self.show()

    def show(self) -> None:
        """Report the best so far, and how far the search is."""
        if np.isfinite(self.seconds):
            total = max(int(self.seconds), 1)
            self._progress(self.stage, min(int(self.used), total), total)
        else:
            self._progress(self.stage, self.n_done, (self.n_trials or 0) + 1)

    def over(self, next_seconds: float) -> str:
        """Return what is used up if a trial of so many seconds is not to pass it; "" if nothing."""
        if self.n_trials is not None and self.n_done > self.n_trials:
            return "trials"
        return "time" if self.used + next_seconds > self.seconds else ""


@dataclass(slots=True)
class Search:
    """A search under way.

    Attributes
    ----------
    bench : Bench
    state : SearchState
    budget : Budget
    log : TuningLog or None
    first, best : Standing
        The configuration it began with, and the best found.
    seconds : dict
        How long the last trial of each block took.
    """

    bench: Bench
    state: SearchState
    budget: Budget
    log: TuningLog | None
    first: Standing
    best: Standing
    seconds: dict[str, float]

    @classmethod
    def begin(
        cls,
        bench: Bench,
        state: SearchState,
        budget: Budget,
        *,
        log: TuningLog | None,
        trials: Sequence[Trial],
    ) -> Search:
        """Measure where the search begins: trial 0; and what an earlier one found after it.

        Parameters
        ----------
        bench : Bench
        state : SearchState
            New.
        budget : Budget
            A search that is resumed is not interrupted before it knows what it had found.
        log : TuningLog or None
        trials : sequence of Trial
            Of the search that is resumed; none for a new one.

        Raises
        ------
        OutOfTimeError
            If the time is over before trial 0 is.
        """
        budget.interrupts = not trials
        specs, seconds = state.specs, {}
        scores: dict[str, list[FloatMatrix]] = {}
        for spec in specs:
            before = budget.used
            scores[spec.label] = bench.fit_all(spec)
            seconds[spec.label] = budget.used - before
        first = bench.standing(specs, scores)
        state.order_by(bench.shares(first))
        if log is not None and not trials:
            log.add(_trial_0(bench.mean(first), seconds=budget.used))
        for trial in trials[1:]:
            state.absorb(trial)
            seconds[trial.block] = trial.seconds
        changed = [new for new, old in zip(state.specs, specs, strict=True) if new != old]
        best = first
        if changed:
            fitted = {spec.label: bench.fit_all(spec) for spec in changed}
            best = bench.standing(state.specs, {**scores, **fitted})
        budget.interrupts = True
        budget.n_done = max(len(trials), 1)
        return cls(bench, state, budget, log, first, best, seconds)

    def run(self) -> str:
        """Try until something ends the search; return what did."""
        try:
            while True:
                self._show()
                label = self.state.next_label()
                if label is None:
                    return "nothing better"
                if over := self.budget.over(self.seconds.get(label, 0.0)):
                    return over
                settings = self.state.proposal(label)
                if settings is not None:
                    self._keep(*self._try(label, settings))
        except OutOfTimeError:
            return "time"
        except KeyboardInterrupt:
            return "keyboard"

    def _keep(self, trial: Trial, best: Standing) -> None:
        if self.log is not None:
            self.log.add(trial)
        self.state.absorb(trial)
        self.best = best
        self.seconds[trial.block] = trial.seconds
        self.budget.n_done += 1

    def _try(self, label: str, settings: Settings) -> tuple[Trial, Standing]:
        """Return a trial of one block, and the best configuration after it."""
        started = self.budget.clock()
        outcome: Outcome = "failed"
        value = gain = error = 0.0
        best = self.best
        try:
            spec = self.state.blocks[label].with_settings(settings)
            outcome, found, (value, gain, error) = self._compare(spec)
        except CANNOT_FIT:
            found = None
        if found is not None:
            best = found
        trial = Trial(
            number=self.budget.n_done,
            block=label,
            settings=settings,
            outcome=outcome,
            value=value,
            gain=gain,
            gain_error=error,
            seconds=round(self.budget.clock() - started, 3),
        )
        return trial, best

    def _compare(
        self, spec: BlockSpec
    ) -> tuple[Outcome, Standing | None, tuple[float, float, float]]:
        """Return how a changed block does, what it leads to if better, and value, gain, error."""
        bench, best = self.bench, self.best
        kept: dict[str, Block] = {}
        pieces = [bench.fit(spec, 0, kept=kept)]
        specs = tuple(spec if one.label == spec.label else one for one in best.specs)
        scores: Scores = {**best.scores, spec.label: pieces}
        values = bench.values(0, [scores[one.label][0] for one in specs], best.weights)
        gain, error = bench.first_gain(values, best)
        if gain < -STANDARD_ERRORS * error:  # surely worse on the first part
            return "much worse", None, (bench.mean(best) + gain, gain, error)
        pieces += [bench.fit(spec, at, kept=kept) for at in range(1, len(bench.panels))]
        new = bench.standing(specs, scores)
        gain, error = bench.gain(new, best)
        measured = (bench.mean(new), gain, error)
        return ("better", new, measured) if gain > 0 else ("not better", None, measured)

    def _show(self) -> None:
        first, best = self.bench.mean(self.first), self.bench.mean(self.best)
        share = best / first - 1 if first else 0.0
        self.budget.stage = f"best {best:.4f}, {share:+.1%}"
        self.budget.show()


def _trial_0(value: float, *, seconds: float) -> Trial:
    return Trial(number=0, outcome="default", value=value, seconds=round(seconds, 3))
