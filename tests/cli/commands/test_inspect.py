import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., "CompletedProcess[str]"]
WriteCsv = Callable[[str, Mapping[str, Sequence[object]]], Path]


def test_the_files_are_reported_within_eighty_columns(run: Run, world: Path) -> None:
    done = run(
        "inspect", "--events", world / "events.csv", "--items", world / "items.csv",
        "--users", world / "users.csv",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    # u0 to u23, the odd one, and two who only declare
    assert "27 people and 20 items in all" in done.stdout
    assert "2 item(s) have no event" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_bad_rows_are_listed_and_the_rest_is_counted(run: Run, write_csv: WriteCsv) -> None:
    path = write_csv("e.csv", {"user_id": ["a", "b"], "item_id": ["q", "q"], "kind": ["viw", ""]})
    done = run("inspect", "--events", path, "--json", "-")
    record = json.loads(done.stdout)
    assert record["counts"]["n_events"] == 1
    assert record["trouble"]["n_rows"] == 1
    assert record["trouble"]["rows"][0]["line"] == 2
    done = run("inspect", "--events", path)
    assert "1 row(s) break the contract" in done.stdout
    assert "line 2, column kind" in " ".join(done.stdout.split())


def test_it_stops_at_a_bad_row_when_asked(run: Run, write_csv: WriteCsv) -> None:
    path = write_csv("e.csv", {"user_id": ["a"], "item_id": ["q"], "kind": ["viw"]})
    assert run("inspect", "--events", path, "--on-bad-row", "stop").returncode == 1


def test_items_alone_can_be_inspected(run: Run, world: Path) -> None:
    done = run("inspect", "--items", world / "items.csv")
    assert done.returncode == 0
    assert "20 item(s) have no event" in done.stdout


def test_nothing_to_inspect_is_wrong_usage(run: Run) -> None:
    assert run("inspect").returncode == 2
