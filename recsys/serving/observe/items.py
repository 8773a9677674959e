"""Items that are new or described anew: what is known of them, their authors, their vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, BoolArray, Csr, RowArray, csr_rows, positions_of
from recsys.data import Catalog, EventLog, IdMap, People
from recsys.models import (
    DeltaHybrid,
    ItemDelta,
    ItemwiseBlock,
)
from recsys.serving.observe.delta import Facts
from recsys.serving.observe.reverse_lookups import ticks
from recsys.serving.state.access import author_texts
from recsys.serving.state.csr_rows import row_entries


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """What a call says of items.

    Attributes
    ----------
    facts : Facts
        With the items as they are now.
    rows : (n,) int32
        Items that are new, were described, or got another author; rising.
    is_new : (n,) bool
        Whether the snapshot had not heard of them.
    other_tags : (n,) bool
        Whether their profile is another than before.
    """

    facts: Facts
    rows: RowArray
    is_new: BoolArray
    other_tags: BoolArray


def describe(
    facts: Facts, catalog: Catalog, log: EventLog, *, n_before: int, n_people: int
) -> Described:
    """Put descriptions of items into the overlay.

    Parameters
    ----------
    facts : Facts
        With a row for every id.
    catalog : Catalog
        What was given; may be empty.
    log : EventLog
        New events: an authoring one names the author of an item.
    n_before, n_people : int
        Items and people before the call.
    """
    overlay = facts.overlay
    makers = _makers(facts, log)
    rows = _rows_told(facts, catalog, makers, n_before=n_before, n_people=n_people)
    if not len(rows):
        return Described(facts, rows, np.zeros(0, np.bool_), np.zeros(0, np.bool_))
    ids = IdMap.of(overlay.items.ids(rows))
    now = facts.catalog_at(rows)
    if catalog.n_items:
        now = now.upserted(catalog).aligned(ids)
    before = facts.features_at(rows)
    features = facts.base.item_profiles.features_of(now) if catalog.n_items else before
    described = overlay.catalog.upserted(now)
    changed = replace(
        overlay,
        makers=overlay.makers.plus(makers),
        catalog=described,
        item_rows=overlay.items.rows(described.items.ids()),
    )
    changed = replace(changed, features=_features(facts, changed.item_rows, rows, features))
    authors = _authors(facts, now, rows, changed.makers)
    changed = replace(changed, authors=overlay.authors.plus(authors))
    other = np.asarray(abs(features - before).sum(axis=1)).ravel() > 0
    return Described(Facts(facts.base, changed), rows, rows >= n_before, other)


def _rows_told(
    facts: Facts,
    catalog: Catalog,
    makers: Mapping[int, tuple[int, int]],
    *,
    n_before: int,
    n_people: int,
) -> RowArray:
    """Return the rising rows of the items of which a call says something beside what was done."""
    items = facts.overlay.items
    parts = []
    if catalog.n_items:
        parts.append(items.rows(catalog.items.ids()))
    if len(items) > n_before:
        parts.append(np.arange(n_before, len(items), dtype=np.int32))
    if makers:
        parts.append(np.fromiter(makers, np.int32, count=len(makers)))
    if len(facts.overlay.users) > n_people:
        parts.append(_awaiting(facts, n_people))
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int32)


def patched(described: Described, patch: ItemDelta) -> ItemDelta:
    """Return the patch with vectors of new items, and of those whose profile is another.

    Notes
    -----
    What a fit learned of an item from events stays: tags move the parts that read tags. An item
    that came after the fit is all tags, so its whole vector follows them.
    """
    some = described.is_new | described.other_tags
    rows, is_new = described.rows[some], described.is_new[some]
    if not len(rows):
        return patch
    facts = described.facts
    features = facts.features_at(rows)
    fitted = rows < facts.base.lineage.n_items
    vector = DeltaHybrid(facts.base.model, patch).itemwise_blocks
    blocks = []
    for block, old in zip(vector, patch.parts, strict=True):
        stays = ~is_new & (fitted | block.counts_events)
        known = old.over(block, rows[stays]) if stays.any() else None
        blocks.append(_described_block(block, known, rows, features=features, stays=stays))
    return patch.overlaid(ItemDelta.of(rows, blocks))


def _described_block(
    block: ItemwiseBlock,
    known: ItemwiseBlock | None,
    rows: RowArray,
    *,
    features: Csr,
    stays: BoolArray,
) -> ItemwiseBlock:
    """Return a block over described items; where ``stays`` holds, with what events taught it."""
    new = block.of_new_items(features[~stays])
    if known is None:
        return new
    edited = known.with_features(features[stays])
    order = np.argsort(np.concatenate([rows[stays], rows[~stays]]), kind="stable")
    return edited.joined(new).at_items(order.astype(np.int32))


def _makers(facts: Facts, log: EventLog) -> dict[int, tuple[int, int]]:
    """Return the items whose first authoring event is another with new events, and that event."""
    overlay = facts.overlay
    out: dict[int, tuple[int, int]] = {}
    authoring = np.flatnonzero(log.kinds.has_role("authoring")[log.kind_codes])
    times = ticks(log.occurred_at[authoring])
    for at, time in zip(authoring.tolist(), times.tolist(), strict=True):
        item, maker = int(log.item_rows[at]), (time, int(log.user_rows[at]))
        known = out.get(item) or overlay.makers.get(item) or overlay.lookups.makers.get(item)
        if known is None or _precedes(facts, maker, known):
            out[item] = maker
    return out


def _precedes(facts: Facts, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Say whether an authoring event counts rather than another: the earlier, else by id."""
    if one[0] != other[0]:
        return one[0] < other[0]
    first, second = facts.overlay.users.ids([one[1], other[1]])
    return bool(first < second)


def _awaiting(facts: Facts, n_people: int) -> RowArray:
    """Return the items whose author, by id, is among the people who came after the first."""
    overlay = facts.overlay
    new = overlay.users.ids(np.arange(n_people, len(overlay.users))).tolist()
    waiting = [row for one in new for row in overlay.lookups.awaiting_author.get(one, ())]
    if "author_id" in overlay.catalog.table.column_names:
        authors = overlay.catalog.column("author_id")
        mine = [
            at for at, author in enumerate(authors) if author is not None and author in set(new)
        ]
        waiting += overlay.item_rows[mine].tolist()
    return np.array(waiting, dtype=np.int32)


def _authors(
    facts: Facts, now: Catalog, rows: RowArray, makers: Mapping[int, tuple[int, int]]
) -> dict[int, int]:
    """Return who made each item: the author given, else whoever asked first."""
    named = facts.overlay.users.rows(now.column("author_id"))
    out = {}
    for row, author in zip(rows.tolist(), named.tolist(), strict=True):
        maker = makers.get(row) or facts.overlay.lookups.makers.get(row)
        out[row] = author if author != NO_ROW or maker is None else maker[1]
    return out


def _features(facts: Facts, order: RowArray, rows: RowArray, features: Csr) -> Csr:
    """Return the profiles of all described items, in the order of the overlay's catalog."""
    overlay = facts.overlay
    mine, theirs = positions_of(order, overlay.item_rows), positions_of(order, rows)
    both = sp.vstack([overlay.features, features], format="csr").astype(np.float32)
    return csr_rows(both, np.where(theirs == NO_ROW, mine, len(overlay.item_rows) + theirs))


def touched_users(before: Facts, described: Described, log: EventLog, people: People) -> RowArray:
    """Return the rising rows of the people to fold in again.

    Parameters
    ----------
    before : Facts
        As it was.
    described : Described
        What the call says of items.
    log : EventLog
        The new events.
    people : People
        Who was described.

    Notes
    -----
    Who acted, who was described, who made or no longer made an item, who took an item that has
    other tags now, and who mutes, or muted, an item that changed.
    """
    after = described.facts
    users = after.overlay.users
    new = np.arange(len(before.overlay.users), len(users))
    if not (len(new) or len(described.rows) or people.n_users):
        return np.unique(log.user_rows)
    parts = [
        log.user_rows,
        users.rows(people.users.ids()) if people.n_users else new,
        new,
        _changed_authors(before, described),
        _takers(before, described.rows[described.other_tags & ~described.is_new]),
        _muters(before, described),
    ]
    return np.asarray(np.unique(np.concatenate(parts)), dtype=np.int32)


def _changed_authors(before: Facts, described: Described) -> RowArray:
    """Return who made an item and did not before, or the other way round."""
    known = ~described.is_new
    old = np.full(len(described.rows), NO_ROW, dtype=np.int32)
    old[known] = before.authors_of(described.rows[known])
    new = described.facts.authors_of(described.rows)
    both = np.concatenate([old[old != new], new[old != new]])
    return np.asarray(both[both != NO_ROW], dtype=np.int32)


def _takers(before: Facts, item_rows: RowArray) -> RowArray:
    """Return who has one of some items in the history."""
    if not len(item_rows):
        return item_rows
    base, overlay = before.base, before.overlay
    takers = overlay.lookups.takers
    old = [row_entries(takers, row)[0] for row in item_rows.tolist() if row < base.n_items]
    since = [row for row, one in overlay.people.items() if np.isin(item_rows, one.history[0]).any()]
    return np.concatenate([*old, np.array(since, np.int32)]).astype(np.int32)


def _muters(before: Facts, described: Described) -> RowArray:
    """Return who mutes, or muted, an item that changed."""
    rows, after = described.rows, described.facts
    base, lookups = before.base, before.overlay.lookups
    if not len(rows) or not (lookups.muting.any() or after.overlay.profiles.n_users):
        return rows[:0]
    carries = (after.features_at(rows) > 0).astype(np.float32)
    by_tag = (carries @ lookups.muters_by_tag).indices
    authors = author_texts(after.catalog_at(rows), after.overlay.users.ids(after.authors_of(rows)))
    by_author = [row for one in authors for row in lookups.muters_by_author.get(one, ())]
    muters = lookups.muters
    former = [row_entries(muters, row)[0] for row in rows.tolist() if row < base.n_items]
    profiles = after.overlay.profiles
    since = after.overlay.users.rows(profiles.users.ids())
    return np.concatenate([by_tag, np.array(by_author, np.int32), *former, since]).astype(np.int32)
