"""Write ``docs/benchmarks.md`` from the results in ``benchmarks/results/*.json``.

Run by ``make pages``. A test fails when the page is older than the results.

Each results file holds: ``title``; ``what_this_does_not_show`` (a line or a list of lines);
``machine`` and ``versions`` (mappings); ``columns`` (names) and ``rows`` (each a mapping by column,
or a list as long); ``notes`` (a line or a list of lines); ``command``; ``measured_on``. Only
``title``, ``columns`` and ``rows`` are required; with ``page``, the name of a folder here, its
``pages.py`` writes the section from whatever the file holds.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
REQUIRED = ("title", "columns", "rows")

HEAD = """<!-- Written by benchmarks/render.py: run `make pages` instead of editing. -->

# Benchmarks

Every number comes from a file in `benchmarks/results/`; each section names its file and command.
[Limits of these measurements](#limits-of-these-measurements) stand at the end of the page.

## Summary
"""


def load(folder: Path) -> list[dict[str, Any]]:
    """Return every result, in the order of the file names.

    Raises
    ------
    ValueError
        If a file lacks a required entry, or a row does not fit the columns.
    """
    results = []
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        required = REQUIRED[:1] if "page" in result else REQUIRED
        missing = [name for name in required if name not in result]
        if missing:
            raise ValueError(f"{path.name} must have {', '.join(REQUIRED)}; it lacks {missing}.")
        if "page" not in result:
            rows = [_row(row, result["columns"], path.name) for row in result["rows"]]
            result = {**result, "rows": rows}
        results.append({**result, "file": path.name})
    return results


def _row(row: Any, columns: list[str], file: str) -> list[Any]:
    strangers = set(row) - set(columns) if isinstance(row, Mapping) else set()
    if strangers or (not isinstance(row, Mapping) and len(row) != len(columns)):
        raise ValueError(f"{file}: a row must fit the columns {columns}; one is {row}.")
    return [row.get(name) for name in columns] if isinstance(row, Mapping) else list(row)


def render(results: list[dict[str, Any]]) -> str:
    """Return the page: summary and pictures, one section for each file, and their limits."""
    parts = [HEAD]
    for result in results:
        if "page" in result and hasattr(_page(result["page"]), "summary"):
            parts += [*_page(result["page"]).summary(result), ""]
    pictures = [f"{one['title']}.\n\n{_picture(one)}\n" for one in results if _picture(one)]
    parts += ["### Speed", "", *pictures] if pictures else []
    parts += [] if results else ["Nothing is measured yet.", ""]
    for result in results:
        parts += [*section(result), ""]
    limits = {line: None for one in results for line in lines_of(one, "what_this_does_not_show")}
    parts += ["## Limits of these measurements", "", *[f"* {line}" for line in limits]]
    return "\n".join(parts) + "\n"


def section(result: dict[str, Any]) -> list[str]:
    """Return the lines of one result: a table, notes, and where it comes from."""
    out = _table(result) if "page" not in result else list(_page(result["page"]).sections(result))
    notes = lines_of(result, "notes")
    out += ["", *[f"* {line}" for line in notes]] if notes else []
    out += ["", f"Results file: `benchmarks/results/{result['file']}`."]
    if result.get("command"):
        out += [f"Made by: `{result['command']}`."]
    if result.get("measured_on"):
        out += [f"Measured on: {result['measured_on']}."]
    for name in ("machine", "versions"):
        if result.get(name):
            out += [f"{name.capitalize()}: {facts(result[name])}."]
    return out


def _table(result: dict[str, Any]) -> list[str]:
    out = [f"## {result['title']}", ""]
    out += [f"| {' | '.join(cell(name) for name in result['columns'])} |"]
    out += ["|" + "---|" * len(result["columns"])]
    return out + [f"| {' | '.join(cell(value) for value in row)} |" for row in result["rows"]]


def _picture(result: dict[str, Any]) -> str:
    """Return the picture that goes with a results file; empty if none was drawn."""
    name = f"{Path(str(result.get('file', ''))).stem.replace('_', '-')}.svg"
    drawn = (PAGE.parent / "pictures" / name).is_file()
    return f"![{result['title']}](pictures/{name})" if drawn else ""


def _page(name: str) -> ModuleType:
    """Return ``benchmarks/NAME/pages.py``, which makes the lines of such results."""
    path = Path(__file__).parent / name / "pages.py"
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}_pages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def facts(value: Any) -> str:
    """Return a mapping as ``name value, name value``.

    Examples
    --------
    >>> facts({"cores": 2, "python": "3.11"})
    'cores 2, python 3.11'
    """
    if not isinstance(value, Mapping):
        return str(value)
    return ", ".join(f"{name} {cell(one)}" for name, one in value.items())


def cell(value: Any) -> str:
    """Return one cell: four significant digits, nothing for None, no broken table.

    Examples
    --------
    >>> [cell(one) for one in (0.123456, 1234.5678, 7, None, "a|b", True)]
    ['0.1235', '1235', '7', '', 'a\\\\|b', 'yes']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, list | tuple):
        return " to ".join(cell(one) for one in value)
    return " ".join(str(value).split()).replace("|", "\\|")


def lines_of(result: dict[str, Any], name: str) -> list[str]:
    """Return an entry that may be absent, one line or a list of lines."""
    value = result.get(name) or []
    return [value] if isinstance(value, str) else [str(line) for line in value]


def main() -> None:
    """Write the page."""
    try:
        text = render(load(RESULTS))
    except ValueError as err:
        sys.exit(str(err))
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
