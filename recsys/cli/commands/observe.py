"""``recsys observe``: update a model with new data without a refit."""

from __future__ import annotations

import shlex
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.console import program, prose, say
from recsys.cli.inputs import Reader, skipped_records, tell_left_out
from recsys.cli.options import (
    BadRows,
    Columns,
    Events,
    Items,
    ItemTags,
    Json,
    Kinds,
    Model,
    Now,
    Users,
)
from recsys.cli.output import answer, check_json_file, check_model_folder

if TYPE_CHECKING:
    from recsys.serving import Recommender


Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="MODEL2", help="Folder to save in.", show_default="MODEL itself"),
]


def observe(  # noqa: PLR0913  # a command has as many options as it has
    model: Model,
    *,
    events: Events = None,
    items: Items = None,
    item_tags: ItemTags = None,
    users: Users = None,
    out: Out = None,
    columns: Columns = None,
    kind: Kinds = None,
    on_bad_row: BadRows = "stop",
    now: Now = None,
    json_file: Json = None,
) -> None:
    """Update a model with new events, items and people.

    Events that the model has already are left out, so a growing file may be given again.
    """
    if not events and items is None and item_tags is None and users is None:
        raise typer.BadParameter("give what is new: events, items or users.", param_hint="--events")
    check_json_file(json_file)
    target = model if out is None else out
    if out is not None:
        check_model_folder(out)

    from recsys.serving import Recommender

    loaded = Recommender.load(model)
    known = {one.name: one.weight for one in loaded.view.kinds}
    reader = Reader.of(columns=columns, kinds=kind, on_bad_row=on_bad_row, now=now)
    reader = reader.with_kinds({**known, **reader.kinds})
    reader = reader.with_types(loaded.snapshot.item_types, loaded.snapshot.user_types)
    log, catalog, people = reader.all(events or (), items, item_tags, users)
    tell_left_out(log, catalog, people)
    started = time.perf_counter()
    later = loaded.observe(log, catalog, users=people)
    seconds = round(time.perf_counter() - started, 3)
    later.save(target)
    record = _record(later, target, seconds) | {"skipped": skipped_records(log, catalog, people)}
    answer(record, json_file=json_file, show=lambda: _show(later, target, seconds))


def _record(model: Recommender, out: Path, seconds: float) -> dict[str, Any]:
    return {
        "model": str(out),
        "version": model.version,
        "now": str(model.now),
        "n_users": len(model.users),
        "n_items": len(model.items),
        "change": model.last_change.to_dict(),
        "drift": asdict(model.drift),
        "seconds": {"observe": seconds},
    }


def _show(model: Recommender, out: Path, seconds: float) -> None:
    change = model.last_change
    say(
        f"{change.n_events:,} new events ({change.n_repeated_events:,} known already), "
        f"{change.n_new_users:,} new people, {change.n_new_items:,} new items; {seconds:.1f} s"
    )
    say(
        f"{change.n_described_items:,} items and {change.n_described_users:,} people described "
        f"anew, {change.n_retired_items:,} items retired"
    )
    prose(model.drift.reason)
    say(f"Saved in {out} (version {model.version}). Next:")
    say(f"  {program()} recommend {shlex.quote(str(out))} --user ID --explain")
