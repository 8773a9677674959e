"""Finished chunks of a run that is not finished, so that it can be continued."""

from __future__ import annotations

import json
import re
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.core.errors import DataError
from recsys.core.storage import atomic_file
from recsys.digest.letter import Digest
from recsys.digest.tally import DigestCounts

HEADER = "journal.json"
LINE_ENDS = (("\u2028", "\\u2028"), ("\u2029", "\\u2029"), ("\x85", "\\u0085"))


@dataclass(frozen=True, slots=True)
class Journal:
    """A folder beside the output: one JSON Lines file for each finished chunk, and its counts.

    A chunk counts as finished once its ``.json`` is there; that is written last.
    """

    folder: Path

    @classmethod
    def open(cls, target: Path, header: dict[str, Any], *, resume: bool) -> Journal:
        """Begin the journal of ``target``, or with ``resume`` continue the one that is there.

        Parameters
        ----------
        target : Path
            What the run will write at last; the journal is ``<target>.part``.
        header : dict
            What must be the same for a run to be continued; plain JSON values.
        resume : bool
            False: an older journal is thrown away.

        Raises
        ------
        DataError
            If the journal is of another run, or the folder is not a journal.
        """
        folder = _beside(target)
        old = cls.header(target)
        if old is not None and resume:
            _check_same(old, header, folder)
            return cls(folder)
        if folder.exists():
            shutil.rmtree(folder)
        with atomic_file(folder / HEADER) as file:
            json.dump(header, file, default=str)
        return cls(folder)

    @staticmethod
    def header(target: Path) -> dict[str, Any] | None:
        """Return what the journal of ``target`` was begun with, None where there is no journal.

        Raises
        ------
        DataError
            If something else is in its place.
        """
        folder = _beside(target)
        if not folder.exists():
            return None
        path = folder / HEADER
        if not path.is_file():
            if folder.is_dir() and all(_is_ours(one) for one in folder.iterdir()):
                return None  # of a run that was stopped while it began or ended
            raise DataError(
                f"{folder} must be free for the journal of this run; something else is there. "
                "Move it or choose another name."
            )
        header: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return header

    def counts(self, number: int, ids: Sequence[object]) -> DigestCounts | None:
        """Return the counts of a finished chunk, None where it is not finished.

        Raises
        ------
        DataError
            If that chunk was of other people.
        """
        path = self._path(number, "json")
        if not path.exists():
            return None
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["people"] != _fingerprint(ids):
            raise DataError(
                f"people must come in the same order to continue; chunk {number} of {self.folder} "
                "is of others. Start over without resume."
            )
        return DigestCounts.from_dict(record["counts"])

    def add(
        self, number: int, ids: Sequence[object], *, digests: Sequence[Digest], counts: DigestCounts
    ) -> None:
        """Keep a finished chunk."""
        with atomic_file(self._path(number, "jsonl")) as file:
            file.writelines(to_line(digest) for digest in digests)
        with atomic_file(self._path(number, "json")) as file:
            json.dump({"people": _fingerprint(ids), "counts": counts.to_dict()}, file)

    def parts(self) -> list[Path]:
        """Return the JSON Lines files of all finished chunks, in order."""
        return [
            path.with_suffix(".jsonl")
            for path in sorted(self.folder.glob("*.json"))
            if path.name != HEADER
        ]

    def records(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the records of each finished chunk."""
        for part in self.parts():
            yield read_part(part)

    def digests(self) -> Iterator[Digest]:
        """Yield the digests of all finished chunks."""
        for records in self.records():
            yield from map(Digest.from_dict, records)

    def remove(self) -> None:
        """Throw the journal away."""
        with suppress(OSError):
            # its header goes first: a journal that is stopped here is none
            (self.folder / HEADER).unlink(missing_ok=True)
            shutil.rmtree(self.folder)

    def _path(self, number: int, suffix: str) -> Path:
        return self.folder / f"{number:08d}.{suffix}"


def to_line(digest: Digest) -> str:
    r"""Return a digest as one line of JSON, line end included.

    Examples
    --------
    >>> to_line(Digest("ana", "i", "t", "s", True, (), None)).endswith('"shortfall": null}\n')
    True
    """
    line = json.dumps(digest.to_dict(), ensure_ascii=False, allow_nan=False, default=str)
    for end, escaped in LINE_ENDS:  # else Python's splitlines would cut within a title
        line = line.replace(end, escaped)
    return line + "\n"


def read_part(path: Path) -> list[dict[str, Any]]:
    """Return the records of one JSON Lines file."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


def _is_ours(path: Path) -> bool:
    """Return True if a file is one that a journal makes, finished or not."""
    return re.fullmatch(r"\.?(\d{8}|journal)\.jsonl?(\.\w+)?", path.name) is not None


def _beside(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _check_same(old: dict[str, Any], new: dict[str, Any], folder: Path) -> None:
    new = json.loads(json.dumps(new, default=str))
    different = [name for name in new if old.get(name) != new[name]]
    if different:
        raise DataError(
            f"a run can be continued only as it was begun; {', '.join(different)} changed since "
            f"{folder} was written. Start over without resume."
        )


def _fingerprint(ids: Sequence[object]) -> int:
    return zlib.crc32("\n".join(map(repr, ids)).encode("utf-8", "backslashreplace"))
