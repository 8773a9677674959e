"""Write the pages that are made from the code: the API, by readers, and the commands.

Run by ``make pages``. A test fails when a page is older than the code.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from pathlib import Path
from typing import Any

from typer.main import get_command

DOCS = Path(__file__).resolve().parent
MADE = "<!-- Written by docs/render.py: run `make pages` instead of editing. -->"


USERS = {
    "data": (
        "BadRow", "Catalog", "Consent", "Dataset", "DigestHistory", "EventKind", "EventLog",
        "ExposureLog", "IdMap", "InteractionConfig", "KindTable", "People", "TagTable",
        "inspect_dataset", "interactions", "load_dataset", "negatives", "random_per_user",
        "save_dataset", "split_by_time", "split_by_user", "split_last_n",
    ),
    "datasets": (
        "PublicSplit", "load_community", "load_movies", "ml100k_split", "read_split",
        "synthetic_world",
    ),
    "profiles": ("ProfileConfig", "ProfileRow", "ProfileTable", "TextConfig"),
    "models": (
        "BLOCKS", "BlockSpec", "HybridConfig", "TuningConfig", "TuningLog", "ValidationConfig",
    ),
    "index": ("FaissConfig", "IndexConfig"),
    "ranking": ("Filter", "Reason", "Where", "Wording", "parse_filter"),
    "serving": (
        "Change", "Drift", "Recommendations", "Recommender", "RecommenderConfig", "SimilarItems",
        "TunedRecommender", "load", "tune", "verify",
    ),
    "digest": (
        "Because", "Digest", "DigestConfig", "DigestReport", "Entry", "Tally", "confirm",
        "digests", "run",
    ),
    "evaluation": (
        "Evaluation", "EvaluationOptions", "Latency", "RollingWindows", "Speed", "evaluate",
        "evaluate_rolling", "measure", "measure_latency", "measure_recall", "measure_speed",
    ),
}  # fmt: skip
"""Names for people who use the library, by room; a room's ``__all__`` also serves other rooms."""

EXTENDERS = {
    "metrics": (
        "Comparison", "Interval", "bootstrap_interval", "coverage", "gini",
        "intra_list_diversity", "novelty", "paired_bootstrap", "ranking_metrics",
    ),
    "index": (
        "ExactIndex", "INDEXES", "Request", "Searching", "VectorIndex", "best_rows",
        "build_index", "load_index", "score_rows", "top_k",
    ),
    "models": (
        "Block", "BlockConfig", "CountingBlock", "DataSize", "Footprint", "HistoryConfig",
        "ItemItemBlock", "ItemwiseBlock", "LearnedBlock", "Queries",
        "TrainingSet", "VectorBlock", "history_matrix", "register_block", "training_matrix",
    ),
    "ranking": ("Cap", "CapTable", "ColumnSource", "OPERATORS", "apply_caps"),
    "digest": ("Ranked", "Recommends"),
    "evaluation": ("Metric", "Targets", "targets"),
    "cli": ("app", "main"),
    "testing": (
        "BlockContract", "Search", "VectorIndexContract", "event_columns", "event_logs",
        "interactions",
        "naive_coverage", "naive_diversity", "naive_gini", "naive_novelty", "naive_scores",
        "naive_top_k", "naive_user_metrics", "searches", "topk_lists", "vectors",
    ),
}  # fmt: skip
"""Names for people who add parts of their own."""

CORE_FOR_USERS = ("errors",)
CORE_FOR_EXTENDERS = ("arrays", "config", "contribution", "progress", "rng", "topk")


def root_names() -> list[str]:
    """Return the public names of ``recsys`` itself."""
    return sorted(importlib.import_module("recsys").__all__)


def render_api() -> str:
    """Return the API page for users: one entry for each of their names."""
    lines = [
        MADE,
        "",
        "# Python API",
        "",
        "Everything listed here stays as it is within a major version.",
        "Import a name from its room: `from recsys.data import EventLog`.",
        "[API for extensions](api-extend.md) lists the interfaces for parts of your own.",
        "",
        "## recsys",
        "",
        "The names most programs need, straight from `import recsys`.",
        "",
        "| name | lives in |",
        "|---|---|",
    ]
    lines += [_root_row(name) for name in root_names()]
    return "\n".join([*lines, *_entries(USERS, CORE_FOR_USERS)]) + "\n"


def render_api_for_extenders() -> str:
    """Return the API page for people who add parts of their own."""
    lines = [
        MADE,
        "",
        "# API for extensions",
        "",
        "Interfaces, registries and helpers for parts of your own.",
        "[Extend the library](../guides/extend.md) shows how they are used, and "
        "[Python API](api.md) lists the names for everybody.",
        "Names on neither page may change without notice.",
    ]
    return "\n".join([*lines, *_entries(EXTENDERS, CORE_FOR_EXTENDERS)]) + "\n"


def _entries(names: dict[str, tuple[str, ...]], core: tuple[str, ...]) -> list[str]:
    lines = []
    for room, listed in names.items():
        module = importlib.import_module(f"recsys.{room}")
        lines += ["", f"## recsys.{room}", "", first_line(module)]
        for name in sorted(listed, key=str.lower):
            lines += ["", f"::: recsys.{room}.{name}"]
    lines += ["", "## recsys.core", ""]
    lines += ["These modules are imported by name: `from recsys.core.errors import DataError`."]
    for name in core:
        lines += ["", f"::: recsys.core.{name}"]
    return lines


def _root_row(name: str) -> str:
    value = getattr(importlib.import_module("recsys"), name)
    if inspect.ismodule(value):
        room = value.__name__
        return f"| `recsys.{name}` | [{room}](#{room.replace('.', '')}) |"
    for room, listed in USERS.items():
        module = importlib.import_module(f"recsys.{room}")
        if name in listed and getattr(module, name) is value:
            return f"| `recsys.{name}` | [recsys.{room}](#recsys.{room}.{name}) |"
    home = getattr(value, "__module__", None)
    if home and home.startswith("recsys.core."):
        return f"| `recsys.{name}` | [{home}](#{home}.{name}) |"
    return f"| `recsys.{name}` | `recsys` |"


def first_line(thing: Any) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def commands() -> dict[str, Any]:
    """Return every command of the command line by its full name, groups opened up."""
    return _flatten(get_command(importlib.import_module("recsys.cli.app").app), "")


def _flatten(group: Any, prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        full = f"{prefix}{name}"
        found |= _flatten(command, f"{full} ") if hasattr(command, "commands") else {full: command}
    return found


def render_cli() -> str:
    """Return the page of the command line: each command with its arguments and options."""
    lines = [
        MADE,
        "",
        "# Commands",
        "",
        "`recsys --help` lists the commands; `recsys COMMAND --help` explains one.",
        "",
        "| exit code | means |",
        "|---|---|",
        "| 0 | done |",
        "| 1 | failed, with one clear line; nothing was written |",
        "| 2 | the command was written wrongly |",
        "| 3, 4 | `evaluate --against`: hold, refuse |",
    ]
    for name, command in commands().items():
        lines += ["", f"## {name}", "", inspect.cleandoc(command.help or ""), ""]
        rows = [_parameter_row(one) for one in command.params if not getattr(one, "hidden", False)]
        if rows:
            lines += ["| argument or option | default | what it is |", "|---|---|---|", *rows]
    return "\n".join(lines).rstrip() + "\n"


def _parameter_row(parameter: Any) -> str:
    positional = not parameter.opts[0].startswith("-")
    names = [parameter.name.upper()] if positional else [*parameter.opts, *parameter.secondary_opts]
    default = "" if parameter.default is None or callable(parameter.default) else parameter.default
    if parameter.required:
        default = "required"
    elif isinstance(default, bool):
        default = "yes" if default else "no"
    elif isinstance(default, list | tuple):
        default = ", ".join(str(one) for one in default)
    what = " ".join((parameter.help or "").split()).replace("|", "\\|")
    return f"| {', '.join(f'`{name}`' for name in names)} | {default} | {what} |"


def render_inputs() -> str:
    """Return the page of inputs: what is read, warned of and refused, from the tests of it."""
    lines = [
        MADE,
        "",
        "# Inputs",
        "",
        "Inputs that are read, warned about and refused.",
        "Each row is a test in `tests/field`; for *read*, the last column is the result.",
    ]
    for path in sorted((DOCS.parent / "tests" / "field").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(module)  # type: ignore[union-attr]
        rows = [
            "| " + " | ".join(_cell(one) for one in record[:3]) + " |" for record in module.RECORDS
        ]
        lines += [
            "",
            f"## {first_line(module)}",
            "",
            "| given | outcome | message, or what comes |",
        ]
        lines += ["|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    shown = text.replace("|", "\\|").replace("<", "&lt;").replace("{", "&#123;")
    return " ".join(shown.split())


PAGES = {
    "reference/api.md": render_api,
    "reference/api-extend.md": render_api_for_extenders,
    "reference/cli.md": render_cli,
    "reference/inputs.md": render_inputs,
}


def main() -> None:
    """Write all pages."""
    for name, render in PAGES.items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(), encoding="utf-8")
        print(f"wrote docs/{name}")


if __name__ == "__main__":
    main()
