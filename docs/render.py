"""Write the pages that are made from the code: ``reference/api.md`` and ``reference/cli.md``.

Run by ``make pages``. A test fails when a page is older than the code.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from typer.main import get_command

DOCS = Path(__file__).resolve().parent
PACKAGE = DOCS.parent / "recsys"
MADE = "<!-- Written by docs/render.py: run `make pages` instead of editing. -->"


def front_doors() -> dict[str, ModuleType]:
    """Return every room that has public names, by name."""
    names = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    rooms = {name: importlib.import_module(f"recsys.{name}") for name in names}
    return {name: room for name, room in rooms.items() if hasattr(room, "__all__")}


def root_names() -> list[str]:
    """Return the public names of ``recsys`` itself."""
    return sorted(importlib.import_module("recsys").__all__)


def core_modules() -> list[str]:
    """Return the modules of core, which are imported by name."""
    return sorted(path.stem for path in (PACKAGE / "core").glob("[a-z]*.py"))


def render_api() -> str:
    """Return the API page: one entry for each public name."""
    rooms = front_doors()
    lines = [
        MADE,
        "",
        "# Python API",
        "",
        "Everything listed here is public; anything else may change without notice.",
        "A room is imported by its front door: `from recsys.data import EventLog`.",
        "",
        "## recsys",
        "",
        "The names most programs need, straight from `import recsys`.",
        "",
        "| name | lives in |",
        "|---|---|",
    ]
    lines += [_root_row(name, rooms) for name in root_names()]
    for room, module in rooms.items():
        lines += ["", f"## recsys.{room}", "", first_line(module)]
        for name in sorted(module.__all__, key=str.lower):
            lines += ["", f"::: recsys.{room}.{name}"]
    lines += ["", "## recsys.core", "", first_line(importlib.import_module("recsys.core"))]
    lines += ["These modules are imported by name: `from recsys.core.errors import DataError`."]
    for name in core_modules():
        lines += ["", f"::: recsys.core.{name}"]
    return "\n".join(lines) + "\n"


def _root_row(name: str, rooms: dict[str, ModuleType]) -> str:
    value = getattr(importlib.import_module("recsys"), name)
    if inspect.ismodule(value):
        room = value.__name__
        return f"| `recsys.{name}` | [{room}](#{room.replace('.', '')}) |"
    for room, module in rooms.items():
        if name in module.__all__ and getattr(module, name) is value:
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


PAGES = {"reference/api.md": render_api, "reference/cli.md": render_cli}


def main() -> None:
    """Write both pages."""
    for name, render in PAGES.items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(), encoding="utf-8")
        print(f"wrote docs/{name}")


if __name__ == "__main__":
    main()
