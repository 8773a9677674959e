"""The log of a search, one trial a line: what a killed search goes on from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from recsys.core.config import Config
from recsys.core.errors import ConfigError, DataError

FORMAT = "recsys tune 1"

Outcome = Literal["default", "better", "not better", "much worse", "failed"]


class Trial(Config):
    """One configuration that was tried."""

    number: int
    """From 0, the configuration the search began with."""
    block: str = ""
    """The block whose settings were changed; empty for trial 0."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """The settings that were searched in this block, with the values of this trial."""
    outcome: Outcome
    """``better`` trials are what the next ones start from; ``much worse`` ones were given up after
    the first validation part; ``failed`` ones could not be fitted."""
    value: float
    """Mean of the metric over the people searched on; in a trial that was given up, over those of
    the first part, whose people are others."""
    gain: float = 0.0
    """Mean over people of the difference to the best configuration before this trial."""
    gain_error: float = 0.0
    """Standard error of that mean."""
    seconds: float
    """How long the trial took."""


class TuningLog:
    """A file of trials in JSON Lines: a line that says of what, then one line for each trial.

    Parameters
    ----------
    path : Path
        The file. Nothing is read or written before :meth:`begin`.
    resume : bool
        Whether a search goes on from a file that exists; there need not be one.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = Path(path)
        self.resume = resume

    def check(self) -> None:
        """Raise if the log could not be begun.

        Raises
        ------
        ConfigError
            If the file exists and is not to be resumed, or its folder does not exist.
        """
        if not self.path.parent.is_dir():
            raise ConfigError(
                f"the folder of the log must exist; {self.path.parent} does not. Make it, or name "
                "another log."
            )
        if self.path.exists() and (not self.resume or self.path.is_dir()):
            raise ConfigError(
                f"the log must be a new file; {self.path} exists. Resume that search, remove the "
                "file, or name another log."
            )

    def begin(self, about: Mapping[str, Any]) -> list[Trial]:
        """Return the trials of the search that is resumed; begin the file where there is none.

        Parameters
        ----------
        about : mapping
            Plain values that say what is searched: data, settings, seed. A search is only resumed
            where all of them are the same.

        Raises
        ------
        ConfigError
            As :meth:`check`, and if the file is of another search.
        DataError
            If the file is no log.
        """
        self.check()
        about = {"format": FORMAT, **about}
        if not self.path.exists():
            self.path.write_text(_line(about), encoding="utf-8")
            return []
        lines, whole = _whole_lines(self.path)
        if not lines:
            self.path.write_text(_line(about), encoding="utf-8")
            return []
        _check_same(_parsed(self.path, 1, lines[0]), about, path=self.path)
        trials = [
            Trial.from_dict(_parsed(self.path, at, line))
            for at, line in enumerate(lines[1:], start=2)
        ]
        with self.path.open("r+b") as file:  # a line cut off by a kill is not a trial
            file.truncate(whole)
        return trials

    def add(self, trial: Trial) -> None:
        """Append a trial, so that it is there whatever happens next."""
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(_line(trial.to_dict()))


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def _whole_lines(path: Path) -> tuple[list[bytes], int]:
    """Return the lines that end in a newline, and the bytes they take together."""
    text = path.read_bytes()
    whole = text.rfind(b"\n") + 1
    return text[:whole].splitlines(), whole


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (UnicodeDecodeError, json.JSONDecodeError) as err:
        raise DataError(
            f"{path} must be the log of a search; line {number} is no JSON. Name another log."
        ) from err
    if not isinstance(record, dict):
        raise DataError(
            f"{path} must be the log of a search; line {number} holds no trial. Name another log."
        )
    return record


def _check_same(found: dict[str, Any], about: Mapping[str, Any], *, path: Path) -> None:
    if found.get("format") != FORMAT:
        raise DataError(f"{path} must be the log of a search; it is not. Name another log.")
    other = sorted(name for name in {*found, *about} if found.get(name) != about.get(name))
    if other:
        raise ConfigError(
            f"a search must be resumed with what it was begun with; {path} differs in "
            f"{', '.join(other)}. Give the same data and settings, or name another log."
        )
