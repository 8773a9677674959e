"""The `recsys` command and its subcommands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from recsys.cli.commands.bench import bench
from recsys.cli.commands.config import config
from recsys.cli.commands.demo import demo
from recsys.cli.commands.digest import digest
from recsys.cli.commands.evaluate import evaluate
from recsys.cli.commands.fit import fit
from recsys.cli.commands.inspect import inspect
from recsys.cli.commands.observe import observe
from recsys.cli.commands.profile import profile
from recsys.cli.commands.recommend import recommend
from recsys.cli.commands.similar import similar
from recsys.cli.commands.tune import tune
from recsys.cli.commands.verify import verify
from recsys.cli.console import say
from recsys.cli.guard import guarded, short_usage_errors

COMMANDS = (
    demo, inspect, config, tune, fit, recommend, similar, profile, observe, evaluate, digest,
    verify, bench,
)  # fmt: skip


class GuardedGroup(TyperGroup):
    """The commands, with errors turned into one line and an exit code."""

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Read the options that come before the command."""
        with short_usage_errors():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        with guarded(), short_usage_errors():
            return super().invoke(ctx)


app = typer.Typer(
    name="recsys",
    cls=GuardedGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help starts twice as fast, and reads the same in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            say(f"recsys {version('recsys-engine')}")
        except PackageNotFoundError:
            say("recsys (not installed)")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Recommendations, profiles and digests for communities.

    Begin with `recsys demo`. Every command takes `--json FILE` (`-` is stdout) and ends with exit
    code 0 when done, 1 when it failed (one line says why) and 2 when it was used wrongly.
    """


for _command in COMMANDS:
    app.command()(_command)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Parameters
    ----------
    args : sequence of str or None
        What follows the program's name; None takes it from the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a letter gets its code
            stream.reconfigure(errors="backslashreplace")
    app(None if args is None else list(args), prog_name="recsys")
