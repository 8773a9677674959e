"""Tags: as people have them"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import recsys


def tags(*cells: Any) -> Callable[[Path], Any]:
    frame = {"item_id": list(range(len(cells))), "tags": list(cells)}
    return lambda _: recsys.Catalog.from_frame(frame).tag_names


def in_csv(*cells: str) -> Callable[[Path], Any]:
    def run(folder: Path) -> Any:
        quoted = [cell.replace('"', '""') for cell in cells]
        rows = "".join(f'{at},"{cell}"\n' for at, cell in enumerate(quoted))
        (folder / "items.csv").write_text("item_id,tags\n" + rows, encoding="utf-8")
        return recsys.Catalog.read(folder / "items.csv").tag_names

    return run


def in_json(cell: str) -> Callable[[Path], Any]:
    def run(folder: Path) -> Any:
        (folder / "items.jsonl").write_text(f'{{"item_id":"q1","tags":{cell}}}\n')
        return recsys.Catalog.read(folder / "items.jsonl").tag_names

    return run


def people(name: str, cell: Any) -> Callable[[Path], Any]:
    frame = {"user_id": ["a"], name: [cell]}
    return lambda _: recsys.People.from_frame(frame).column(name)[0]


AB = "('a', 'b')"
RECORDS = [
    ("a|b", "read", AB, in_csv("a|b")),
    ("lists", "read", AB, tags(["a", "b"])),
    ("NumPy arrays", "read", AB, tags(np.array(["a", "b"]))),
    ("tuples", "read", AB, tags(("a", "b"))),
    ("sets", "read", AB, tags({"b", "a"})),
    ("{a,b} of PostgreSQL", "read", AB, in_csv("{a,b}")),
    ("{\"a b\",b,NULL} of PostgreSQL", "read", "('a b', 'b')", in_csv('{"a b",b,NULL}')),
    ("{a} beside a|b", "read", "('a', 'b', 'c')", in_csv("{a}", "b|c")),
    ("[\"a\",\"b\"] of JSON", "read", AB, in_csv('["a","b"]')),
    ("['a', 'b'] of Python", "read", AB, in_csv("['a', 'b']")),
    ("['a' 'b'] of NumPy", "read", AB, in_csv("['a' 'b']")),
    ("[a, b] without quotes", "read", AB, in_csv("[a, b]")),
    ("[]", "read", "()", in_csv("[]")),
    ("<a><b> of Stack Exchange", "read", AB, in_csv("<a><b>")),
    ("[{'id': 3, 'name': 'a'}] in CSV", "read", "('a',)", in_csv("[{'id': 3, 'name': 'a'}]")),
    ("objects with a name in JSON", "read", AB, in_json('[{"id":3,"name":"a"},{"name":"b"}]')),
    ("objects with a name in Arrow", "read", "('a',)", lambda _: recsys.Catalog.from_frame(
        pa.table({"item_id": ["q"], "tags": [[{"name": "a"}]]})).tag_names),
    ("dates in JSON", "read", "('2024-05-01',)", in_json('["2024-05-01"]')),
    ("objects without a name", "refused", "it holds objects with id", in_json('[{"id":3}]')),
    ("lists in lists", "refused", "it holds lists in lists", tags([["a", "b"]])),
    ("[\"a\", unfinished]", "refused", "cannot be read", in_csv('["a", unfinished]')),
    ("a, b", "warned", "hold commas or semicolons", in_csv("a, b")),
    ("a;b", "warned", "hold commas or semicolons", in_csv("a;b")),
    ("Paris, France beside a|b", "read", "('Paris, France', 'a', 'b')",
     in_csv("Paris, France", "a|b")),
    ("declared_tags: objects", "read", AB, people("declared_tags", [{"name": "a"}, {"name": "b"}])),
    ("declared_tags: {a,b}", "read", AB, people("declared_tags", "{a,b}")),
    ("declared_tags: a, b", "warned", "hold commas", people("declared_tags", "a, b")),
    ("muted_tags: objects", "read", "('a',)", people("muted_tags", [{"name": "a"}])),
    ("muted_tags: ['a']", "read", "('a',)", people("muted_tags", "['a']")),
    ("muted_tags: a;b", "warned", "hold commas", people("muted_tags", "a;b")),
    ("muted_authors: [1, 2]", "read", "('1', '2')", people("muted_authors", "[1, 2]")),
]  # fmt: skip


@pytest.mark.parametrize(("given", "outcome", "comes", "run"), RECORDS, ids=[r[0] for r in RECORDS])
def test_tags_are_read_as_people_have_them(
    given: str, outcome: str, comes: str, run: Any, check: Any
) -> None:
    check(outcome, comes, run)


words = st.text("abcé -_.", min_size=1).filter(lambda one: one == one.strip())


@over(st.lists(words, min_size=1, max_size=4, unique=True))
def test_every_certain_form_says_the_same(entries: list[str]) -> None:
    import json

    postgres = "{" + ",".join(f'"{one}"' for one in entries) + "}"
    for form in (json.dumps(entries), repr(entries), postgres, entries):
        assert tags(form)(Path()) == tuple(entries)
