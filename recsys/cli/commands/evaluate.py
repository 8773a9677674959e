"""``recsys evaluate``: metrics of lists on held-out test events."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from recsys.cli.console import Column, prose, say, table
from recsys.cli.ids import as_known, read_ids
from recsys.cli.inputs import Reader, tell_left_out, typed_time
from recsys.cli.options import (
    AsOf,
    BadRows,
    Columns,
    ConfigFile,
    Items,
    ItemTags,
    Json,
    Kinds,
    PresetOption,
    Users,
)
from recsys.cli.output import answer, check_json_file
from recsys.cli.progress import working
from recsys.cli.settings import recommender_config, tuning_config

Train = Annotated[
    list[Path], typer.Option("--train", metavar="FILE", help="Events to fit on. Repeatable.")
]

Test = Annotated[
    list[Path], typer.Option("--test", metavar="FILE", help="Events to measure with. Repeatable.")
]

Mask = Annotated[
    list[Path] | None,
    typer.Option(
        "--mask", metavar="FILE", help="Events neither fitted nor recommended. Repeatable."
    ),
]

Ks = Annotated[
    list[int] | None,
    typer.Option("-k", "--k", metavar="N", help="List length. Repeatable.", show_default="10, 20"),
]

Candidates = Annotated[
    Path | None,
    typer.Option(
        "--candidates",
        metavar="FILE",
        help="The only items to rank: ids, one a line, or a CSV with item_id.",
    ),
]

TargetKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--target-kinds",
        metavar="KIND,...",
        help="Kinds of test events that count.",
        show_default="all but negative and authoring ones",
    ),
]

Positive = Annotated[
    str | None,
    typer.Option("--positive", metavar="EXPR", help="Test events that count: 'value >= 4'."),
]

TuneMinutes = Annotated[
    float | None,
    typer.Option(
        "--tune-minutes",
        metavar="N",
        help="Search settings first, so many minutes, on a cut of --train; see recsys tune.",
    ),
]


def evaluate(  # noqa: PLR0913  # a command has as many options as it has
    *,
    train: Train,
    test: Test,
    mask: Mask = None,
    items: Items = None,
    item_tags: ItemTags = None,
    users: Users = None,
    preset: PresetOption = None,
    config: ConfigFile = None,
    tune_minutes: TuneMinutes = None,
    k: Ks = None,
    candidates: Candidates = None,
    target_kinds: TargetKinds = None,
    positive: Positive = None,
    as_of: AsOf = None,
    columns: Columns = None,
    kind: Kinds = None,
    on_bad_row: BadRows = "stop",
    json_file: Json = None,
) -> None:
    """Fit on --train, and measure the lists against --test."""
    check_json_file(json_file)
    reader = Reader.of(columns=columns, kinds=kind, on_bad_row=on_bad_row)
    settings = recommender_config(config, preset=preset, kinds=reader.kinds)
    reader = reader.with_kinds(settings.kinds)

    from recsys.evaluation import EvaluationOptions
    from recsys.evaluation import evaluate as measure

    options: dict[str, Any] = {
        "target_kinds": split_words(target_kinds),
        "positive": positive,
        "as_of": None if as_of is None else typed_time(as_of, option="--as-of"),
    }
    if k:
        options["ks"] = tuple(dict.fromkeys(k))
    if tune_minutes is not None:
        options["tuning"] = tuning_config(minutes=tune_minutes, option="--tune-minutes")
    EvaluationOptions(**options)  # wrong settings are told before anything is read
    started = time.perf_counter()
    log, catalog, people = reader.all(train, items, item_tags, users)
    test_log = reader.events(test)
    mask_log = reader.events(mask) if mask else None
    tell_left_out(log, catalog, people, test_log, mask_log)
    if candidates is not None:
        known = log.items if log.n_events or catalog is None else catalog.items
        options["candidates"] = as_known(read_ids(candidates, column="item_id"), known)
    seconds = time.perf_counter() - started
    with working() as progress:
        measured = measure(
            log,
            test_log,
            mask=mask_log,
            catalog=catalog,
            users=people,
            config=settings,
            options=EvaluationOptions(**options),
            progress=progress,
        )
    record = measured.record
    record["seconds"]["load"] = round(seconds, 3)
    answer(record, json_file=json_file, show=lambda: show_metrics(record))


def split_words(texts: Sequence[str] | None) -> list[str] | None:
    """Return ``["a,b", "c"]`` as three words; None for None.

    Examples
    --------
    >>> split_words(["like, answer", "share"])
    ['like', 'answer', 'share']
    """
    if texts is None:
        return None
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def show_metrics(record: dict[str, Any]) -> None:
    """Print a record of measurements as a table."""
    say(f"{record['n_users']:,} people measured, {record['n_items']:,} candidates")
    if record.get("n_outside"):
        say(f"{record['n_outside']:,} test pairs are of items that are no candidates")
    rows = []
    for name, value in record["metrics"].items():
        low, high = record["intervals"].get(name, (None, None))
        between = "" if low is None else f"{low:.4f} to {high:.4f}"
        rows.append((name, f"{value:.4f}", between))
    table((Column("metric", 30), Column("mean", 10, "right"), Column("95 % interval", 24)), rows)
    searched = record.get("tuning")
    for why in [*([searched["why"]] if searched else []), *record.get("notes", ())]:
        prose(why, bullet="- ")
    took = ", ".join(f"{name} {value:.1f} s" for name, value in record["seconds"].items())
    say(f"{took}; peak memory {record['peak_rss_mb']:,.0f} MB")
