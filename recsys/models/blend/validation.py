"""A validation part cut from the training events: what the weights are chosen on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat, PositiveInt

from recsys.core.arrays import BoolArray, Csr, RowArray, freeze_csr
from recsys.core.clock import DAY
from recsys.core.config import Config
from recsys.core.rng import named_rng
from recsys.data import interaction_matrix
from recsys.models.base import TrainingSet
from recsys.models.blocks.history_weights import events_since

MAX_HELD_ITEMS = 0.15
"""Largest share of the items with interactions that are held out whole."""


class ValidationConfig(Config):
    """Settings of the validation split."""

    share: float = Field(default=0.1, gt=0, lt=0.5)
    """Share of the events in one part: the latest when they have times; of each person the last
    where they come in order without times; else random per person."""
    window_days: PositiveFloat | None = None
    """Length of one part in days; None takes what holds ``share`` of the events."""
    n_cuts: PositiveInt = 3
    """Parts cut one before the other in time; 1 without times."""
    max_cuts: PositiveInt = 10
    """With few people more parts are cut, up to this many, until ``enough_users`` are measured."""
    enough_users: PositiveInt = 1000
    """People measured, over all parts, that are enough."""
    max_users: PositiveInt = 2000
    """People measured per part; more are sampled."""
    max_newcomers: PositiveInt = 400
    """Of these so many per part are measured once more with an empty history, as newcomers are."""
    min_users: PositiveInt = 20
    """With fewer people than this, weights are not learnt but taken from the defaults."""


@dataclass(frozen=True, slots=True, eq=False)
class ValidationPart:
    """A smaller training set, and what the people in it did next.

    Attributes
    ----------
    training : TrainingSet
        The events before the cut.
    user_rows : (n_validation,) int32
        People with at least one held-out item, and something known before the cut.
    relevant : (n_validation, n_items) csr
        The held-out items of each, less those already consumed before the cut.
    """

    training: TrainingSet
    user_rows: npt.NDArray[np.int32]
    relevant: Csr

    def first(self, n_users: int) -> ValidationPart:
        """Return the part with its first ``n_users`` people only."""
        return ValidationPart(self.training, self.user_rows[:n_users], self.relevant[:n_users])


def validation_parts(
    training: TrainingSet, config: ValidationConfig, *, seed: int
) -> Iterator[ValidationPart]:
    """Yield the validation parts, latest first; none where too few people would be measured."""
    times = training.events.occurred_at
    if not len(times):
        return
    timed = training.has_times and not np.isnat(times).any()
    masks = time_masks(times, config) if timed else _random_masks(training, config, seed)
    measured = 0
    for step, (before, after, now) in enumerate(masks):
        if step >= config.n_cuts and measured >= config.enough_users:
            return
        part = _part(training, before, after, now=now if timed else training.now)
        rows = np.flatnonzero(np.diff(part.relevant.indptr)).astype(np.int32)
        if len(rows) < config.min_users:
            continue
        if len(rows) > config.max_users:
            rng = named_rng(seed, "validation", str(now))
            rows = np.sort(rng.choice(rows, config.max_users, replace=False))
        measured += len(rows)
        yield ValidationPart(part.training, rows, part.relevant[rows])


def time_masks(
    times: npt.NDArray[np.datetime64], config: ValidationConfig
) -> Iterator[tuple[BoolArray, BoolArray, np.datetime64]]:
    """Yield which events are before a cut, which are in the part after it, and the cut.

    Latest first, while at least half of the events are before the cut.

    Parameters
    ----------
    times : (n_events,) datetime64[us]
        Ascending, at least one, none unknown.
    config : ValidationConfig
    """
    end = times[-1]
    window = _window(times, config)
    for step in range(max(config.n_cuts, config.max_cuts)):
        cut, stop = end - window * (step + 1), end - window * step
        before = times <= cut
        if before.sum() * 2 < len(times):
            return
        yield before, (times > cut) & (times <= stop), cut


def _window(times: npt.NDArray[np.datetime64], config: ValidationConfig) -> np.timedelta64:
    if config.window_days is not None:
        return np.timedelta64(round(config.window_days * 86_400_000_000), "us")
    first = times[int(len(times) * (1 - config.share))]
    return max(times[-1] - first, np.timedelta64(1, "us"), DAY / 24)


def _random_masks(
    training: TrainingSet, config: ValidationConfig, seed: int
) -> Iterator[tuple[BoolArray, BoolArray, np.datetime64]]:
    n_items = training.n_items
    events = training.events
    pairs, pair_of = np.unique(
        events.user_rows.astype(np.int64) * n_items + events.item_rows, return_inverse=True
    )
    users = pairs // n_items
    draw = _draws(training, pairs, users, seed)
    held = draw < config.share
    # at least one pair of each person stays
    first_kept = np.full(training.n_users, np.inf)
    np.minimum.at(first_kept, users, 1 - draw)
    held &= (1 - draw) > first_kept[users]
    held |= _of_held_items(training, pairs % n_items, seed)
    after = held[pair_of]
    yield ~after, after, training.now


def _draws(
    training: TrainingSet,
    pairs: npt.NDArray[np.int64],
    users: npt.NDArray[np.int64],
    seed: int,
) -> npt.NDArray[np.float64]:
    """Return (n_pairs,) numbers in [0, 1): random, or the share of the person's pairs since."""
    if not training.in_order:
        return named_rng(seed, "validation split").random(len(pairs))
    since = events_since(training.events, pairs, training.n_items)
    order = np.lexsort((since, users))
    counts = np.bincount(users, minlength=training.n_users)
    ranks = np.empty(len(pairs))
    ranks[order] = np.arange(len(pairs)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(ranks / counts[users])


def _of_held_items(training: TrainingSet, item_rows: npt.NDArray[np.int64], seed: int) -> BoolArray:
    """Return which (n_pairs,) pairs are of items without interactions before the cut.

    As large a share of the items with interactions is held out whole as events are expected on
    cold items, so that the worth of tags without events can be learnt, and no more than that.
    """
    interacted = np.zeros(training.n_items, dtype=bool)
    interacted[item_rows] = True
    tagged = np.diff(training.item_features.indptr) > 0
    some = np.flatnonzero(interacted & tagged)
    n_held = int(min(expected_cold_share(training), MAX_HELD_ITEMS) * len(some))
    rng = named_rng(seed, "validation items")
    held = np.zeros(training.n_items, dtype=bool)
    held[rng.choice(some, n_held, replace=False)] = True
    return np.asarray(held[item_rows], dtype=bool)


def cold_share(training: TrainingSet) -> float:
    """Return the share of cold items among those with tags, in [0, 1]."""
    tagged = np.diff(training.item_features.indptr) > 0
    interacted = np.zeros(training.n_items, dtype=bool)
    interacted[training.interactions.indices] = True
    return float((tagged & ~interacted).sum() / max(tagged.sum(), 1))


def expected_cold_share(training: TrainingSet) -> float:
    r"""Return the share of coming events to expect on cold items with tags, in [0, 1].

    .. math:: \max\left(\frac{n_1}{n}, \frac{u}{2} (1 - u)^2\right)

    with :math:`n_1` of the *n* pairs on items of one interaction: the estimate of Good and Turing
    [Good1953]_. That takes cold items for as likely to come as the others were, and says
    nothing of new ones; :math:`u`, the share of cold items in the catalog, stands for those. Where
    most are cold and hardly an item has one interaction, the catalog is a dictionary, not a
    shelf of new items, and the second term fades.
    """
    share = cold_share(training)
    if not share:
        return 0.0
    counts = np.bincount(training.interactions.indices, minlength=training.n_items)
    once = float((counts == 1).sum() / max(counts.sum(), 1))
    return max(once, share / 2 * (1 - share) ** 2)


def _part(
    training: TrainingSet, before: BoolArray, after: BoolArray, *, now: np.datetime64
) -> ValidationPart:
    shape = training.interactions.shape
    events = training.events
    known = events.select(before)
    matrix = interaction_matrix(known, shape=shape)
    held = interaction_matrix(events.select(after), shape=shape)
    relevant = held - held.multiply(matrix > 0)
    relevant = freeze_csr(relevant.tocsr())
    relevant = _only_people(relevant, np.diff(matrix.indptr) > 0)
    return ValidationPart(
        training=replace(training, interactions=matrix, events=known, now=now),
        user_rows=np.zeros(0, np.int32),
        relevant=relevant,
    )


def _only_people(matrix: Csr, keep: BoolArray) -> Csr:
    import scipy.sparse as sp

    matrix = sp.csr_matrix(sp.diags_array(keep.astype(np.float32)) @ matrix)
    matrix.eliminate_zeros()
    return matrix


def relevance_of(relevant: Csr, candidates: RowArray) -> BoolArray:
    """Return (n_people, n_candidates) bool: which candidates are among each person's items.

    Parameters
    ----------
    relevant : (n_people, n_items) csr
    candidates : (n_people, n_candidates) int32
        Item rows; -1 is never relevant.
    """
    n_items = relevant.shape[1]
    lines = np.repeat(np.arange(relevant.shape[0], dtype=np.int64), np.diff(relevant.indptr))
    wanted = lines * n_items + relevant.indices
    asked = np.arange(len(candidates), dtype=np.int64)[:, None] * n_items + candidates
    return np.asarray(np.isin(asked, wanted) & (candidates >= 0), dtype=bool)
