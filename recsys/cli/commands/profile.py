"""``recsys profile``: tag profile of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.console import Column, prose, say, shown, table
from recsys.cli.ids import as_known, given_ids
from recsys.cli.options import Json, Model
from recsys.cli.output import answer, check_json_file
from recsys.core.errors import ConfigError

if TYPE_CHECKING:
    from recsys.profiles import ProfileTable


N_ITEMS = 2
"""Items printed as evidence of a tag; JSON has up to three."""

UserId = Annotated[list[str], typer.Option("--user", metavar="ID", help="The person. Repeatable.")]

Top = Annotated[
    int, typer.Option("--top", metavar="N", help="Tags to print; 0 is all. JSON has all.")
]


def profile(model: Model, *, user: UserId, top: Top = 20, json_file: Json = None) -> None:
    """Print the tags of a person with weight, confidence and source."""
    check_json_file(json_file)
    if top < 0:
        raise ConfigError(f"--top must be at least 0; got {top}.")
    typed = given_ids(user, None, option="--user", column="user_id")

    from recsys.serving import Recommender

    loaded = Recommender.load(model)
    ids = as_known(typed, loaded.users)
    tables = [loaded.profile(one) for one in ids]
    record = [
        {"user_id": one, "tags": _records(tags)} for one, tags in zip(ids, tables, strict=True)
    ]

    def show() -> None:
        for one, tags in zip(ids, tables, strict=True):
            show_profile(one, tags, top=top)

    answer(record, json_file=json_file, show=show)


def show_profile(user_id: object, tags: ProfileTable, *, top: int) -> None:
    """Print the profile of one person.

    Parameters
    ----------
    user_id : object
        Whose it is.
    tags : ProfileTable
        All of it.
    top : int
        How many tags to print; 0 prints all.
    """
    say(f"\n{shown(user_id)}")
    if not len(tags):
        prose("nothing is known of this person's taste: no declared tag, and no event on an item "
              "with tags or text.")  # fmt: skip
        return
    kept = tags.top(top) if top else tags
    columns = (
        Column("tag", 24), Column("family", 9), Column("weight", 6, "right"),
        Column("confidence", 10, "right"), Column("source", 8), Column("evidence", 20),
    )  # fmt: skip
    rows = [
        (one.tag, one.family, f"{one.weight:.2f}", f"{one.confidence:.2f}", one.source,
         _evidence(one.n_events, one.item_ids))
        for one in kept
    ]  # fmt: skip
    table(columns, rows)
    if len(kept) < len(tags):
        say(f"and {len(tags) - len(kept)} more; --top 0 prints all")


def _evidence(n_events: int, item_ids: tuple[Any, ...]) -> str:
    if not n_events:
        return ""
    return f"{n_events}: {', '.join(shown(one, 12) for one in item_ids[:N_ITEMS])}"


def _records(tags: ProfileTable) -> list[dict[str, Any]]:
    return [
        {
            "tag": one.tag,
            "family": one.family,
            "weight": round(one.weight, 6),
            "confidence": round(one.confidence, 6),
            "source": str(one.source),
            "evidence": {"n_events": one.n_events, "items": list(one.item_ids)},
        }
        for one in tags
    ]
