"""Learning in epochs: progress reports and early stopping."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from recsys.core.arrays import Csr, FloatMatrix, RowArray, with_data
from recsys.core.progress import Progress, with_detail
from recsys.core.rng import named_rng
from recsys.models.blocks.history_weights import HistoryConfig


class EpochConfig(HistoryConfig):
    """Settings of every block that learns in epochs."""

    tolerance: NonNegativeFloat = 1e-4
    """An epoch that improves the measure by less than this share of it improves nothing."""
    patience: PositiveInt = 2
    """Epochs in a row without improvement after which the learning stops."""
    validation_pairs: NonNegativeInt = 0
    """Pairs hidden from the learning, one of each of so many people, that the measure is taken on
    (the share of them scored above a random item); 0 hides none and measures the learning."""


class Epochs:
    """Early stopping: reports each epoch; the same numbers stop at the same epoch.

    Parameters
    ----------
    name : str
        Of the block.
    n_epochs : int
        At most so many.
    config : EpochConfig
    progress : Progress
        Told ``"name; loss 0.123"``, the epoch, and ``n_epochs``.
    """

    def __init__(
        self, name: str, n_epochs: int, *, config: EpochConfig, progress: Progress
    ) -> None:
        self._name, self._n_epochs, self._config = name, n_epochs, config
        self._progress = progress
        self._best = -np.inf
        self._idle = 0
        self.n_done = 0

    def enough(self, measure: str, value: float, *, falls: bool = False) -> bool:
        """Take the measure of one more epoch, and say whether to stop.

        Parameters
        ----------
        measure : str
            Its name, for a person to read.
        value : float
        falls : bool
            Whether lower is better.
        """
        self.n_done += 1
        gain = -value if falls else value
        if gain > self._best + self._config.tolerance * abs(self._best) or self.n_done == 1:
            self._best, self._idle = gain, 0
        else:
            self._idle += 1
        done = self._idle >= self._config.patience
        detail = f"{measure} {value:.4g}" + (", converged" if done else "")
        self._progress(with_detail(self._name, detail), self.n_done, self._n_epochs)
        return done or self.n_done == self._n_epochs


@dataclass(frozen=True, slots=True, eq=False)
class PairCheck:
    """Pairs that a good model puts above others.

    Attributes
    ----------
    user_rows, item_rows : (n_pairs,) int32
        Who took what.
    other_rows : (n_pairs,) int32
        An item drawn for each pair, which the person did not take.
    """

    user_rows: RowArray
    item_rows: RowArray
    other_rows: RowArray

    def auc(self, people: FloatMatrix, items: FloatMatrix) -> float:
        """Return the share of pairs whose score is above that of the other item; 0.5 per tie."""
        users = people[self.user_rows]
        gap = np.einsum("ij,ij->i", users, items[self.item_rows] - items[self.other_rows])
        return float(np.mean((gap > 0) + 0.5 * (gap == 0))) if len(gap) else 0.5


def hidden_pairs(history: Csr, config: EpochConfig, *, seed: int) -> tuple[Csr, PairCheck]:
    """Hide one pair of each of some people with two or more.

    Returns
    -------
    kept : (n_users, n_items) csr float32
        ``history`` without the hidden pairs.
    check : PairCheck
        The hidden pairs.
    """
    check = drawn_pairs(history, config.validation_pairs, seed=seed, least=2)
    places = _places(history, check)
    data = history.data.copy()
    data[places] = 0
    kept = with_data(history, data).copy()
    kept.eliminate_zeros()
    return kept, check


def drawn_pairs(history: Csr, n_pairs: int, *, seed: int, least: int = 1) -> PairCheck:
    """Return one pair of each of up to ``n_pairs`` people with ``least`` pairs or more."""
    rng = named_rng(seed, "pair check")
    counts = np.diff(history.indptr)
    users = np.flatnonzero((counts >= least) & (counts < history.shape[1]))
    if len(users) > n_pairs:
        users = np.sort(rng.choice(users, n_pairs, replace=False))
    places = history.indptr[users] + rng.integers(0, counts[users])
    others = rng.integers(0, history.shape[1], size=len(users))
    for _ in range(
        20 if len(users) else 0
    ):  # draw again what was taken; what is left after that hardly matters
        taken = np.asarray(history[users, others]).ravel() != 0
        if not taken.any():
            break
        others[taken] = rng.integers(0, history.shape[1], size=int(taken.sum()))
    rows = (users, history.indices[places], others)
    return PairCheck(*(np.asarray(one, dtype=np.int32) for one in rows))


def _places(history: Csr, check: PairCheck) -> np.ndarray:
    starts = history.indptr[check.user_rows]
    ends = history.indptr[check.user_rows + 1]
    return np.array(
        [
            start + np.flatnonzero(history.indices[start:end] == item)[0]
            for start, end, item in zip(starts, ends, check.item_rows, strict=True)
        ],
        dtype=np.int64,
    )
