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
from recsys.serving.observe.delta import DeltaView
from recsys.serving.observe.reverse_lookups import ticks
from recsys.serving.state.csr_rows import row_entries
from recsys.serving.state.mutes import DeltaPostings, ItemPostings


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """Descriptions of items in one call of ``observe``.

    Attributes
    ----------
    view : DeltaView
        With the items as they are now.
    rows : (n,) int32
        Items that are new, were described, or got another author; rising.
    is_new : (n,) bool
        Whether the snapshot had not heard of them.
    other_tags : (n,) bool
        Whether their profile is another than before.
    """

    view: DeltaView
    rows: RowArray
    is_new: BoolArray
    other_tags: BoolArray


def describe(
    view: DeltaView, catalog: Catalog, log: EventLog, *, n_before: int, n_people: int
) -> Described:
    """Put descriptions of items into the delta.

    Parameters
    ----------
    view : DeltaView
        With a row for every id.
    catalog : Catalog
        What was given; may be empty.
    log : EventLog
        New events: an authoring one names the author of an item.
    n_before, n_people : int
        Items and people before the call.
    """
    delta = view.delta
    makers = _makers(view, log)
    rows = _rows_told(view, catalog, makers, n_before=n_before, n_people=n_people)
    if not len(rows):
        return Described(view, rows, np.zeros(0, np.bool_), np.zeros(0, np.bool_))
    ids = IdMap.of(delta.items.ids(rows))
    now = view.catalog_at(rows)
    if catalog.n_items:
        now = now.upserted(catalog).aligned(ids)
    before = view.features_at(rows)
    features = view.base.item_profiles.features_of(now) if catalog.n_items else before
    described = delta.catalog.upserted(now)
    changed = replace(
        delta,
        makers=delta.makers.plus(makers),
        catalog=described,
        item_rows=delta.items.rows(described.items.ids()),
    )
    changed = replace(changed, features=_features(view, changed.item_rows, rows, features))
    authors = _authors(view, now, rows, changed.makers)
    changed = replace(changed, authors=delta.authors.plus(authors))
    changed = replace(changed, postings=_postings(DeltaView(view.base, changed)))
    other = np.asarray(abs(features - before).sum(axis=1)).ravel() > 0
    return Described(DeltaView(view.base, changed), rows, rows >= n_before, other)


def _postings(view: DeltaView) -> DeltaPostings:
    base, delta = view.base, view.delta
    authors = view.authors_of(delta.item_rows)
    changed = ItemPostings(delta.catalog, authors, delta.users, delta.features, base.tags)
    return DeltaPostings(base.postings, changed, delta.item_rows, n_base=base.n_items)


def _rows_told(
    view: DeltaView,
    catalog: Catalog,
    makers: Mapping[int, tuple[int, int]],
    *,
    n_before: int,
    n_people: int,
) -> RowArray:
    """Return the rising rows of the items of which a call says something beside what was done."""
    items = view.delta.items
    parts = []
    if catalog.n_items:
        parts.append(items.rows(catalog.items.ids()))
    if len(items) > n_before:
        parts.append(np.arange(n_before, len(items), dtype=np.int32))
    if makers:
        parts.append(np.fromiter(makers, np.int32, count=len(makers)))
    if len(view.delta.users) > n_people:
        parts.append(_awaiting(view, n_people))
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
    view = described.view
    features = view.features_at(rows)
    fitted = rows < view.base.lineage.n_items
    vector = DeltaHybrid(view.base.model, patch).itemwise_blocks
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


def _makers(view: DeltaView, log: EventLog) -> dict[int, tuple[int, int]]:
    """Return the items whose first authoring event is another with new events, and that event."""
    delta = view.delta
    out: dict[int, tuple[int, int]] = {}
    authoring = np.flatnonzero(log.kinds.has_role("authoring")[log.kind_codes])
    times = ticks(log.occurred_at[authoring])
    for at, time in zip(authoring.tolist(), times.tolist(), strict=True):
        item, maker = int(log.item_rows[at]), (time, int(log.user_rows[at]))
        known = out.get(item) or delta.makers.get(item) or delta.lookups.makers.get(item)
        if known is None or _precedes(view, maker, known):
            out[item] = maker
    return out


def _precedes(view: DeltaView, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Say whether an authoring event counts rather than another: the earlier, else by id."""
    if one[0] != other[0]:
        return one[0] < other[0]
    first, second = view.delta.users.ids([one[1], other[1]])
    return bool(first < second)


def _awaiting(view: DeltaView, n_people: int) -> RowArray:
    """Return the items whose author, by id, is among the people who came after the first."""
    delta = view.delta
    new = delta.users.ids(np.arange(n_people, len(delta.users))).tolist()
    waiting = [row for one in new for row in delta.lookups.awaiting_author.get(one, ())]
    if "author_id" in delta.catalog.table.column_names:
        authors = delta.catalog.column("author_id")
        mine = [
            at for at, author in enumerate(authors) if author is not None and author in set(new)
        ]
        waiting += delta.item_rows[mine].tolist()
    return np.array(waiting, dtype=np.int32)


def _authors(
    view: DeltaView, now: Catalog, rows: RowArray, makers: Mapping[int, tuple[int, int]]
) -> dict[int, int]:
    """Return who made each item: the author given, else whoever asked first."""
    named = view.delta.users.rows(now.column("author_id"))
    if view.lacks_some_events:  # the row saved stands for who asked
        named = np.where(named == NO_ROW, view.authors_of(rows), named)
    out = {}
    for row, author in zip(rows.tolist(), named.tolist(), strict=True):
        maker = makers.get(row) or view.delta.lookups.makers.get(row)
        out[row] = author if author != NO_ROW or maker is None else maker[1]
    return out


def _features(view: DeltaView, order: RowArray, rows: RowArray, features: Csr) -> Csr:
    """Return the profiles of all described items, in the order of the delta's catalog."""
    delta = view.delta
    mine, theirs = positions_of(order, delta.item_rows), positions_of(order, rows)
    both = sp.vstack([delta.features, features], format="csr").astype(np.float32)
    return csr_rows(both, np.where(theirs == NO_ROW, mine, len(delta.item_rows) + theirs))


def affected_users(
    before: DeltaView, described: Described, log: EventLog, people: People
) -> RowArray:
    """Return the rising rows of the people to fold in again.

    Parameters
    ----------
    before : DeltaView
        As it was.
    described : Described
        What the call says of items.
    log : EventLog
        The new events.
    people : People
        Who was described.

    Notes
    -----
    Who acted, who was described, who made or no longer made an item, and who took an item that
    has other tags now.
    """
    after = described.view
    users = after.delta.users
    new = np.arange(len(before.delta.users), len(users))
    if not (len(new) or len(described.rows) or people.n_users):
        return np.unique(log.user_rows)
    parts = [
        log.user_rows,
        users.rows(people.users.ids()) if people.n_users else new,
        new,
        _changed_authors(before, described),
        _takers(before, described.rows[described.other_tags & ~described.is_new]),
    ]
    return np.asarray(np.unique(np.concatenate(parts)), dtype=np.int32)


def _changed_authors(before: DeltaView, described: Described) -> RowArray:
    """Return who made an item and did not before, or the other way round."""
    known = ~described.is_new
    old = np.full(len(described.rows), NO_ROW, dtype=np.int32)
    old[known] = before.authors_of(described.rows[known])
    new = described.view.authors_of(described.rows)
    both = np.concatenate([old[old != new], new[old != new]])
    return np.asarray(both[both != NO_ROW], dtype=np.int32)


def _takers(before: DeltaView, item_rows: RowArray) -> RowArray:
    """Return who has one of some items in the history."""
    if not len(item_rows):
        return item_rows
    base, delta = before.base, before.delta
    takers = delta.lookups.takers
    old = [row_entries(takers, row)[0] for row in item_rows.tolist() if row < base.n_items]
    since = [row for row, one in delta.people.items() if np.isin(item_rows, one.history[0]).any()]
    return np.concatenate([*old, np.array(since, np.int32)]).astype(np.int32)
