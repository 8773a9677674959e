"""``recsys similar``: items like these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys.cli.commands.recommend import titles_of
from recsys.cli.console import Column, prose, say, shown, table
from recsys.cli.ids import as_known, given_ids
from recsys.cli.options import ItemIds, Json, K, Model, Where
from recsys.cli.output import answer, check_json_file

if TYPE_CHECKING:
    from recsys.serving import Recommender, SimilarItems


def similar(
    model: Model,
    *,
    item: ItemIds,
    k: K = 10,
    where: Where = None,
    json_file: Json = None,
) -> None:
    """Print the items most like each item given."""
    check_json_file(json_file)
    typed = given_ids(item, None, option="--item", column="item_id")

    from recsys.serving import Recommender

    loaded = Recommender.load(model)
    found = loaded.similar_items(as_known(typed, loaded.items), k, where=where)
    record = [_record(found, line) for line in range(len(found.query_ids))]
    answer(record, json_file=json_file, show=lambda: _show(loaded, record))


def _record(found: SimilarItems, line: int) -> dict[str, Any]:
    ids, scores = found.item_ids[line], found.scores[line]
    items = [
        {"rank": place + 1, "item_id": ids[place], "score": round(float(scores[place]), 6)}
        for place in range(len(ids))
        if ids[place] is not None
    ]
    return {"item_id": found.query_ids[line], "items": items}


def _show(model: Recommender, record: list[dict[str, Any]]) -> None:
    columns = (
        Column("#", 6, "right"), Column("item", 20), Column("title", 90),
        Column("cosine", 8, "right"),
    )  # fmt: skip
    for one in record:
        (title,) = titles_of(model, [one["item_id"]])
        say(f"\nlike {shown(one['item_id'], 20)} {shown(title, 50)}".rstrip())
        titles = titles_of(model, [item["item_id"] for item in one["items"]])
        rows = [
            (item["rank"], item["item_id"], name, f"{item['score']:.4f}")
            for item, name in zip(one["items"], titles, strict=True)
        ]
        if rows:
            table(columns, rows)
        else:
            prose("no other item may be shown.")
