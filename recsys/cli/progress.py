"""Progress of long commands: a bar on a terminal, one line per stage elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from recsys.cli.console import shown, stderr
from recsys.core.progress import Progress, split_detail

QUIET_SECONDS = 5.0
"""Work shorter than this prints no stage without a terminal: cron mails every line."""


@contextmanager
def working() -> Iterator[Progress]:
    """Yield a progress callback that reports on stderr."""
    if not stderr().is_terminal:
        yield Lines()
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=stderr(), transient=True) as bars:
        task = bars.add_task("start", total=None)

        def report(stage: str, done: int, total: int) -> None:
            bars.update(task, description=shown(stage, 44), completed=done, total=total or None)

        yield report


class Lines:
    """A progress callback that prints a line on stderr when a stage begins for the first time.

    What is measured on the way (the loss of each epoch) is printed too, at most every
    ``quiet_seconds``.

    Parameters
    ----------
    quiet_seconds : float
        Stages that begin earlier than this are not printed.
    """

    def __init__(self, quiet_seconds: float = QUIET_SECONDS) -> None:
        self._quiet_seconds = quiet_seconds
        self._loud_from = self._next_detail = time.perf_counter() + quiet_seconds
        self._said: set[str] = set()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take a report."""
        name, detail = split_detail(stage)
        now = time.perf_counter()
        if detail and now >= self._next_detail:
            self._next_detail = now + self._quiet_seconds
            self._said.add(name)
            typer.echo(f"{shown(name, 40)} {done}/{total}, {shown(detail, 60)}", err=True)
        elif name not in self._said:
            self._said.add(name)
            if now >= self._loud_from:
                typer.echo(f"{shown(name, 60)} ...", err=True)
