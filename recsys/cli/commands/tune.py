"""``recsys tune``: hyperparameter search on validation cuts of the events."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.console import Column, program, prose, say, table
from recsys.cli.guard import STOPPED
from recsys.cli.inputs import Reader, skipped_records, tell_left_out
from recsys.cli.options import (
    BadRows,
    Columns,
    ConfigFile,
    Items,
    ItemTags,
    Json,
    Kinds,
    Now,
    PresetOption,
    RequiredEvents,
    Users,
)
from recsys.cli.output import answer, check_json_file
from recsys.cli.progress import working
from recsys.cli.settings import recommender_config, tuning_config
from recsys.cli.toml import render_toml
from recsys.core.errors import DataError
from recsys.core.storage import atomic_file

if TYPE_CHECKING:
    from recsys.serving import TunedRecommender


Minutes = Annotated[
    float | None,
    typer.Option("--minutes", metavar="N", help="How long to search.", show_default="3"),
]

Trials = Annotated[
    int | None,
    typer.Option(
        "--trials",
        metavar="N",
        min=1,
        help="How much to try: the same data, seed and trials give the same settings.",
    ),
]

Metric = Annotated[
    str,
    typer.Option("--metric", metavar="NAME@K", help="What is to be high: ndcg, recall, map, ..."),
]

Out = Annotated[Path, typer.Option("--out", metavar="CONFIG", help="TOML file to write.")]

Log = Annotated[
    Path | None,
    typer.Option(
        "--log",
        metavar="FILE",
        help="Every trial, in JSON Lines.",
        show_default="beside --out, .log.jsonl",
    ),
]

Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from the log of a search that was stopped.")
]


def tune(  # noqa: PLR0913  # a command has as many options as it has
    *,
    events: RequiredEvents,
    items: Items = None,
    item_tags: ItemTags = None,
    users: Users = None,
    minutes: Minutes = None,
    trials: Trials = None,
    out: Out,
    preset: PresetOption = None,
    config: ConfigFile = None,
    metric: Metric = "ndcg@20",
    log: Log = None,
    resume: Resume = False,
    columns: Columns = None,
    kind: Kinds = None,
    on_bad_row: BadRows = "stop",
    now: Now = None,
    json_file: Json = None,
) -> None:
    """Search the settings of a model on validation cuts of the events.

    Ctrl-C ends the search with what was found.
    """
    check_json_file(json_file)
    reader = Reader.of(columns=columns, kinds=kind, on_bad_row=on_bad_row, now=now)
    settings = recommender_config(config, preset=preset, kinds=reader.kinds)
    reader = reader.with_kinds(settings.kinds)
    tuning = tuning_config(minutes=minutes, n_trials=trials, metric=metric)
    check_config_file(out, resume=resume)
    render_toml(settings)  # what cannot be written is told before the search, not after

    from recsys.models import TuningLog
    from recsys.serving import tune as search

    kept = TuningLog(out.with_suffix(".log.jsonl") if log is None else log, resume=resume)
    kept.check()
    log_of_events, catalog, people = reader.all(events, items, item_tags, users)
    tell_left_out(log_of_events, catalog, people)
    with working() as progress:
        found = search(
            log_of_events,
            catalog,
            users=people,
            config=settings,
            tuning=tuning,
            now=None if now is None else reader.now,
            log=kept,
            progress=progress,
        )
    with atomic_file(out) as file:
        file.write(render_toml(found.config, title=_title(found)))
    record = {
        "config_file": str(out),
        "log": str(kept.path),
        **found.search.to_dict(),
        "config": found.config.to_dict(),
        "skipped": skipped_records(log_of_events, catalog, people),
    }
    answer(record, json_file=json_file, show=lambda: _show(record, out))
    if found.search.stopped == "keyboard":
        raise typer.Exit(STOPPED)


def check_config_file(path: Path, *, resume: bool) -> None:
    """Raise before the work if the settings could not be written after it.

    Raises
    ------
    DataError
        If ``path`` is a folder, or a file that is not to be written anew, or its folder does not
        exist.
    """
    if path.is_dir():
        raise DataError(f"--out must name a file; {path} is a folder. Give a file name in it.")
    if path.exists() and not resume:
        raise DataError(
            f"--out must name a new file; {path} exists. Choose another name, or --resume."
        )
    if not path.parent.is_dir():
        raise DataError(
            f"the folder of --out must exist; {path.parent} does not. Make it, or choose another "
            "place."
        )


def _title(found: TunedRecommender) -> str:
    search = found.search
    lines = [
        "Settings of recsys fit by recsys tune; use with: recsys fit ... --config FILE",
        f"{search.why[0].upper()}{search.why[1:]}.",
    ]
    if search.measured:
        lines.append(
            f"{search.n_trials} trials in {search.seconds:.0f} s; the search ended: "
            f"{search.stopped}."
        )
    return "\n".join(lines)


def _show(record: dict[str, Any], out: Path) -> None:
    measured = record["measured"]
    say(
        f"{record['n_trials']:,} trials in {record['seconds']:.0f} s; "
        f"the search ended: {record['stopped']}"
    )
    if measured:
        columns = (
            Column(measured["metric"], 20),
            Column("people", 8, "right"),
            Column("as given", 9, "right"),
            Column("found", 9, "right"),
            Column("gain", 20, "right"),
        )
        rows = [
            (
                label,
                f"{one['n_people']:,}",
                f"{one['as_given']:.4f}",
                f"{one['found']:.4f}",
                f"{one['gain']:+.4f} ± {one['standard_error']:.4f}",
            )
            for label, one in (
                ("searched on", measured["searched"]),
                ("held out", measured["held_out"]),
            )
        ]
        table(columns, rows)
    prose(record["why"], bullet="- ")
    say(f"Written to {out}. Next:")
    say(f"  {program()} fit --events FILE ... --config {shlex.quote(str(out))} --out MODEL")
