"""Blend weights by conditional logit, cross-fitted over validation parts and shrunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, RowArray
from recsys.models.blend.examples import Examples
from recsys.models.blend.logit import RIDGE, conditional_logit, learn_weights
from recsys.models.blend.pool import STANDARD_ERRORS, LearntWeights
from recsys.models.spec import BlockSpec

Columns: TypeAlias = npt.NDArray[np.integer[Any]]

MAX_FOLDS = 4
"""Most groups of validation parts that are held out one after the other."""

SHRINKAGES = (1.0, 0.75, 0.5, 0.25)
"""Shares of the blend that may be kept beside the best popularity. On one of four fortnights of
movies, .75 is kept: recall@20 .391, .386 with the blend whole, and .373 with popularity alone where
it is better on held-out parts."""

CHOICE_PEOPLE = 2000
"""People that weights for held-out parts are learnt on; more are thinned evenly."""


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """The weights of a blend, and what was learnt about it.

    Attributes
    ----------
    learnt : LearntWeights
        Over all blocks; 0 for those left out.
    shrinkage : float
        Share of the blend that was kept beside the best popularity; 1 where they were not compared.
    held_out : float or None
        Mean nDCG of the blend on parts it was not learnt on; None with one part.
    popularity : float or None
        The same of the best popularity.
    """

    learnt: LearntWeights
    shrinkage: float = 1.0
    held_out: float | None = None
    popularity: float | None = None


def best_blend(specs: Sequence[BlockSpec], examples: Examples, *, n_buckets: int) -> Blend:
    """Return the weights of the set of blocks that holds best from one part to the next.

    Parameters
    ----------
    specs : sequence of BlockSpec
        The blocks, in the order of the pool.
    examples : Examples
    n_buckets : int
        Activity buckets.

    Notes
    -----
    Each set is learnt on all parts but one and measured on that one, in turn: weights that were
    lucky in one fortnight are not lucky in the next. A part is one draw for all its people, so that
    a gain is sure if it is more than its standard error over parts. The first set is taken, unless
    another is surely better: the forecast variant of popularity comes first, because it fixes a
    known bias (decayed counts of a new item are too low) whether or not a part had a new item.

    The blend, learnt again on all parts, is mixed with the best popularity of its own kind. As much
    of it is kept as is better than popularity on held-out parts (popularity is chosen without the
    part as well), and not surely worse than keeping less; where nothing is better it is left out: a
    hybrid on a time cut does not end below popularity that decays, as far as its own past can tell.

    With a single part there is nothing to hold out: the sets are compared where they were learnt.
    """
    sets = block_sets(specs)
    if len(np.unique(examples.parts)) == 1:
        return max(
            (Blend(_learnt(examples, columns, n_buckets=n_buckets)) for columns in sets),
            key=lambda blend: blend.learnt.metric,
        )
    folds = examples.folds(MAX_FOLDS)
    tables = [_held_out_weights(examples, columns) for columns in sets]
    values = [examples.pool.ndcg_by(table) for table in tables]
    best = _best_set(values, folds)
    learnt = _learnt_again(examples, sets[best], tables[best], n_buckets=n_buckets)
    popular = np.flatnonzero([spec.kind == "popularity" for spec in specs])
    if not len(popular):
        return Blend(learnt, held_out=float(values[best].mean()))
    singles = {int(at): examples.pool.ndcg_alone(int(at)) for at in popular}
    # towards popularity of the blend's own kind: with and without a forecast are never mixed
    own = [at for at in singles if at in sets[best]] or list(singles)
    near = max(own, key=lambda at: float(singles[at].mean()))
    alone = _held_out_popularity(specs, singles, folds)
    mixes = [
        examples.pool.ndcg_by(towards(tables[best], near, popular=popular, shrinkage=shrinkage))
        for shrinkage in SHRINKAGES
    ]
    shrinkage, held_out = _shrinkage(mixes, alone, folds)
    if not shrinkage:
        near = _best_popularity(specs, singles, np.ones(len(folds), dtype=bool))
    table = towards(learnt.weights, near, popular=popular, shrinkage=shrinkage)
    mixed = LearntWeights(table, learnt.metric, learnt.best_single_metric, learnt.best_single)
    return Blend(mixed, shrinkage, held_out, float(alone.mean()))


def block_sets(specs: Sequence[BlockSpec]) -> list[npt.NDArray[np.int64]]:
    """Return the sets of blocks that cross-fitting compares, as positions in ``specs``.

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


def towards(
    weights: DoubleArray, single: int, *, popular: Columns, shrinkage: float
) -> DoubleArray:
    r"""Return weights on the way from one block alone to the blend.

    .. math:: w' = \tau w + (1 - \tau)\, c\, e_s, \qquad c = \sum_{p \in popular} w_p

    Parameters
    ----------
    weights : (n, n_blocks) float64
        One line for each bucket, or person.
    single : int
        s: the block.
    popular : (n_popular,) int
        The popularity blocks; where they have no weight, c is the sum of all.
    shrinkage : float
        τ in [0, 1]; 0 is the block alone, 1 the blend.

    Examples
    --------
    >>> towards(np.array([[2.0, 0.0, 1.0]]), 1, popular=np.array([0, 1]), shrinkage=0.5).tolist()
    [[1.0, 1.0, 0.5]]
    """
    level = weights[:, popular].sum(axis=1)
    level = np.where(level > 0, level, np.maximum(weights.sum(axis=1), 1e-6))
    mixed = shrinkage * weights
    mixed[:, single] += (1 - shrinkage) * level
    return np.asarray(mixed, dtype=np.float64)


def _best_set(values: Sequence[DoubleArray], folds: RowArray) -> int:
    """Return the first set, or the one whose (n_people,) nDCG is most surely above that of it."""
    gains = [_sure(mine - values[0], folds) for mine in values]
    best = int(np.argmax(gains))
    return best if gains[best] > 0 else 0


def _shrinkage(
    mixes: Sequence[DoubleArray], alone: DoubleArray, folds: RowArray
) -> tuple[float, float]:
    """Return the share of a blend to keep, and its mean nDCG then.

    Parameters
    ----------
    mixes : sequence of (n_people,) float64
        nDCG on held-out parts with each of ``SHRINKAGES``.
    alone : (n_people,) float64
        That of popularity alone.
    folds : (n_people,) int32
    """
    best = max(mixes, key=lambda mix: float(mix.mean()))
    for shrinkage, mix in zip(SHRINKAGES, mixes, strict=True):
        if mix.mean() > alone.mean() and _sure(best - mix, folds) <= 0:
            return shrinkage, float(mix.mean())
    return 0.0, float(alone.mean())


def _sure(gain: DoubleArray, folds: RowArray) -> float:
    """Return the mean of (n_people,) gains less two standard errors over folds."""
    means = [gain[folds == fold].mean() for fold in np.unique(folds)]
    return float(gain.mean() - STANDARD_ERRORS * np.std(means, ddof=1) / np.sqrt(len(means)))


def _best_popularity(
    specs: Sequence[BlockSpec], singles: dict[int, DoubleArray], which: BoolArray
) -> int:
    """Return the popularity that is best on some people, and steadily so."""
    means = {at: float(values[which].mean()) for at, values in singles.items()}
    return max(steady_popularity(specs, means), key=lambda at: means[at])


def _held_out_popularity(
    specs: Sequence[BlockSpec], singles: dict[int, DoubleArray], folds: RowArray
) -> DoubleArray:
    """Return (n_people,) nDCG of the popularity that is best on the other folds."""
    out = np.zeros(len(folds))
    for fold in np.unique(folds):
        chosen = _best_popularity(specs, singles, np.asarray(folds != fold))
        out[folds == fold] = singles[chosen][folds == fold]
    return out


def _held_out_weights(examples: Examples, columns: Columns) -> DoubleArray:
    """Return (n_people, n_blocks) weights of some blocks, learnt on the other folds each time."""
    n_blocks = examples.pool.scores.shape[2]
    folds, some = examples.folds(MAX_FOLDS), examples.thinned(CHOICE_PEOPLE)
    pool, of_some = examples.pool.only(some).blocks(columns), folds[some]
    out = np.zeros((len(folds), n_blocks))
    start = np.zeros(len(columns))
    for fold in np.unique(folds):
        others = pool.only(of_some != fold)
        found = conditional_logit(others, np.zeros(len(columns)), RIDGE, start=start)
        out[np.ix_(folds == fold, columns)] = found
        start = found  # the folds differ little: the next search is short
    return out


def _learnt_again(
    examples: Examples, columns: Columns, held_out: DoubleArray, *, n_buckets: int
) -> LearntWeights:
    """Return weights learnt on all examples, of the blocks that had any weight without a part."""
    used = columns[held_out[:, columns].any(axis=0)]
    start = held_out.mean(axis=0)
    return _learnt(examples, used if len(used) else columns, n_buckets=n_buckets, start=start)


def _learnt(
    examples: Examples, columns: Columns, *, n_buckets: int, start: DoubleArray | None = None
) -> LearntWeights:
    """Return weights learnt on all examples; 0 for the blocks outside ``columns``."""
    pool = examples.pool.blocks(columns)
    first = None if start is None else start[columns]
    found = learn_weights(pool, examples.buckets, n_buckets=n_buckets, start=first)
    table = np.zeros((n_buckets, examples.pool.scores.shape[2]))
    table[:, columns] = found.weights
    single = int(columns[found.best_single])
    return LearntWeights(table, found.metric, found.best_single_metric, single)
