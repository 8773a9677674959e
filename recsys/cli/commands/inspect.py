"""``recsys inspect``: report on the input files before a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.console import Column, heading, prose, say, shown, table
from recsys.cli.inputs import Reader, said, skipped_records
from recsys.cli.options import (
    Columns,
    Events,
    Items,
    ItemTags,
    Json,
    Kinds,
    Now,
    OnBadRow,
    Users,
)
from recsys.cli.output import answer, check_json_file

if TYPE_CHECKING:
    from recsys.data import BadRow


N_ROWS = 10
"""Bad rows printed; JSON has up to 1,000."""

BadRows = Annotated[
    OnBadRow,
    typer.Option("--on-bad-row", help="List bad rows and go on, or stop at the first."),
]


def inspect(  # noqa: PLR0913  # a command has as many options as it has
    *,
    events: Events = None,
    items: Items = None,
    item_tags: ItemTags = None,
    users: Users = None,
    columns: Columns = None,
    kind: Kinds = None,
    on_bad_row: BadRows = "skip",
    now: Now = None,
    json_file: Json = None,
) -> None:
    """Report counts and oddities of the files, without fitting."""
    check_json_file(json_file)
    if not events and items is None and item_tags is None:
        raise typer.BadParameter("give events, items or both.", param_hint="--events")
    reader = Reader.of(columns=columns, kinds=kind, on_bad_row=on_bad_row, now=now)

    from recsys.data import Dataset, inspect_dataset

    log, catalog, people = reader.all(events or (), items, item_tags, users)
    tables = [one for one in (log, catalog, people) if one is not None]
    record = inspect_dataset(Dataset.join(log, catalog, people))
    record["trouble"] = {
        "n_rows": sum(one.n_skipped for one in tables),
        "rows": skipped_records(*tables),
    }
    skipped = [row for one in tables for row in one.skipped]
    answer(record, json_file=json_file, show=lambda: _show(record, skipped))


def _show(record: dict[str, Any], skipped: list[BadRow]) -> None:
    _show_counts(record)
    if record["kinds"]:
        heading("Kinds of events")
        table(
            (
                Column("kind", 24), Column("events", 12, "right"), Column("role", 10),
                Column("weight", 8, "right"), Column("values", 20), Column("remark", 14),
            ),
            [_kind_row(one) for one in record["kinds"]],
        )  # fmt: skip
    if record["floods"]:
        heading("Most active people")
        table(
            (
                Column("person", 28), Column("events", 12, "right"), Column("share", 8, "right"),
                Column("in one hour", 12, "right"), Column("remark", 10),
            ),
            [_flood_row(one) for one in record["floods"]],
        )  # fmt: skip
    for name, columns in record["columns"].items():
        if columns:
            read = ", ".join(f"{column} as {sort}" for column, sort in columns.items())
            prose(shown(f"{name}: {read}", 600), bullet="  ")
    heading("Look at")
    for line in findings(record) or ["nothing odd was found."]:
        prose(line, bullet="- ")
    for row in skipped[:N_ROWS]:
        prose(shown(said(row), 300), bullet="  ")


def _show_counts(record: dict[str, Any]) -> None:
    counts, time, cold = record["counts"], record["time"], record["cold"]
    say(
        f"{counts['n_events']:,} events of {counts['n_users_with_events']:,} people on "
        f"{counts['n_items_with_events']:,} items; {counts['n_pairs']:,} different pairs"
    )
    say(f"{counts['n_users']:,} people and {counts['n_items']:,} items in all")
    say(f"from {time['first'] or '(no times)'} to {time['last'] or '(no times)'}")
    say(
        f"fewer than {cold['fewer_than']} events: {cold['users']:.1%} of people, "
        f"{cold['items']:.1%} of items"
    )


def _kind_row(one: dict[str, Any]) -> tuple[Any, ...]:
    values = "" if one["values"] is None else "{:g} to {:g}".format(*one["values"])
    remark = "dates only" if one["dates_only"] else ""
    return one["kind"], f"{one['n_events']:,}", one["role"], f"{one['weight']:g}", values, remark


def _flood_row(one: dict[str, Any]) -> tuple[Any, ...]:
    remark = "floods" if one["floods"] else ""
    share = f"{one['share']:.1%}"
    return one["user_id"], f"{one['n_events']:,}", share, one["busiest_hour"], remark


def findings(record: dict[str, Any]) -> list[str]:
    """Return what deserves a look, one sentence each."""
    counts, time, mine = record["counts"], record["time"], record["self_events"]
    tags = record["catalog"]
    said_of: list[tuple[int, str]] = [
        (record["trouble"]["n_rows"], "row(s) break the contract; fit stops at them, or leaves "
         "them out with --on-bad-row skip"),
        (counts["n_repeated_events"], "event(s) are repeated, and count once"),
        (time["n_without"], "event(s) have no time: they do not fade, and cannot be cut by time"),
        (mine["n_events"], f"event(s) are of people on their own items ({mine['share']:.1%}): "
         "activity, not taste"),
        (sum(one["floods"] for one in record["floods"]), "person(s) flood the events"),
        (record["cold"]["items_without_events"], "item(s) have no event: only tags and text "
         "can recommend them"),
        (tags["items_without_tags_and_text"], "item(s) have neither tags nor text"),
        (tags["n_tags_used_once"], f"of {tags['n_tags']:,} tags are used once: "
         + ", ".join(shown(one, 24) for one in tags["tags_used_once"])),
        (tags["events_before_publication"], "event(s) come before their item was published"),
    ]  # fmt: skip
    lines = [f"{n:,} {text}" for n, text in said_of if n]
    silences = [one for one in record["gaps"] if one["suspicious"]]
    return lines + [
        f"no event from {one['from']} to {one['to']} ({one['days']:.1f} days)" for one in silences
    ]
