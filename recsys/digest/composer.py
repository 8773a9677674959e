"""From some people to their digests: asks the model, composes, words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, FloatMatrix, ObjectArray, RowArray
from recsys.core.clock import to_iso
from recsys.digest.compose import choose, pairs_in
from recsys.digest.config import DigestConfig
from recsys.digest.due import Standing, due
from recsys.digest.facts import ItemFacts, since
from recsys.digest.letter import Because, Digest, Entry
from recsys.digest.received import Received
from recsys.digest.recommends import Recommends
from recsys.digest.tally import Tally

WIDER = 5
"""How many times more candidates are asked for people who came out short."""

SCORE_DIGITS = 6


@dataclass(slots=True, eq=False)
class _Picks:
    """What was chosen for some people: (n_people, k) item rows and scores, -1 and -inf padded."""

    rows: RowArray
    scores: FloatMatrix
    known: BoolArray
    n_allowed: Any
    is_cut: BoolArray

    def put(self, at: Any, other: _Picks) -> None:
        self.rows[at], self.scores[at], self.known[at] = other.rows, other.scores, other.known
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
        What people have had.
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
    def _standing(self) -> Standing:
        return Standing.of(self.model.dataset.people)

    @cached_property
    def _current(self) -> BoolArray:
        return self.facts.current(self.as_of)

    def compose(self, user_ids: Sequence[Any]) -> tuple[list[Digest], Tally]:
        """Return the digests of those who are due and have something to get, and the counts."""
        is_due, counts = due(
            user_ids,
            standing=self._standing,
            received=self.received,
            as_of=self.as_of,
            config=self.config,
        )
        ids = [user_ids[at] for at in np.flatnonzero(is_due).tolist()]
        digests = self._letters(ids) if ids else []
        counts.n_without = len(ids) - len(digests)
        counts.n_digests = len(digests)
        counts.n_items = sum(len(one.items) for one in digests)
        counts.n_short = sum(one.shortfall is not None for one in digests)
        return digests, counts

    def _letters(self, ids: list[Any]) -> list[Digest]:
        picks = self._pick(ids, self.config.candidates)
        again = np.flatnonzero(((picks.rows != NO_ROW).sum(axis=1) < self.config.k) & picks.is_cut)
        if len(again):
            wider = self._pick([ids[at] for at in again.tolist()], WIDER * self.config.candidates)
            picks.put(again, wider)
        enough = np.flatnonzero((picks.rows != NO_ROW).sum(axis=1) >= self.config.min_items)
        kept = enough.tolist()
        ids = [ids[at] for at in kept]
        items = self.model.dataset.items.ids(picks.rows[enough].ravel())
        items = items.reshape(len(ids), self.config.k)
        reasons = self._reasons(ids, items)
        return [
            self._letter(ids[line], picks, at, self._entries(line, at, picks, items, reasons))
            for line, at in enumerate(kept)
        ]

    def _pick(self, ids: list[Any], n_candidates: int) -> _Picks:
        n_candidates = max(n_candidates, self.config.k)
        sent = self.received.rows_of(ids)
        n_sent = [len(rows) for rows in sent]
        sent_ids = self.model.dataset.items.ids(np.concatenate(sent))
        answer = self.model.recommend(
            ids,
            k=n_candidates,
            where=self.where,
            exclude=[list(one) for one in np.split(sent_ids, np.cumsum(n_sent)[:-1])],
        )
        rows = self.model.dataset.items.rows(answer.item_ids.ravel()).reshape(len(ids), -1)
        people = np.arange(len(ids), dtype=np.int32)
        pairs = (np.repeat(people, n_sent).astype(np.int32), np.concatenate(sent))
        had = pairs_in(people, rows, pairs=pairs, n_items=self.facts.n_items)
        # the model was told already; an item must not come twice even if it did not listen
        allowed = (rows != NO_ROW) & self._current[rows] & ~had
        best = choose(rows, answer.scores, k=self.config.k, allowed=allowed, caps=self.facts.caps)
        return _Picks(
            rows=np.array(best.rows),
            scores=np.array(best.scores),
            known=np.array(answer.known, dtype=bool),
            n_allowed=allowed.sum(axis=1),
            is_cut=(rows != NO_ROW).all(axis=1),
        )

    def _reasons(self, ids: list[Any], items: ObjectArray) -> list[dict[Any, tuple[Because, ...]]]:
        """Return the reasons of each person's chosen items, by item id.

        Only of the chosen ones: wording all candidates would cost ten times more.
        """
        if not self.config.explain or not ids:
            return [{} for _ in ids]
        chosen = [[one for one in line if one is not None] for line in items]
        answer = self.model.recommend(
            ids, k=self.config.k, where=self.where, candidates=chosen, explain=True
        )
        worded = answer.reasons or [[] for _ in ids]
        return [
            {
                item: tuple(_because(why) for why in whys)
                for item, whys in zip(line, per_item, strict=False)
                if item is not None
            }
            for line, per_item in zip(answer.item_ids, worded, strict=True)
        ]

    def _entries(
        self,
        line: int,
        at: int,
        picks: _Picks,
        items: ObjectArray,
        reasons: list[dict[Any, tuple[Because, ...]]],
    ) -> tuple[Entry, ...]:
        rows, scores = picks.rows[at].tolist(), picks.scores[at].tolist()
        facts = self.facts
        return tuple(
            Entry(
                rank=place + 1,
                item_id=items[line, place],
                title=facts.titles[row],
                url=facts.urls[row],
                score=round(scores[place], SCORE_DIGITS),
                reasons=reasons[line].get(items[line, place], ()),
            )
            for place, row in enumerate(rows)
            if row != NO_ROW
        )

    def _letter(self, user_id: Any, picks: _Picks, at: int, entries: tuple[Entry, ...]) -> Digest:
        title = "" if not entries else entries[0].title or str(entries[0].item_id)
        subject = self.config.subject.format(
            n_items=len(entries), top_title=title, issue=self.issue, user_id=user_id
        )
        return Digest(
            user_id=user_id,
            issue=self.issue,
            as_of=to_iso(self.as_of),
            subject=subject,
            known=bool(picks.known[at]),
            items=entries,
            shortfall=self._shortfall(len(entries), int(picks.n_allowed[at])),
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


def _because(reason: Any) -> Because:
    return Because(reason.text, str(reason.source), round(float(reason.value), SCORE_DIGITS))
