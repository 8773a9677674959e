import operator
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError
from recsys.data import Catalog, People
from recsys.ranking.filters.expression import (
    Always,
    And,
    Compare,
    Custom,
    Expression,
    Has,
    In,
    IsNull,
    Not,
    Operator,
    Or,
)
from recsys.ranking.filters.filter import Filter, parse_filter

HOLDS: dict[Operator, Any] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
COLUMNS: dict[str, list[Any]] = {
    "item_id": ["q0", "q1", "q2", "q3", "q4"],
    "format": ["video", "article", None, "Video", "video"],
    "level": [1.0, 2.0, None, 2.5, None],
    "published_at": ["2026-01-01", "2026-02-01", None, "2026-01-01T12:00:00", "2025-12-31"],
    "tags": [("a", "b"), ("b",), (), ("c", "a"), ("c",)],
}
ROWS = [dict(zip(COLUMNS, cells, strict=True)) for cells in zip(*COLUMNS.values(), strict=True)]
CATALOG = Catalog.from_frame({**COLUMNS, "tags": [list(tags) for tags in COLUMNS["tags"]]})
VALUES = {
    "item_id": ["q0", "q3", "zz"],
    "format": ["video", "article", "Video", "zz"],
    "level": ["1", "2", "2.25"],
    "published_at": ["2026-01-01", "2026-02-01T00:00:00Z", "2020-01-01"],
    "tags": ["a", "b", "c", "zz"],
}


def conditions_on(name: str) -> st.SearchStrategy[Expression]:
    value = st.sampled_from(VALUES[name])
    values = st.lists(value | st.none(), max_size=3).map(tuple)
    if name == "tags":
        values = st.lists(value, min_size=1, max_size=3).map(tuple)
    operators = st.sampled_from(["=", "!="] if name == "tags" else list(HOLDS))
    column = st.just(name)
    plain = (
        st.builds(Compare, column, operators, value)
        | st.builds(In, column, values)
        | st.builds(IsNull, column)
    )
    return plain | st.builds(Has, column, values, st.booleans()) if name == "tags" else plain


leaves = st.one_of(*map(conditions_on, VALUES))
trees = st.recursive(
    leaves,
    lambda parts: (
        st.builds(Not, parts)
        | st.builds(And, st.lists(parts, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(parts, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def typed(name: str, value: str) -> Any:
    if name == "level":
        return float(value)
    if name == "published_at":
        when = datetime.fromisoformat(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return value


def holds(node: Expression, row: dict[str, Any]) -> bool:
    """Read a filter plainly: one row, one rule at a time."""
    if isinstance(node, Not):
        return not holds(node.part, row)
    if isinstance(node, And):
        return all(holds(part, row) for part in node.parts)
    if isinstance(node, Or):
        return any(holds(part, row) for part in node.parts)
    assert not isinstance(node, Always | Custom)
    return list_holds(node, row["tags"]) if node.column == "tags" else cell_holds(node, row)


def list_holds(node: Compare | In | Has | IsNull, tags: tuple[str, ...]) -> bool:
    if isinstance(node, IsNull):
        return not tags
    if isinstance(node, Compare):
        return bool(tags) and (node.value in tags) == (node.op == "=")
    if isinstance(node, Has) and node.every:
        return set(tags) >= set(node.values)
    return any(value in tags for value in node.values)


def cell_holds(node: Compare | In | Has | IsNull, row: dict[str, Any]) -> bool:
    cell = row[node.column]
    if isinstance(node, IsNull):
        return cell is None
    if isinstance(node, In):
        return any(
            cell is None if value is None else cell_holds(Compare(node.column, "=", value), row)
            for value in node.values
        )
    assert isinstance(node, Compare)
    if cell is None:
        return False
    cell = typed(node.column, cell) if isinstance(cell, str) else cell
    return bool(HOLDS[node.op](cell, typed(node.column, node.value)))


@given(trees)
def test_a_mask_is_what_a_plain_loop_over_the_rows_gives(tree: Expression) -> None:
    expected = [holds(tree, row) for row in ROWS]
    assert Filter(tree).mask(CATALOG).tolist() == expected
    again = parse_filter(str(Filter(tree)))
    assert again == Filter(tree)
    assert again.mask(CATALOG).tolist() == expected


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (None, ""),
        ({}, ""),
        ("", ""),
        ({"format": "video"}, "format = video"),
        ({"format": ["video", "live"]}, "format in (video, live)"),
        ({"format": ["video", None]}, "format in (video, null)"),
        ({"format": {"b", "a"}}, "format in (a, b)"),
        ({"format": np.array(["a", "b"])}, "format in (a, b)"),
        ({"format": []}, "format in ()"),
        ({"format": None}, "format is null"),
        ({"level": (1, 3)}, "level >= 1 and level <= 3"),
        ({"level": (None, 2.5)}, "level <= 2.5"),
        ({"level": (None, None)}, ""),
        ({"level": np.int64(2)}, "level = 2"),
        ({"live": True}, "live = true"),
        ({"a": "x", "b": "y z"}, "a = x and b = 'y z'"),
        ({"id": UUID(int=1)}, "id = 00000000-0000-0000-0000-000000000001"),
        (
            {"published_at": (date(2026, 1, 1), None)},
            "published_at >= 2026-01-01T00:00:00.000000Z",
        ),
        (
            {"published_at": (None, datetime(2026, 1, 1, 2, tzinfo=UTC))},
            "published_at <= 2026-01-01T02:00:00.000000Z",
        ),
        (
            {"published_at": np.datetime64("2026-01-01")},
            "published_at = 2026-01-01T00:00:00.000000Z",
        ),
    ],
)
def test_a_mapping_means_what_its_text_says(where: Any, text: str) -> None:
    assert str(parse_filter(where)) == text
    assert parse_filter(text) == parse_filter(where)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"level": (1, 2, 3)}, r"'level' a range as a pair \(from, to\); got 3 value"),
        (
            {"level": {"min": 1}},
            "a date, a list or a pair; got dict",
        ),
        ({"level": [[1]]}, "got list"),
        ({3: "x"}, "must name columns by text; got 3"),
        (["format"], "text, a mapping of column to value, or None; got list"),
    ],
)
def test_a_mapping_that_cannot_be_compared_is_refused(where: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_filter(where)


def test_null_matches_only_where_it_is_asked_for() -> None:
    masks = {
        text: parse_filter(text).mask(CATALOG)[2]
        for text in ("format = x", "format != x", "not format = x", "format is null", "level < 9")
    }
    assert masks == {
        "format = x": False, "format != x": False, "not format = x": True,
        "format is null": True, "level < 9": False,
    }  # fmt: skip


def test_the_empty_filter_lets_everything_pass() -> None:
    empty = parse_filter(None)
    assert empty.is_always
    assert empty.mask(CATALOG).all()
    assert parse_filter("").mask(Catalog.empty()).tolist() == []


def test_filters_join_by_and() -> None:
    both = parse_filter("format = video") & parse_filter(None) & parse_filter({"level": (1, None)})
    assert str(both) == "format = video and level >= 1"
    assert both.columns == {"format", "level"}
    assert {parse_filter("a = 1"): 1}[parse_filter("a=1")] == 1


def test_a_mask_is_the_callers_own() -> None:
    everything = parse_filter("tags has any (a, b) or format = video")
    everything.mask(CATALOG)[:] = False
    assert everything.mask(CATALOG).any()


def test_people_are_filtered_by_the_same_language() -> None:
    people = People.from_frame(
        {
            "user_id": ["ana", "bo"],
            "communities": ["physics|math", None],
            "age": [30, None],
            "declared_tags": [None, "gates"],
        }
    )
    assert parse_filter("communities has physics").mask(people).tolist() == [True, False]
    assert parse_filter("age >= 18 or tags has gates").mask(people).tolist() == [True, True]
    assert parse_filter("not age >= 18").mask(people).tolist() == [False, True]


def test_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="'langauge' is none; nearest: 'language'"):
        parse_filter("langauge = en").mask(CATALOG)


PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "filters.md"


def test_the_page_on_filters_tells_the_truth() -> None:
    text = PAGE.read_text(encoding="utf-8")
    examples = re.findall(r"^```filter\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in examples for line in block.splitlines()]
    assert len(lines) > 3
    for line in lines:
        assert not parse_filter(line).is_always
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})  # noqa: S102


def test_the_table_on_null_of_the_page_is_what_masks_give() -> None:
    catalog = Catalog.from_frame({"item_id": [1, 2, 3], "format": ["video", "article", None]})
    rows = re.findall(
        r"^\| `(.+?)` \| (yes|no) \| (yes|no) \| (yes|no) \|$", PAGE.read_text(), re.M
    )
    assert len(rows) == 5
    for where, *answers in rows:
        expected = [answer == "yes" for answer in answers]
        assert parse_filter(where).mask(catalog).tolist() == expected, where
