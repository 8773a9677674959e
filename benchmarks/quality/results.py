"""The results file: rows appear one by one, whole or not at all, also with several runs at once."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.quality.datasets import TASKS

ROOT = Path(__file__).resolve().parents[2]
RESULTS = harness.RESULTS / "quality.json"

PROTOCOL = 1
"""Raised when rows made before can no longer be compared with rows made now."""

CAVEATS = (
    "Quality: in citeulike and lastfm people typed the tags while saving the very items that are "
    "in the test, so tags know part of the answer. Numbers with tags compare with each other (the "
    "same tags for all), not with published numbers.",
    "Quality: gowalla, lastfm and movies are 5-core or 10-core: people and items with few events "
    "were removed by whoever made them, which is where a recommender is hardest.",
    "Quality: the test files are public and were seen by everyone who published on them. Our "
    "presets were chosen on parts cut from train, but the ideas in them come from papers that "
    "report these test files.",
    "Quality: the search of each peer is small (a fixed grid for equal seconds, one seed). With "
    "more time a peer may do better; so may we, whose presets are not searched per data set.",
    "Quality: one machine, one thread, one run. Fit seconds are seconds of the processor, the "
    "median of three where a fit is short; memory is the peak of one process.",
    "Quality: community has about fifty people in its test, most of it on questions younger than "
    "the cut, which the catalog shows with their time: too easy for everyone who uses tags.",
    "Offline hits measure what people did anyway, not what a recommendation changes.",
)


def load(path: Path) -> dict[str, Any]:
    """Return the results so far."""
    if not path.exists():
        return {"rows": [], "data": {}, "anchors": []}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def row_of(results: Mapping[str, Any], data: str, model: str) -> dict[str, Any] | None:
    """Return the row of a model on a data set; None if there is none."""
    same = (one for one in results["rows"] if (one["data"], one["model"]) == (data, model))
    return next(same, None)


@contextmanager
def changing(path: Path) -> Iterator[dict[str, Any]]:
    """Give the results to change, and write them whole; others wait meanwhile."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = Path(os.environ.get("TMPDIR", "/tmp")) / f"recsys-quality-{_short(str(path))}.lock"  # noqa: S108
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        results = load(path)
        yield results
        part = path.with_suffix(".part")
        part.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(path)


def put(path: Path, row: dict[str, Any], *, data: Mapping[str, Any], head: dict[str, Any]) -> None:
    """Put a row in the place of the older one, and say what the file was made with."""
    with changing(path) as results:
        rows = [
            one
            for one in results["rows"]
            if (one["data"], one["model"]) != (row["data"], row["model"])
        ]
        known = {**results.get("data", {}), row["data"]: dict(data)}
        order = [*(name for name in TASKS if name in known), *(set(known) - set(TASKS))]
        parts = {
            "data": {name: known[name] for name in order},
            "anchors": results.get("anchors", []),
            "rows": [*rows, row],
        }
        results.clear()
        results.update({**head, **parts})


def fingerprint(**parts: Any) -> str:
    """Return 16 digits that change when what a row is made of changes."""
    return _short(json.dumps({"protocol": PROTOCOL, **parts}, sort_keys=True, default=str))


def revision() -> str:
    """Return the commit of the project, marked where the library was changed since."""
    return _git("rev-parse", "HEAD") + _dirty()


def library_tree() -> str:
    """Return the name of the library's content in git: the same for commits that left it alone."""
    return _git("rev-parse", "HEAD:recsys") + _dirty()


def _dirty() -> str:
    changes = _git("status", "--porcelain", "recsys")
    return f"+{_short(_git('diff', 'HEAD', '--', 'recsys') + changes)}" if changes else ""


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words],  # noqa: S607  # whichever git the person uses
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip() if words[0] != "status" else done.stdout.rstrip()


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def values_file(cache: Path, data: str, model: str, fingerprint: str) -> Path:
    """Return where the values per person of a row are kept."""
    return cache / "values" / f"{data}--{model.replace(' ', '-')}--{fingerprint}.npz"
