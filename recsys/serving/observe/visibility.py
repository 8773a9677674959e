"""Visibility after observing: new expressions for all people, described people for all."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys.core.arrays import NO_ROW, RowArray, freeze
from recsys.serving.observe.compact import compacted_catalog, compacted_people
from recsys.serving.observe.delta import DeltaView
from recsys.serving.state.visibility import (
    VisibilityTable,
    condition_of,
    distinct_texts,
    satisfied,
    stranger,
)


def updated_visibility(
    table: VisibilityTable, view: DeltaView, user_rows: RowArray, *, has_other_items: bool
) -> VisibilityTable:
    """Return the table after observing; the one given where nothing of it changes.

    Parameters
    ----------
    table : VisibilityTable
        As it was.
    view : DeltaView
        With what came.
    user_rows : (n,) int32
        People who are new or were described.
    has_other_items : bool
        Whether items are new or were described.

    Raises
    ------
    ConfigError
        If a new expression cannot be read, or an attribute got a type that one cannot be compared
        with; the message names an item.
    """
    if has_other_items:
        table = _with_items(table, view)
    is_complete = len(table.texts) == table.holds.shape[1]
    if not table.texts or (is_complete and not len(user_rows)):
        return table
    if _has_other_types(table, view):
        catalog = view.base.dataset.catalog
        return VisibilityTable.of(
            compacted_catalog(catalog, view.delta.catalog, view.delta.items),
            compacted_people(view.base.dataset.people, view.delta.profiles, view.delta.users),
        )
    n_known, n_old = table.holds.shape[0] - 1, table.holds.shape[1]
    holds = np.zeros((len(view.delta.users) + 1, len(table.texts)), dtype=np.bool_)
    holds[:n_known, :n_old], holds[-1, :n_old] = table.holds[:-1], table.holds[-1]
    if not is_complete:
        _check(table, view)
        people = compacted_people(view.base.dataset.people, view.delta.profiles, view.delta.users)
        holds[:-1, n_old:] = satisfied(people, table.texts[n_old:])
        holds[-1:, n_old:] = satisfied(stranger(people), table.texts[n_old:])
    if len(user_rows):
        holds[user_rows] = satisfied(view.people_at(user_rows), table.texts)
    return VisibilityTable(table.expression_of, freeze(holds), table.texts)


def _with_items(table: VisibilityTable, view: DeltaView) -> VisibilityTable:
    """Return the table with the expressions of changed items; new ones have no column yet."""
    delta = view.delta
    local, texts = distinct_texts(delta.catalog.column("visible_to"))
    columns = {text: at for at, text in enumerate(table.texts)}
    of_text = [columns.setdefault(text, len(columns)) for text in texts]
    expression_of = np.full(len(delta.items), NO_ROW, dtype=np.int32)
    expression_of[: len(table.expression_of)] = table.expression_of
    expression_of[delta.item_rows] = np.array([*of_text, NO_ROW], dtype=np.int32)[local]
    return VisibilityTable(freeze(expression_of), table.holds, tuple(columns))


def _has_other_types(table: VisibilityTable, view: DeltaView) -> bool:
    """Say whether a column that an expression names has another type since."""
    if not view.delta.profiles.n_users:
        return False
    base, since = (_types(one.table) for one in (view.base.dataset.people, view.delta.profiles))
    named = frozenset().union(*(condition_of(text).columns for text in table.texts))
    return any(base.get(name) != since.get(name) for name in named)


def _check(table: VisibilityTable, view: DeltaView) -> None:
    """Read each new expression once: an error names an item that has it."""
    local, texts = distinct_texts(view.delta.catalog.column("visible_to"))
    old = set(table.texts[: table.holds.shape[1]])
    new = [int(np.argmax(local == at)) for at, text in enumerate(texts) if text not in old]
    some = view.delta.catalog.at_rows(np.array(new, dtype=np.int32))
    VisibilityTable.of(some, stranger(view.base.dataset.people))


def _types(table: Any) -> dict[str, Any]:
    return dict(zip(table.column_names, table.schema.types, strict=True))
