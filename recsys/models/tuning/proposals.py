"""Proposals of settings for one block, by optuna's TPE sampler."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from recsys.core.optional import require
from recsys.core.rng import named_rng
from recsys.models.blocks.block_config import Choice
from recsys.models.tuning.space import Number, Space

Settings: TypeAlias = dict[str, Any]
"""Settings of a block, by name."""

N_RANDOM = 4
"""Proposals drawn at random before the estimator has enough to go on."""

N_DRAWS = 12
"""Draws before a space counts as exhausted: each gave what was tried already."""

N_SAME = 3
"""Draws of the same settings before others are drawn."""


def check_optuna() -> None:
    """Raise unless optuna is installed.

    Raises
    ------
    MissingDependencyError
        If it is not; the message says how to install it.
    """
    require("optuna", extra="tune", needed_by="tuning")


def propose(
    space: Space, tried: Sequence[tuple[Settings, float]], *, seed: int, name: str
) -> Settings | None:
    """Return settings worth trying, by a tree-structured Parzen estimator [Bergstra2011]_.

    In turn each setting alone is drawn anew, the others as in the best trial; then all together.
    Where it begins is a good place, and from there most of the way lies along single settings.

    Parameters
    ----------
    space : dict of str to Number or Choice
    tried : sequence of (settings, value)
        What was tried before, and how good it was (higher is better): at least the settings it
        began with. Settings name all of ``space``.
    seed, name : int, str
        Name the draws: the same space, trials, seed and name give the same proposal, in a search
        that went on without a break and in one that was resumed.

    Returns
    -------
    dict or None
        None where every draw gave settings that were tried before.

    Raises
    ------
    MissingDependencyError
        If optuna is not installed.
    """
    known = {_key(settings) for settings, _ in tried}
    for draw in range(N_DRAWS):
        found = _ask(
            space,
            tried,
            vary=_varied(space, len(tried) - 1 + draw // N_SAME),
            seed=_seed(seed, name, len(tried), draw),
        )
        if _key(found) not in known:
            return found
    return None


def _varied(space: Space, turn: int) -> list[str]:
    """Return the settings to draw: one of them, or all in the last turn of a round."""
    names = list(space)
    at = turn % (len(names) + 1)
    return names if at == len(names) else [names[at]]


def _ask(
    space: Space, tried: Sequence[tuple[Settings, float]], *, vary: Sequence[str], seed: int
) -> Settings:
    optuna = require("optuna", extra="tune", needed_by="tuning")
    ranges = {name: _distribution(optuna, one) for name, one in space.items()}
    with _quiet(optuna):
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=N_RANDOM)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for settings, value in tried:
            study.add_trial(
                optuna.trial.create_trial(params=settings, distributions=ranges, value=value)
            )
        params = study.ask({name: ranges[name] for name in vary}).params
    best = max(tried, key=lambda one: one[1])[0]
    return best | {name: _tidy(space[name], params[name]) for name in vary}


def _distribution(optuna: Any, one: Number | Choice) -> Any:
    kinds = optuna.distributions
    if isinstance(one, Choice):
        return kinds.CategoricalDistribution(one.values)
    if one.whole:
        return kinds.IntDistribution(int(one.low), int(one.high), log=one.log)
    return kinds.FloatDistribution(one.low, one.high, log=one.log)


def _tidy(one: Number | Choice, value: Any) -> Any:
    return value if isinstance(one, Choice) else one.tidy(value)


def _key(settings: Settings) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(settings.items()))


def _seed(seed: int, *names: object) -> int:
    return int(named_rng(seed, "propose", *names).integers(2**31))


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Keep optuna's log of each study away from the caller."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
