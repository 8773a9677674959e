"""Files: as they come"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import recsys
from recsys.cli.ids import read_ids
from recsys.core.errors import DataError


def events(text: str | bytes, name: str = "e.csv") -> Callable[[Path], Any]:
    def run(folder: Path) -> Any:
        raw = text.encode() if isinstance(text, str) else text
        (folder / name).write_bytes(raw)
        log = recsys.EventLog.read(folder / name)
        return list(zip(log.users.ids(log.user_rows), log.items.ids(log.item_rows), strict=True))

    return run


def people(text: str) -> Callable[[Path], Any]:
    """Read a file of people to serve."""

    def run(folder: Path) -> Any:
        (folder / "users.txt").write_text(text, encoding="utf-8")
        return read_ids(folder / "users.txt", column="user_id")

    return run


def frame(columns: Any) -> Callable[[Path], Any]:
    return lambda _: recsys.EventLog.from_frame(columns).users.ids().tolist()


ROW = {"user_id": "a", "item_id": "x"}
AX = "[('a', 'x')]"
RECORDS = [
    ("commas", "read", AX, events("user_id,item_id\na,x\n")),
    ("tabs", "read", AX, events("user_id\titem_id\na\tx\n")),
    ("semicolons", "read", AX, events("user_id;item_id\na;x\n")),
    ("semicolons, a comma in a quoted name", "read", AX,
     events('user_id;item_id;"name, full"\na;x;y\n')),
    ("sep=; of a spreadsheet", "read", AX, events("sep=;\nuser_id;item_id\na;x\n")),
    ("sep=, and \\r\\n", "read", AX, events("sep=,\r\nuser_id,item_id\r\na,x\r\n")),
    ("gzip", "read", AX, events(gzip.compress(b"user_id,item_id\na,x\n"))),
    ("bars", "refused", "they are separated by |", events("user_id|item_id\na|x\n")),
    ("1::1193::5", "refused", "they are separated by ::", events("1::1193::5\n1::661::3\n")),
    ("spaces", "refused", "they are separated by spaces", events("user_id item_id\na x\n")),
    ("no header", "refused", "there is no header", events("196\t242\t3\n186\t302\t3\n")),
    ("HTML", "refused", "it is a page of HTML", events("<!DOCTYPE html>\n<p>Not found</p>\n")),
    ("XML", "refused", "it is XML", events("<?xml version='1.0'?>\n<a/>\n")),
    ("a Git LFS pointer", "refused", "a Git LFS pointer",
     events("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n")),
    ("joined files", "refused", "line 3, column user_id: must be an id; this is the header again",
     events("user_id,item_id\na,x\nuser_id,item_id\nb,y\n")),
    ("one quote that never closes", "refused", "line 2: a quoted field must end",
     events('user_id,item_id,t\na,x,"open\nb,y,z\n')),
    ("two quotes that never close", "refused", "line 2: a quoted field must end",
     events('user_id\titem_id\tt\nana\tq1\t"weird\nbo\tq2\tplain\ncy\tq3\t"other\n')),
    ("four quotes that never close", "refused", "a quoted field must end", events(
        "user_id,item_id,t\n" + "".join(f'{one},q,"odd\nz,q,plain\n' for one in "abcd"))),
    ("a quoted field of two lines", "read", AX,
     events('user_id,item_id,t\na,x,"one, ""two""\nb"\n')),
    ("a quote within a field", "read", AX, events('user_id,item_id,t\na,x,5" disk\n')),
    ("JSON Lines", "read", AX, events(json.dumps(ROW) + "\n", "e.jsonl")),
    ("JSON over several lines", "refused", "line 1: must be a JSON object; it goes on over",
     events(json.dumps(ROW, indent=1), "e.json")),
    ("JSON with commas between lines", "refused", "a comma follows it",
     events((json.dumps(ROW) + ",\n") * 2, "e.jsonl")),
    ("JSON as one array", "refused", "it is one array", events(json.dumps([ROW]), "e.json")),
    ("JSON with the rows inside", "refused", "jq -c '.data[]'",
     events(json.dumps({"data": [ROW]}), "e.json")),
    ("two objects on a line", "refused", "more follows on the line",
     events(json.dumps(ROW) * 2, "e.jsonl")),
    ("Python's print of a dict", "refused", "in single quotes", events(str(ROW), "e.jsonl")),
    ("JSON: a date in a key that comes late", "read", "'2024-05-01'", lambda folder: (
        (folder / "e.jsonl").write_text("".join(json.dumps(one) + "\n" for one in [
            *({"user_id": f"u{at}", "item_id": "x"} for at in range(250)),
            {"user_id": "z", "item_id": "x", "session_id": "2024-05-01"}])),
        recsys.EventLog.read(folder / "e.jsonl").to_frame().column("session_id")[-1].as_py())[1]),
    ("people: one id a line", "read", "['3', 'a,b']", people("3\na,b\n")),
    ("people: quoted ids", "read", "['3', 'a\"b']", people('"3"\n"a""b"\n')),
    ("people: semicolons", "read", "['3']", people("user_id;email\n3;a@example.org\n")),
    ("people: tabs", "read", "['3']", people("user_id\temail\n3\ta@example.org\n")),
    ("people: User_ID", "read", "['3']", people("User_ID,email\n3,a@example.org\n")),
    ("people: spaces in the header", "read", "['3']", people("user_id , email\n3,a@x.org\n")),
    ("people: JSON Lines", "read", "['3']", people('{"user_id":"3"}\n')),
    ("people: JSON Lines of integers", "read", "['3']", people('{"user_id":3}\n')),
    ("people: a row too long", "refused", "line 3", people("user_id,n\n3,1\n4,1,1\n")),
    ("a mapping of dicts", "refused", "got a dict", frame(pd.DataFrame([ROW]).to_dict())),
    ("a mapping of sets", "refused", "got a set",
     frame({"user_id": {"a", "b"}, "item_id": [1, 2]})),
    ("a mapping of keys", "read", "['a']", frame({"user_id": {"a": 1}.keys(), "item_id": [1]})),
]  # fmt: skip


@pytest.mark.parametrize(("given", "outcome", "comes", "run"), RECORDS, ids=[r[0] for r in RECORDS])
def test_files_are_read_or_their_fault_is_named(
    given: str, outcome: str, comes: str, run: Any, check: Any
) -> None:
    check(outcome, comes, run)


@over(places=st.lists(st.integers(0, 8), min_size=2, max_size=4, unique=True))
def test_any_number_of_open_quotes_is_refused(
    places: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [f"u{at},q{at}," + ('"' if at in places else "") + f"t{at}" for at in range(10)]
    path = tmp_path_factory.mktemp("quotes") / "e.csv"
    path.write_text("\n".join(["user_id,item_id,t", *rows]) + "\n")
    with pytest.raises(DataError, match="quote"):
        recsys.EventLog.read(path)
