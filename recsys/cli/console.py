"""Terminal output: lines, prose and tables of 80 columns, without control characters."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 78
MAX_LINE = 1000
"""Most characters of an error or a note."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a printed table.

    Attributes
    ----------
    title : str
        Its heading.
    width : int
        Values are cut to so many characters.
    align : {"left", "right"}
        Numbers stand on the right.
    """

    title: str
    width: int = 40
    align: Literal["left", "right"] = "left"


def say(text: str = "") -> None:
    """Print one line on stdout as it is: paths, commands, ids for the next program."""
    typer.echo(text)


def prose(text: str, *, bullet: str = "") -> None:
    """Print text on stdout, broken at spaces only; ``bullet`` stands before its first line."""
    typer.echo(
        textwrap.fill(
            printable(text),
            width=WIDTH,
            initial_indent=bullet,
            subsequent_indent=" " * len(bullet),
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def program() -> str:
    """Return how to call this program again: ``recsys``, or its path where that is another.

    A newcomer who runs ``.venv/bin/recsys`` has no ``recsys`` on the path.
    """
    called = Path(sys.argv[0])
    found = shutil.which("recsys")
    if called.name != "recsys" or (found and Path(found).resolve() == called.resolve()):
        return "recsys"
    return shlex.quote(str(called))


def heading(text: str) -> None:
    """Print the title of a section on stdout, underlined."""
    text = shown(text, WIDTH)
    typer.echo(f"\n{text}\n{'-' * len(text)}")


def note(text: str) -> None:
    """Print one line on stderr, above a progress bar if there is one."""
    stderr().print(f"note: {shown(text, MAX_LINE)}", soft_wrap=True)


def complain(text: str) -> None:
    """Print the one line on stderr that says why the command failed."""
    typer.echo(f"error: {shown(text, MAX_LINE)}", err=True)


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on stdout."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    out = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        out.add_column(Text(column.title), justify=column.align, overflow="fold")
    for row in rows:
        cells = zip(row, columns, strict=True)
        out.add_row(*(Text(shown(value, column.width)) for value, column in cells))
    with _stdout().capture() as printed:  # else rich itself ends the program when a pipe breaks
        _stdout().print(out)
    typer.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def shown(value: object, width: int = 60) -> str:
    r"""Return a value as one short line without control characters; "" for None.

    Examples
    --------
    >>> shown("two\nlines and more", 9)
    'two line…'
    """
    text = "" if value is None else printable(str(value)[: 8 * width])
    return text if len(text) <= width else text[: width - 1] + "…"


def printable(text: str) -> str:
    r"""Return text with white space merged and control characters (escape codes) left out.

    Examples
    --------
    >>> printable("a \x1b[31m b")
    'a [31m b'
    """
    words = "".join(char if char.isprintable() else " " for char in text.replace("\x1b", ""))
    return " ".join(words.split())


@cache
def stderr() -> Console:
    """Return the console of notes and progress bars."""
    return _console(stderr=True)


@cache
def _stdout() -> Console:
    return _console(stderr=False)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    # ids and titles are data: "[b]" and ":smile:" in them are no instructions
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)
