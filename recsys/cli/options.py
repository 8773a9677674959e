"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Preset = Literal["fast", "balanced", "best"]
OnBadRow = Literal["stop", "skip"]

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a saved model.")]

Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Also write the result as JSON; - is stdout."),
]
_EVENTS = typer.Option(
    "--events",
    metavar="FILE",
    help="Events: CSV, JSON Lines (.gz too) or Parquet with user_id, item_id. Repeatable.",
)
Events = Annotated[list[Path] | None, _EVENTS]
RequiredEvents = Annotated[list[Path], _EVENTS]
Items = Annotated[
    Path | None,
    typer.Option("--items", metavar="FILE", help="Items: item_id, title, text, tags, ..."),
]
ItemTags = Annotated[
    Path | None,
    typer.Option("--item-tags", metavar="FILE", help="Long file of tags: item_id, tag."),
]
Users = Annotated[
    Path | None,
    typer.Option("--users", metavar="FILE", help="People: user_id, declared_tags, consent, ..."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--columns", metavar="OURS=YOURS,...", help="Names of columns in your files."),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="NAME=WEIGHT", help="Add an event kind, or change its weight."),
]
BadRows = Annotated[
    OnBadRow,
    typer.Option("--on-bad-row", help="Stop at a bad row, or leave bad rows out and list them."),
]
Now = Annotated[
    str | None,
    typer.Option("--now", metavar="TIME", help="Reference time of the model [last event]."),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="Reference time of the lists [last event]."),
]
PresetOption = Annotated[
    Preset | None,
    typer.Option("--preset", help="Effort of the hybrid.", show_default="balanced"),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings in TOML or JSON; see recsys config."),
]
UserIds = Annotated[
    list[str] | None,
    typer.Option("--user", metavar="ID", help="A person. Repeatable; --user=-x for an odd id."),
]
UsersFile = Annotated[
    Path | None,
    typer.Option(
        "--users-file",
        metavar="FILE",
        help="Ids of people, one per line, or a CSV with user_id; - is stdin.",
    ),
]
ItemIds = Annotated[
    list[str],
    typer.Option("--item", metavar="ID", help="An item. Repeatable."),
]
K = Annotated[int, typer.Option("-k", "--k", metavar="N", help="Length of each list.")]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="EXPR",
        help="Only items that match, such as 'format = video and language in (en, zh)'.",
    ),
]
