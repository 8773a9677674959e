"""Alternative sets of popularity blocks that cross-fitting compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recsys.models.spec import BlockSpec


def block_sets(specs: Sequence[BlockSpec]) -> list[npt.NDArray[np.int64]]:
    """Return the sets of blocks worth comparing, as positions in ``specs``.

    Parameters
    ----------
    specs : sequence of BlockSpec

    Notes
    -----
    Popularity that fills in what new items have not lived through, and popularity that counts
    what was seen, disagree about new items; a blend of both is worse than either where one is
    right. So they are never in one set, where there are both: the first has those with a forecast.
    Half-lives are not chosen: neighbours are nearly the same list, the best of them changes from
    one fortnight to the next, and weights learnt for all of them hold.
    """
    everything = np.arange(len(specs))
    kinds = _popularity_kinds(specs)
    if len(kinds) < 2:
        return [everything]
    return [everything[~np.isin(everything, others)] for others in reversed(kinds)]


def steady_popularity(specs: Sequence[BlockSpec], popular: Mapping[int, float]) -> list[int]:
    """Return the popularity blocks that may be the best: one with a forecast, one without, others.

    Parameters
    ----------
    specs : sequence of BlockSpec
    popular : mapping of position to float
        How good each popularity block is alone.

    Notes
    -----
    Neighbouring half-lives are nearly the same list, and few cuts are a lottery: a half-life counts
    as good as the mean of itself (twice) and its neighbours.
    """
    out = []
    for mine in _popularity_kinds(specs):
        values = np.array([popular[at] for at in mine])
        padded = np.concatenate([[np.nan], values, [np.nan]])
        steady = np.nanmean(np.stack([padded[:-2], values, values, padded[2:]]), axis=0)
        out.append(mine[int(np.argmax(steady))])
    timed = [at for mine in _popularity_kinds(specs) for at in mine]
    return out + [at for at in popular if at not in timed]


def _popularity_kinds(specs: Sequence[BlockSpec]) -> list[list[int]]:
    """Return positions of fading popularity by half-life: with a forecast, and without."""
    timed = [at for at, spec in enumerate(specs) if spec.kind == "popularity" and _fades(spec)]
    timed.sort(key=lambda at: float(specs[at].block_config().to_dict()["half_life_days"]))
    kinds = [[at for at in timed if _forecasts(specs[at]) == which] for which in (True, False)]
    return [mine for mine in kinds if mine]


def _fades(spec: BlockSpec) -> bool:
    return spec.block_config().to_dict()["half_life_days"] is not None


def _forecasts(spec: BlockSpec) -> bool:
    return bool(spec.block_config().to_dict()["forecast_new"])
