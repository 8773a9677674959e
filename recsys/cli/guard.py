"""Conversion of errors to one line and an exit code.

0 done, 1 failed, 2 wrong usage, 130 stopped by the keyboard, 141 the reader of a pipe left.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from recsys.cli.console import complain, note, shown
from recsys.core.errors import RecsysError, RecsysWarning, clip

FAILED, STOPPED, READER_LEFT = 1, 130, 141

# typer's releases take it from click or bring their own copy: found through its public subclass
USAGE_ERROR: Any = typer.BadParameter.__base__

LONG_WORD = re.compile(r"\S{80,}")
MAX_USAGE = 8000
"""The help of the longest command is shorter."""

HINTS = {
    errno.ENOSPC: "Free some space, then run again.",
    errno.EDQUOT: "Free some space, then run again.",
    errno.EACCES: "Check the permissions, or choose another place.",
    errno.EPERM: "Check the permissions, or choose another place.",
    errno.EROFS: "Choose another place.",
    errno.ENOENT: "Check the path.",
}


@contextmanager
def guarded() -> Iterator[None]:
    """Report errors of the user or the system in one line; bugs keep their traceback.

    Raises
    ------
    typer.Exit
        With the exit code.
    """
    try:
        with _notes():
            yield
    except RecsysError as err:
        _fail(_with_notes(str(err), err))
    except KeyboardInterrupt as err:
        typer.echo(shown(_with_notes("stopped.", err), 1000), err=True)
        raise typer.Exit(STOPPED) from err
    except BrokenPipeError as err:
        _abandon_stdout()
        raise typer.Exit(READER_LEFT) from err
    except OSError as err:
        _drop_what_cannot_be_written()
        _fail(_with_notes(os_error_text(err), err))
    except MemoryError as err:
        _fail(_with_notes("there must be enough memory for this; there is not. Ask for less.", err))


@contextmanager
def short_usage_errors() -> Iterator[None]:
    """Cut the message of wrong usage, which repeats what was typed, to a readable length."""
    try:
        yield
    except USAGE_ERROR as err:
        err.message = LONG_WORD.sub(lambda found: clip(found.group()), err.message)[:MAX_USAGE]
        raise


def os_error_text(err: OSError) -> str:
    """Return the reason, path and remedy of an error of the operating system."""
    what = err.strerror or str(err) or type(err).__name__
    where = f": {err.filename}" if err.filename is not None else ""
    hint = HINTS.get(err.errno or 0, "")
    return f"{what}{where}. {hint}".strip()


def _with_notes(text: str, err: BaseException) -> str:
    return " ".join([text, *getattr(err, "__notes__", ())])


def _fail(text: str) -> None:
    complain(text)
    raise typer.Exit(FAILED)


@contextmanager
def _notes() -> Iterator[None]:
    """Show the library's warnings as notes, each once; those of others as they are."""
    said: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("always", RecsysWarning)
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *rest: Any) -> None:
            if not issubclass(category, RecsysWarning):
                usual(message, category, *rest)
            elif str(message) not in said:
                said.add(str(message))
                note(str(message))

        warnings.showwarning = show  # type: ignore[assignment]  # catch_warnings puts it back
        yield


def _drop_what_cannot_be_written() -> None:
    """Abandon the standard output where what waits for it cannot be written: a full disk."""
    try:
        sys.stdout.flush()
    except OSError:
        _abandon_stdout()


def _abandon_stdout() -> None:
    """Send the rest nowhere, so that the flush at exit does not complain once more."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # no real file behind it
        return
