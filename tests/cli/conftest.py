"""The command line run inside the test's own process, and small data to run it on."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from recsys.cli import main

Run = Callable[..., "CompletedProcess[str]"]
WriteCsv = Callable[[str, Mapping[str, Sequence[object]]], Path]

TASTES = ("gates", "noise", "hardware")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; its exit code and what it printed come back."""

    def call(*args: object) -> "CompletedProcess[str]":
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return CompletedProcess([str(arg) for arg in args], int(stop.value.code or 0), out, err)

    return call


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Write columns to a CSV file in the test's own folder."""

    def write(name: str, columns: Mapping[str, Sequence[object]]) -> Path:
        return _write(tmp_path / name, columns)

    return write


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with events.csv, items.csv and users.csv: 24 people, 18 items, three tastes."""
    folder = tmp_path_factory.mktemp("world")
    events = [
        (f"u{user}", f"q{item}", "like", f"2024-01-{1 + (user + 2 * item) % 28:02d}T10:00:00Z")
        for user in range(24)
        for item in range(18)
        if item % 3 == user % 3 and (user + item) % 4
    ]
    events.append(("-odd one", "q1", "like", "2024-01-28T10:00:00Z"))
    _write(
        folder / "events.csv",
        dict(
            zip(
                ("user_id", "item_id", "kind", "occurred_at"),
                zip(*events, strict=True),
                strict=True,
            )
        ),
    )
    _write(
        folder / "items.csv",
        {
            "item_id": [f"q{item}" for item in range(20)],
            "title": [f"Question {item} on {TASTES[item % 3]}" for item in range(20)],
            "tags": [f"{TASTES[item % 3]}|level-{item % 2}" for item in range(20)],
            "format": ["video" if item % 2 else "article" for item in range(20)],
        },
    )
    _write(
        folder / "users.csv",
        {
            "user_id": ["u0", "says-much", "says-nothing"],
            "declared_tags": ["", "noise", ""],
            "consent": ["", "", "personalise"],
        },
    )
    return folder


@pytest.fixture(scope="session")
def model(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model of the world."""
    path = tmp_path_factory.mktemp("saved") / "model"
    files = [
        f"--events={world / 'events.csv'}",
        f"--items={world / 'items.csv'}",
        f"--users={world / 'users.csv'}",
    ]
    with pytest.raises(SystemExit) as stop:
        main(["fit", *files, "--preset=fast", f"--out={path}"])
    assert not stop.value.code
    return path


def _write(path: Path, columns: Mapping[str, Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return path
