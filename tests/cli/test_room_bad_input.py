"""Bad input: one clear line with file, line, column and what to do; nothing written; exit 1."""

import gzip
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., "CompletedProcess[str]"]

GOOD = "user_id,item_id,kind,value,occurred_at\nana,q1,like,1,2024-01-01\n"


def events(row: str) -> bytes:
    return (GOOD + row + "\n").encode()


BAD_EVENTS: dict[str, tuple[bytes, list[str]]] = {
    "missing column": (b"user,item_id\nana,q1\n", ["user_id", "--columns user_id="]),
    "empty file": (b"", ["empty"]),
    "white space only": (b" \n\n", ["empty"]),
    "header only": (b"user_id,item_id\n", ["at least one row"]),
    "binary garbage": (bytes(range(256)) * 20, ["must be CSV"]),
    "text-like garbage": (b"\x89\xfe\xd0" * 99, ["UTF-8"]),
    "wrong encoding": (GOOD.encode() + "anaé,q1,like,1,2024-01-01".encode("latin-1"),
                       ["line 3", "UTF-8"]),
    "UTF-16": (GOOD.encode("utf-16"), ["UTF-16", "UTF-8"]),
    "truncated gzip": (gzip.compress(GOOD.encode() * 50, mtime=0)[:-20], ["gzip"]),
    "damaged gzip": (gzip.compress(GOOD.encode(), mtime=0)[:12] + b"\xff" * 60, ["gzip"]),
    "NaN": (events("bo,q1,like,nan,2024-01-01"), ["line 3", "column value", "finite"]),
    "infinity": (events("bo,q1,like,inf,2024-01-01"), ["line 3", "column value", "finite"]),
    "minus infinity": (events("bo,q1,like,-Infinity,2024-01-01"), ["line 3", "column value"]),
    "no number": (events("bo,q1,like,much,2024-01-01"), ["line 3", "column value"]),
    "unreadable date": (events("bo,q1,like,1,yesterday"), ["line 3", "column occurred_at"]),
    "impossible date": (events("bo,q1,like,1,2024-02-31"), ["line 3", "column occurred_at"]),
    "future date": (events("bo,q1,like,1,2999-01-01"), ["line 3", "column occurred_at"]),
    "a million characters": (events("x" * 10**6 + ",q1,like,1,2024-01-01"),
                             ["line 3", "column user_id", "1,024"]),
    "a million characters in an item": (events("bo," + "x" * 10**6 + ",like,1,2024-01-01"),
                                        ["line 3", "column item_id"]),
    "a kind of a million characters": (events("bo,q1," + "x" * 10**6 + ",1,2024-01-01"),
                                       ["line 3", "column kind"]),
    "no id": (events(",q1,like,1,2024-01-01"), ["line 3", "column user_id"]),
    "unknown kind": (events("bo,q1,lik,1,2024-01-01"), ["line 3", "column kind", "'like'"]),
    "too many fields": (events("bo,q1,like,1,2024-01-01,more"), ["line 3"]),
    "column named twice": (b"user_id,item_id,item_id\na,b,c\n", ["item_id"]),
    "broken JSON": (b'{"user_id": "a", "item_id": "q"}\n{"user_id": \n', ["line 2"]),
}  # fmt: skip

BAD_ITEMS: dict[str, tuple[bytes, list[str]]] = {
    "duplicate item": (b"item_id,title\nq1,One\nq2,Two\nq1,Again\n",
                       ["line 4", "column item_id", "line 2"]),
    "missing column": (b"id,title\nq1,One\n", ["item_id", "--columns item_id="]),
    "unreadable date": (b"item_id,published_at\nq1,soon\n", ["line 2", "column published_at"]),
    "unknown status": (b"item_id,status\nq1,activ\n", ["line 2", "column status", "'active'"]),
    "empty file": (b"", ["empty"]),
}  # fmt: skip

BAD_TAGS: dict[str, tuple[bytes, list[str]]] = {
    "weight of zero": (b"item_id,tag,weight\nq1,gates,0\n", ["line 2", "column weight"]),
    "NaN weight": (b"item_id,tag,weight\nq1,gates,NaN\n", ["line 2", "column weight"]),
    "negative weight": (b"item_id,tag,weight\nq1,gates,-1\n", ["line 2", "column weight"]),
}

BAD_USERS: dict[str, tuple[bytes, list[str]]] = {
    "duplicate person": (b"user_id\nana\nbo\nana\n", ["line 4", "column user_id"]),
    "unknown scope": (b"user_id,consent\nana,everything\n", ["line 2", "column consent"]),
}


def check(done: "CompletedProcess[str]", *wanted: str, folder: Path, kept: set[str]) -> None:
    """One clear line on stderr, nothing on stdout, nothing written, exit code 1."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 1100
    for text in wanted:
        assert text in done.stderr
    assert {one.name for one in folder.iterdir()} == kept


@pytest.mark.parametrize("name", BAD_EVENTS)
def test_bad_events_are_refused_in_one_line(run: Run, tmp_path: Path, name: str) -> None:
    content, wanted = BAD_EVENTS[name]
    path = tmp_path / "events.csv"
    path.write_bytes(content)
    done = run("fit", "--events", path, "--out", tmp_path / "m", "--json", tmp_path / "j.json")
    check(done, str(path), *wanted, folder=tmp_path, kept={"events.csv"})


@pytest.mark.parametrize(
    ("option", "name"),
    [
        *(("items", name) for name in BAD_ITEMS),
        *(("item-tags", name) for name in BAD_TAGS),
        *(("users", name) for name in BAD_USERS),
    ],
)
def test_bad_items_tags_and_people_are_refused_in_one_line(
    run: Run, tmp_path: Path, option: str, name: str
) -> None:
    content, wanted = {"items": BAD_ITEMS, "item-tags": BAD_TAGS, "users": BAD_USERS}[option][name]
    path, good = tmp_path / "other.csv", tmp_path / "events.csv"
    path.write_bytes(content)
    good.write_text(GOOD, encoding="utf-8")
    done = run("fit", "--events", good, f"--{option}", path, "--out", tmp_path / "m")
    check(done, str(path), *wanted, folder=tmp_path, kept={"events.csv", "other.csv"})


@pytest.mark.parametrize("option", ["--events", "--items", "--item-tags", "--users"])
@pytest.mark.parametrize("name", ["none.csv", "folder"])
def test_a_missing_file_and_a_folder_are_refused_in_one_line(
    run: Run, tmp_path: Path, option: str, name: str
) -> None:
    good = tmp_path / "events.csv"
    good.write_text(GOOD, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    done = run("fit", "--events", good, option, tmp_path / name, "--out", tmp_path / "m")
    check(done, name, folder=tmp_path, kept={"events.csv", "folder"})


@pytest.mark.parametrize("k", [0, -1, -(10**30)])
@pytest.mark.parametrize("command", ["recommend", "similar"])
def test_a_list_needs_at_least_one_place(
    run: Run, model: Path, tmp_path: Path, command: str, k: int
) -> None:
    who = "--user=u0" if command == "recommend" else "--item=q0"
    done = run(command, model, who, "-k", k, "--json", tmp_path / "j.json")
    check(done, "k must be", folder=tmp_path, kept=set())


@pytest.mark.parametrize("name", ["kind", "columns"])
def test_evaluate_and_inspect_refuse_as_fit_does(run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(events("bo,q1,lik,1,2024-01-01") if name == "kind" else b"user\nana\n")
    for args in (
        ("evaluate", "--train", path, "--test", path),
        ("inspect", "--events", path, "--on-bad-row", "stop"),
    ):
        done = run(*args, "--json", tmp_path / "j.json")
        check(done, str(path), folder=tmp_path, kept={"events.csv"})


def test_a_record_cannot_be_a_folder(run: Run, model: Path, tmp_path: Path) -> None:
    done = run("recommend", model, "--user", "u0", "--json", tmp_path)
    check(done, "--json must name a file", folder=tmp_path, kept=set())
