"""Digests of one chunk of people: ranked candidates, caps, entries with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, FloatArray, FloatMatrix, ObjectArray, RowArray
from recsys.core.clock import to_iso
from recsys.digest.compose import pairs_in, pick_items
from recsys.digest.config import DigestConfig
from recsys.digest.due import Eligibility, due
from recsys.digest.facts import ItemFacts, since
from recsys.digest.letter import Digest, Entry, EntryReason
from recsys.digest.received import Received
from recsys.digest.recommends import Ranker, Reasons, Recommends, ranker
from recsys.digest.tally import DigestCounts

WIDER = 5
"""How many times more candidates are asked for people who came out short."""

SCORE_DIGITS = 6


@dataclass(slots=True, eq=False)
class _Picks:
    """Chosen items of some people: (n_people, k) item rows and scores, -1 and -inf padded."""

    rows: RowArray
    scores: FloatMatrix
    n_allowed: Any
    is_cut: BoolArray

    def put(self, at: Any, other: _Picks) -> None:
        self.rows[at], self.scores[at] = other.rows, other.scores
        self.n_allowed[at], self.is_cut[at] = other.n_allowed, other.is_cut


@dataclass(frozen=True, eq=False)
class Composer:
    """Everything of a run that is the same for all its people.

    Attributes
    ----------
    model : Recommends
        Ranks and explains.
    config : DigestConfig
    as_of : datetime64[us]
        The moment of the run.
    received : Received
        Items of earlier digests.
    """

    model: Recommends
    config: DigestConfig
    as_of: np.datetime64
    received: Received

    @cached_property
    def facts(self) -> ItemFacts:
        """Titles, addresses, authors and topics."""
        return ItemFacts(self.model.dataset, self.config)

    @cached_property
    def issue(self) -> str:
        """The run's name: the date."""
        return to_iso(self.as_of)[:10]

    @cached_property
    def where(self) -> str | None:
        """The filter every item must pass."""
        config = self.config
        age = None if config.max_age_days is None else since(self.as_of, config.max_age_days)
        if config.where is None or age is None:
            return config.where or age
        return f"({config.where}) and {age}"

    @cached_property
    def _eligibility(self) -> Eligibility:
        return Eligibility.of(self.model.dataset.people)

    @cached_property
    def _current(self) -> BoolArray:
        return self.facts.current(self.as_of)

    def compose(self, user_ids: Sequence[Any]) -> tuple[list[Digest], DigestCounts]:
        """Return the digests of those who are due and have something to get, and the counts."""
        is_due, counts = due(
            user_ids,
            eligibility=self._eligibility,
            received=self.received,
            as_of=self.as_of,
            config=self.config,
        )
        ids = [user_ids[at] for at in np.flatnonzero(is_due).tolist()]
        digests = self._digests(ids) if ids else []
        counts.n_without = len(ids) - len(digests)
        counts.n_digests = len(digests)
        counts.n_items = sum(len(one.items) for one in digests)
        counts.n_short = sum(one.shortfall is not None for one in digests)
        return digests, counts

    def _digests(self, ids: list[Any]) -> list[Digest]:
        people = ranker(self.model, ids, where=self.where)
        had = self.received.rows_of(ids)
        picks = self._pick(people, had, np.arange(len(ids), dtype=np.int32), self.config.candidates)
        n_found = (picks.rows != NO_ROW).sum(axis=1)
        again = np.flatnonzero((n_found < self.config.k) & picks.is_cut).astype(np.int32)
        if len(again):
            picks.put(again, self._pick(people, had, again, WIDER * self.config.candidates))
        enough = (picks.rows != NO_ROW).sum(axis=1) >= self.config.min_items
        lines = np.flatnonzero(enough).astype(np.int32)
        rows = picks.rows[lines]
        reasons: Reasons = [()] * len(lines)
        if self.config.explain and len(lines):
            reasons = people.explain(lines, rows)
        items = self.model.dataset.items.ids(rows)
        return [
            self._digest(
                ids[at],
                self._entries(items[line], rows[line], picks.scores[at], reasons[line]),
                is_known=bool(people.known[at]),
                n_allowed=int(picks.n_allowed[at]),
            )
            for line, at in enumerate(lines.tolist())
        ]

    def _pick(
        self, people: Ranker, had: list[RowArray], lines: RowArray, n_candidates: int
    ) -> _Picks:
        n_candidates = max(n_candidates, self.config.k)
        had = [had[at] for at in lines.tolist()]
        top = people.rank(lines, k=n_candidates, exclude=had)
        rows = top.rows
        numbers = np.arange(len(lines), dtype=np.int32)
        pairs = (np.repeat(numbers, [len(one) for one in had]), np.concatenate(had))
        # the model was told already; an item must not come twice even if it did not listen
        repeated = pairs_in(numbers, rows, pairs=pairs, n_items=self.facts.n_items)
        allowed = (rows != NO_ROW) & self._current[rows] & ~repeated
        best = pick_items(rows, top.scores, k=self.config.k, allowed=allowed, caps=self.facts.caps)
        return _Picks(
            rows=np.array(best.rows),
            scores=np.array(best.scores),
            n_allowed=allowed.sum(axis=1),
            is_cut=top.n_found >= n_candidates,
        )

    def _entries(
        self,
        items: ObjectArray,
        rows: RowArray,
        scores: FloatArray,
        reasons: Sequence[Sequence[Any]],
    ) -> tuple[Entry, ...]:
        facts = self.facts
        found = zip(items.tolist(), rows.tolist(), scores.tolist(), strict=True)
        return tuple(
            Entry(
                rank=place + 1,
                item_id=item,
                title=facts.titles[row],
                url=facts.urls[row],
                score=round(score, SCORE_DIGITS),
                reasons=tuple(map(_reason, reasons[place])) if reasons else (),
            )
            for place, (item, row, score) in enumerate(found)
            if row != NO_ROW
        )

    def _digest(
        self, user_id: Any, entries: tuple[Entry, ...], *, is_known: bool, n_allowed: int
    ) -> Digest:
        title = "" if not entries else entries[0].title or str(entries[0].item_id)
        subject = self.config.subject.format(
            n_items=len(entries), top_title=title, issue=self.issue, user_id=user_id
        )
        return Digest(
            user_id=user_id,
            issue=self.issue,
            as_of=to_iso(self.as_of),
            subject=subject,
            known=is_known,
            items=entries,
            shortfall=self._shortfall(len(entries), n_allowed),
        )

    def _shortfall(self, n_found: int, n_allowed: int) -> str | None:
        if n_found >= self.config.k:
            return None
        if n_allowed > n_found:
            held = f"at most {self.facts.caps} hold back {n_allowed - n_found} more"
            return f"{n_found} of {self.config.k} items: {held}."
        return (
            f"{n_found} of {self.config.k} items: nothing else is left that is new to this person."
        )


def _reason(reason: Any) -> EntryReason:
    return EntryReason(reason.text, str(reason.source), round(float(reason.value), SCORE_DIGITS))
