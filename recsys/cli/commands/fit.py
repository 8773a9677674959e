"""``recsys fit``: fit a model and save it."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.console import program, prose, say
from recsys.cli.inputs import Reader, skipped_records, tell_left_out
from recsys.cli.options import (
    BadRows,
    Columns,
    ConfigFile,
    Events,
    Items,
    ItemTags,
    Json,
    Kinds,
    Now,
    PresetOption,
    Users,
)
from recsys.cli.output import answer, check_json_file, check_model_folder
from recsys.cli.progress import working
from recsys.cli.settings import recommender_config

if TYPE_CHECKING:
    from recsys.serving import Recommender


Out = Annotated[Path, typer.Option("--out", metavar="MODEL", help="Folder to save the model in.")]


def fit(  # noqa: PLR0913  # a command has as many options as it has
    *,
    events: Events = None,
    items: Items = None,
    item_tags: ItemTags = None,
    users: Users = None,
    out: Out,
    preset: PresetOption = None,
    config: ConfigFile = None,
    columns: Columns = None,
    kind: Kinds = None,
    on_bad_row: BadRows = "stop",
    now: Now = None,
    json_file: Json = None,
) -> None:
    """Fit a model on events and items, and save it.

    Without --events, items with tags or text are enough: an app's first day.
    """
    if not events and items is None and item_tags is None:
        raise typer.BadParameter("give events, or items with tags or text.", param_hint="--events")
    check_json_file(json_file)
    check_model_folder(out)
    reader = Reader.of(columns=columns, kinds=kind, on_bad_row=on_bad_row, now=now)
    settings = recommender_config(config, preset=preset, kinds=reader.kinds)
    reader = reader.with_kinds(settings.kinds)

    from recsys.serving import Recommender

    started = time.perf_counter()
    log, catalog, people = reader.all(events or (), items, item_tags, users)
    tell_left_out(log, catalog, people)
    loaded = time.perf_counter()
    with working() as progress:
        model = Recommender.fit(
            log,
            catalog,
            users=people,
            config=settings,
            now=None if now is None else reader.now,
            progress=progress,
        )
        fitted = time.perf_counter()
        progress("save", 0, 0)
        model.save(out)
    seconds = {
        "load": round(loaded - started, 3),
        "fit": round(fitted - loaded, 3),
        "save": round(time.perf_counter() - fitted, 3),
    }
    record = _record(model, out, seconds) | {
        "n_repeated_events": log.n_dropped_duplicates,
        "skipped": skipped_records(log, catalog, people),
    }
    answer(record, json_file=json_file, show=lambda: _show(model, out, seconds))


def _record(model: Recommender, out: Path, seconds: dict[str, float]) -> dict[str, Any]:
    return {
        "model": str(out),
        "version": model.version,
        "now": str(model.now),
        "n_users": len(model.users),
        "n_items": len(model.items),
        "n_events": model.dataset.events.n_events,
        "notes": [str(note) for note in model.notes],
        "seconds": seconds,
        "config": model.config.to_dict(),
    }


def _show(model: Recommender, out: Path, seconds: dict[str, float]) -> None:
    events = model.dataset.events
    say(
        f"{len(model.users):,} people, {len(model.items):,} items, {events.n_events:,} events; "
        f"load {seconds['load']:.1f} s, fit {seconds['fit']:.1f} s, save {seconds['save']:.1f} s"
    )
    for why in model.notes:
        prose(str(why), bullet="- ")
    say(f"Saved in {out} (version {model.version}). Next:")
    say(f"  {program()} recommend {shlex.quote(str(out))} --user ID --explain")
