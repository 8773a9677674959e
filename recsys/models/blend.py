"""Which blocks to blend, and how far to trust the blend, by what holds from one cut to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, RowArray
from recsys.models.choose import block_sets, steady_popularity
from recsys.models.spec import BlockSpec
from recsys.models.weights import RIDGE, LearntWeights, Pool, conditional_logit, learn_from_pool

Columns: TypeAlias = npt.NDArray[np.integer[Any]]

MAX_FOLDS = 4
"""Most groups of validation parts that are held out one after the other."""

TRUSTS = (1.0, 0.75, 0.5, 0.25)
"""How much of the blend may be kept beside the best popularity."""

CAUTION = 1.0
"""Standard errors that are taken off the gain over popularity before trusts are compared."""

CHOICE_PEOPLE = 2000
"""People that the sets of blocks are compared on; more are thinned evenly."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What weights are learnt on: candidates of people, each of one validation part.

    Attributes
    ----------
    pool : Pool
    buckets : (n_people,) int32
        Activity bucket of each.
    parts : (n_people,) int32
        Validation part of each, counted from the latest.
    """

    pool: Pool
    buckets: RowArray
    parts: RowArray

    def thinned(self, most: int) -> Examples:
        """Return every n-th person, so that at most ``most`` are left."""
        step = -(-self.pool.n_people // most)
        some = np.arange(self.pool.n_people) % step == 0
        return Examples(self.pool.only(some), self.buckets[some], self.parts[some])

    def folds(self) -> RowArray:
        """Return (n_people,) int32: parts joined, in their order, to at most ``MAX_FOLDS``."""
        _, order = np.unique(self.parts, return_inverse=True)
        n_parts = int(order.max(initial=0)) + 1
        return (order * min(n_parts, MAX_FOLDS) // n_parts).astype(np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """The weights of a blend, and what was learnt about it.

    Attributes
    ----------
    learnt : LearntWeights
        Over all blocks; 0 for those left out.
    trust : float
        Share of the blend that was kept beside the best popularity; 1 where they were not compared.
    held_out : float or None
        Mean nDCG of the blend on parts it was not learnt on; None with one part.
    popularity : float or None
        The same of the best popularity.
    """

    learnt: LearntWeights
    trust: float = 1.0
    held_out: float | None = None
    popularity: float | None = None

    @property
    def note(self) -> str:
        """How the blend came about, for a person to read."""
        if self.held_out is None or self.popularity is None:
            return ""
        against = f"nDCG@20 {self.held_out:.4f} on parts held out, popularity {self.popularity:.4f}"
        if self.trust == 0:
            return f"blend: left out, for it is not surely better than popularity ({against})"
        if self.trust < 1:
            return f"blend: {self.trust:.0%} of it beside the best popularity ({against})"
        return f"blend: {against}"


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
    Each set is learnt on all parts but one and measured on that one, in turn: weights that
    were lucky in one fortnight are not lucky in the next. What is chosen is learnt again on all
    parts. It is then mixed with the best popularity, as far as the gain less its standard error is
    greatest on held-out parts (popularity is chosen without the part as well), and left out where
    it is never above 0: a hybrid on a time cut does not end below popularity that decays, as far as
    its own past can tell.

    With a single part there is nothing to hold out: the sets are compared where they were learnt.
    """
    some = examples.thinned(CHOICE_PEOPLE)
    popular = np.flatnonzero([spec.kind == "popularity" for spec in specs])
    singles = {int(at): some.pool.ndcg(np.eye(len(specs))[at]) for at in popular}
    sets = block_sets(specs, {at: float(values.mean()) for at, values in singles.items()})
    if len(np.unique(examples.parts)) == 1:
        return max(
            (Blend(_learnt(examples, columns, n_buckets=n_buckets)) for columns in sets),
            key=lambda blend: blend.learnt.metric,
        )
    tables = [_held_out_weights(some, columns) for columns in sets]
    metrics = [float(some.pool.ndcg_by(table).mean()) for table in tables]
    best = int(np.argmax(metrics))
    learnt = _learnt(examples, sets[best], n_buckets=n_buckets)
    if not singles:
        return Blend(learnt, held_out=metrics[best])
    single = _best_popularity(specs, singles, np.ones(some.pool.n_people, dtype=bool))
    alone = _held_out_popularity(specs, singles, some.folds())
    # towards popularity of the blend's own kind: with and without a forecast are never mixed
    own = [at for at in singles if at in sets[best]] or [single]
    near = max(own, key=lambda at: float(singles[at].mean()))
    trust, held_out = _trust(some.pool, tables[best], near, alone=alone, popular=popular)
    table = towards(learnt.weights, near if trust else single, popular=popular, trust=trust)
    mixed = LearntWeights(table, learnt.metric, learnt.best_single_metric, learnt.best_single)
    return Blend(mixed, trust, held_out, float(alone.mean()))


def towards(weights: DoubleArray, single: int, *, popular: Columns, trust: float) -> DoubleArray:
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
    trust : float
        τ in [0, 1]; 0 is the block alone, 1 the blend.

    Examples
    --------
    >>> towards(np.array([[2.0, 0.0, 1.0]]), 1, popular=np.array([0, 1]), trust=0.5).tolist()
    [[1.0, 1.0, 0.5]]
    """
    level = weights[:, popular].sum(axis=1)
    level = np.where(level > 0, level, np.maximum(weights.sum(axis=1), 1e-6))
    mixed = trust * weights
    mixed[:, single] += (1 - trust) * level
    return np.asarray(mixed, dtype=np.float64)


def _trust(
    pool: Pool, table: DoubleArray, single: int, *, alone: DoubleArray, popular: Columns
) -> tuple[float, float]:
    """Return how far to trust a blend of (n_people, n_blocks) weights, and its mean nDCG then."""
    best, most, held_out = 0.0, 0.0, float(alone.mean())
    for trust in TRUSTS:
        values = pool.ndcg_by(towards(table, single, popular=popular, trust=trust))
        gain = values - alone
        sure = float(gain.mean() - CAUTION * gain.std() / np.sqrt(len(gain)))
        if sure > most:
            best, most, held_out = trust, sure, float(values.mean())
    return best, held_out


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
    pool, folds = examples.pool.blocks(columns), examples.folds()
    out = np.zeros((pool.n_people, n_blocks))
    start = np.zeros(len(columns))
    for fold in np.unique(folds):
        others = pool.only(folds != fold)
        found = conditional_logit(others, np.zeros(len(columns)), RIDGE, start=start)
        out[np.ix_(folds == fold, columns)] = found
        start = found  # the folds differ little: the next search is short
    return out


def _learnt(examples: Examples, columns: Columns, *, n_buckets: int) -> LearntWeights:
    """Return weights learnt on all examples; 0 for the blocks outside ``columns``."""
    pool = examples.pool.blocks(columns)
    found = learn_from_pool(pool, examples.buckets, n_buckets=n_buckets)
    table = np.zeros((n_buckets, examples.pool.scores.shape[2]))
    table[:, columns] = found.weights
    single = int(columns[found.best_single])
    return LearntWeights(table, found.metric, found.best_single_metric, single)
