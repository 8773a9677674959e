"""``recsys bench``: latency, throughput, recall and memory on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.console import Column, heading, prose, say, table
from recsys.cli.options import Json, Preset
from recsys.cli.output import answer, check_json_file
from recsys.cli.progress import working
from recsys.core.errors import ConfigError

if TYPE_CHECKING:
    from recsys.core.progress import Progress
    from recsys.serving import Recommender


FILTER = "tags has any (baking, chess)"
"""About a quarter of the synthetic items."""


def bench(
    *,
    n_items: Annotated[int, typer.Option("--n-items", min=1, help="Made-up items.")] = 20_000,
    n_users: Annotated[int, typer.Option("--n-users", min=1, help="Made-up people.")] = 10_000,
    factors: Annotated[
        int | None,
        typer.Option("--factors", min=1, help="Width of the collaborative vectors [the preset's]."),
    ] = None,
    preset: Annotated[
        Preset, typer.Option("--preset", help="How much work the hybrid may be.")
    ] = "balanced",
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="MODEL", help="Measure a saved model instead."),
    ] = None,
    n_calls: Annotated[int, typer.Option("--n-calls", min=1, help="Single calls to time.")] = 500,
    json_file: Json = None,
) -> None:
    """Measure latency, throughput, recall and memory on this machine."""
    check_json_file(json_file)
    with working() as progress:
        if model is not None:
            from recsys.serving import Recommender

            fitted, seconds, where = Recommender.load(model), None, None
        else:
            started = time.perf_counter()
            fitted = _made_up(n_users, n_items, factors, preset=preset, progress=progress)
            seconds, where = round(time.perf_counter() - started, 2), FILTER
        record = _measured(fitted, where=where, n_calls=n_calls, progress=progress)
    record = {"preset": fitted.config.preset, "fit_seconds": seconds, **record}
    answer(record, json_file=json_file, show=lambda: _show(record))


def _made_up(
    n_users: int, n_items: int, factors: int | None, *, preset: Preset, progress: Progress
) -> Recommender:
    from recsys.datasets import synthetic_world
    from recsys.serving import Recommender, RecommenderConfig

    progress("make up people and items", 0, 0)
    events, catalog, people = synthetic_world(n_users, n_items)
    config = RecommenderConfig(preset=preset)
    if factors is not None:
        config = config.replace(hybrid=_of_width(factors, n_users=n_users, n_items=n_items))
    return Recommender.fit(events, catalog, users=people, config=config, progress=progress)


def _of_width(factors: int, *, n_users: int, n_items: int) -> Any:
    """Return the settings of a hybrid whose width is that of one block and popularity."""
    from recsys.models import BlockSpec, HybridConfig

    if factors >= min(n_users, n_items):
        raise ConfigError(
            f"--factors must be below the number of items and of people; got {factors} for "
            f"{n_items} items and {n_users} people. Give fewer, or raise --n-items and --n-users."
        )
    blocks = (
        BlockSpec(kind="spectral", settings={"n_factors": factors}),
        BlockSpec(kind="popularity"),
    )
    return HybridConfig(blocks=blocks, weights={"spectral": (1.0,), "popularity": (0.2,)})


def _measured(
    model: Recommender, *, where: str | None, n_calls: int, progress: Progress
) -> dict[str, Any]:
    from recsys.evaluation import measure_speed, versions

    speed = measure_speed(model, where=where, n_calls=n_calls, progress=progress)
    return {
        "n_items": len(model.items),
        "n_users": len(model.users),
        "n_factors": int(model.view.model.item_factors.shape[1]),
        "index": type(model.view.index).__name__,
        **speed.to_dict(),
        "versions": versions(),
    }


def _show(record: dict[str, Any]) -> None:
    heading(
        f"{record['n_items']:,} items, {record['n_users']:,} people, preset {record['preset']}, "
        f"{record['n_factors']} numbers per item"
    )
    kinds = {"one person": record["single"], "one person, filtered": record["filtered"]}
    names = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
    table(
        (
            Column("milliseconds per call", 24), Column("p50", 9, "right"),
            Column("p95", 9, "right"), Column("p99", 9, "right"), Column("max", 9, "right"),
        ),
        [
            (kind, *(f"{taken[name]:.3f}" for name in names))
            for kind, taken in kinds.items()
            if taken is not None
        ],
    )  # fmt: skip
    say(f"Batches:  {record['batch_per_second']:,.0f} people per second")
    say(f"Recall:   {record['recall']:.3f} of the exact best 10 ({record['index']})")
    if record["fit_seconds"] is not None:
        say(f"Fit:      {record['fit_seconds']:.1f} s, the made-up data included")
    say(
        f"Storage:  {record['saved_mb']:,.1f} MiB; opened in {record['load_seconds']:.2f} s, first "
        f"answer {record['first_answer_seconds']:.2f} s later"
    )
    say(f"Memory:   at most {record['peak_rss_mb']:,.0f} MiB")
    prose("The people and items are made up: take the costs from here, never the quality.")
