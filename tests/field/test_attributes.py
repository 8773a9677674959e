"""Attributes: exact values, one type per column"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import recsys
from recsys.core.errors import ConfigError, DataError, RecsysWarning

BIG = 1187654321098765432
A, B = UUID(int=1), UUID(int=2)


def column(cells: Sequence[Any], **more: Any) -> Callable[[Path], Any]:
    """Read an attribute of a frame."""
    frame = {"item_id": [f"q{at}" for at in range(len(cells))], "x": cells}
    return lambda _: recsys.Catalog.from_frame(frame, **more).column("x").tolist()


def in_csv(cells: Sequence[str], **more: Any) -> Callable[[Path], Any]:
    """Read an attribute of a CSV file."""

    def run(folder: Path) -> Any:
        rows = "".join(f"q{at},{cell}\n" for at, cell in enumerate(cells))
        (folder / "items.csv").write_text("item_id,x\n" + rows, encoding="utf-8")
        return recsys.Catalog.read(folder / "items.csv", **more).column("x").tolist()

    return run


def fitted(cells: Sequence[Any], visible_to: Sequence[str | None] = ()) -> recsys.Recommender:
    """Fit on items with an attribute, and people with the same one."""
    n = len(cells)
    items = [f"q{at}" for at in range(n)]
    rules = {"visible_to": list(visible_to)} if visible_to else {}
    catalog = recsys.Catalog.from_frame({"item_id": items, "x": cells, **rules})
    people = recsys.People.from_frame({"user_id": [f"u{at}" for at in range(n)], "x": cells})
    events = recsys.EventLog.from_frame({"user_id": ["z"], "item_id": ["q0"]})
    config = recsys.RecommenderConfig(model="popularity")
    return recsys.Recommender.fit(events, catalog, users=people, config=config)


def shown(model: recsys.Recommender, user: str = "new", where: Any = None) -> list[str]:
    ids = model.recommend([user], k=9, where=where, exclude_seen=False).item_ids[0]
    return sorted(one for one in ids if one)


def where(cells: Sequence[Any], expression: Any) -> Callable[[Path], Any]:
    """Filter items by an attribute."""
    return lambda _: shown(fitted(cells), where=expression)


def observed(before: Sequence[Any], after: Sequence[Any]) -> Callable[[Path], Any]:
    """Observe items with an attribute that a model knows."""

    def run(_: Path) -> Any:
        model = fitted(before)
        new = {"item_id": [f"n{at}" for at in range(len(after))], "x": after}
        found = model.observe(items=new).snapshot.dataset.catalog
        return found.column("x").tolist()[len(before) :]

    return run


RECORDS = [
    ("int64 7", "read", "[7.0]", column([7])),
    ("int64 beyond 2^53", "read", f"[{BIG}, {BIG + 1}]", column([BIG, BIG + 1])),
    ("int64 beyond 2^53, one missing", "read", f"[{BIG}, None]", column([BIG, None])),
    ("text of 19 digits", "read", f"[{BIG}, {BIG + 1}]", in_csv([str(BIG), str(BIG + 1)])),
    ("uint64", "read", f"[Decimal('{2**64 - 1}')]", column(pa.array([2**64 - 1], pa.uint64()))),
    ("text of 25 digits", "read", "[Decimal('1234567890123456789012345')]",
     in_csv(["1234567890123456789012345"])),
    ("decimal 19.99", "read", "[19.99]", column([Decimal("19.99")])),
    ("decimal of 21 digits", "read", "[Decimal('1234567890123456789.01')]",
     column([Decimal("1234567890123456789.01")])),
    ("text 0.30000000000000004", "read", "[0.30000000000000004]", in_csv(["0.30000000000000004"])),
    ("postal codes 01067, 99999", "read", "['01067', '99999']", in_csv(["01067", "99999"])),
    ("telephone numbers", "read", "['+4930123456', '+4930123457']",
     in_csv(["+4930123456", "+4930123457"])),
    ("versions 1.9, 1.10", "read", "['1.9', '1.10']", in_csv(["1.9", "1.10"])),
    ("versions 1.2.3, 1.10.0", "read", "['1.2.3', '1.10.0']", in_csv(["1.2.3", "1.10.0"])),
    ("hexadecimal 1e5, 100000", "read", "['1e5', '100000']", in_csv(["1e5", "100000"])),
    ("prices 5.00, 19.90", "read", "[5.0, 19.9]", in_csv(["5.00", "19.90"])),
    ("codes A1, 7", "read", "['A1', '7']", in_csv(["A1", "7"])),
    ("UUID objects", "read", f"['{A}', '{B}']", column([A, B])),
    ("dates in lists", "read", "[('2024-05-01',)]", column([[date(2024, 5, 1)]])),
    ("times in lists", "read", "[('2024-05-01T09:30:00',)]",
     column([[datetime(2024, 5, 1, 9, 30)]])),
    ("UUIDs in lists", "read", f"[('{A}',)]", column([[A]])),
    ("True, False of pandas or Python", "read", "['true', 'false']", in_csv(["True", "False"])),
    ("TRUE, FALSE of Excel", "read", "['true', 'false']", in_csv(["TRUE", "FALSE"])),
    ("WAHR, FALSCH of Excel", "read", "['true', 'false']", in_csv(["WAHR", "FALSCH"])),
    ("t, f of PostgreSQL", "read", "['true', 'false']", in_csv(["t", "f"])),
    ("yes, no", "read", "['yes', 'no']", in_csv(["yes", "no"])),
    ("booleans", "read", "['true', 'false']", column([True, False])),
    ("declared: 7 as text", "read", "['7', '8']", in_csv(["7", "8"], columns={"x": "x:text"})),
    ("declared: yes as boolean", "read", "['true', 'false']",
     in_csv(["yes", "no"], columns={"x": "x:boolean"})),
    ("declared: x:txt", "refused", "columns may end in a type (text, number, boolean, time, list)",
     in_csv(["7"], columns={"x": "x:txt"})),
    ("declared: a list", "read", "[('a', 'b')]", in_csv(["a|b"], columns={"x": "x:list"})),
    ("declared: dates as text", "read", "['2024-05-01']",
     in_csv(["2024-05-01"], columns={"x": "x:text"})),
    ("declared: n/a as number", "refused", "must be a number",
     in_csv(["n/a"], columns={"x": "x:number"})),
    ("numbers and n/a", "refused", "items.csv, line 5, column x: must be a number",
     in_csv(["9", "35", "100", "n/a"])),
    ("numbers and -", "refused", "line 3, column x: must be a number", in_csv(["9", "-"])),
    ("numbers and NULL", "refused", "got 'NULL'", in_csv(["9", "NULL", "NULL"])),
    ("numbers and \\N", "refused", "must be a number", in_csv(["9", "\\N"])),
    ("numbers and a word", "refused", "got 'ten'", in_csv(["9", "8", "ten"])),
    ("booleans and n/a", "refused", "must be true or false", in_csv(["true", "false", "n/a"])),
    ("dates and n/a", "refused", "must be an ISO 8601 date",
     in_csv(["2024-05-01", "2024-05-02", "n/a"])),
    ("where x = BIG", "read", "['q0']", where([BIG, BIG + 1], f"x = {BIG}")),
    ("where x = BIG, of text", "read", "['q0']", where([str(BIG), str(BIG + 1)], f"x = {BIG}")),
    ("where x in (BIG)", "read", "['q1']", where([BIG, BIG + 1], {"x": [BIG + 1]})),
    ("where x = 0.1, of decimals", "read", "['q0']",
     where([Decimal("0.1"), Decimal("0.2")], "x = 0.1")),
    ("where x = true, of True", "read", "['q0']", where(["True", "False"], "x = true")),
    ("where {x: True}, of yes", "read", "['q0']", where(["yes", "no"], {"x": True})),
    ("where x = TRUE, of booleans", "read", "['q0']", where([True, False], "x = TRUE")),
    ("where x = true, of 1 and 0", "read", "['q0']", where([1, 0], "x = true")),
    ("where x = a UUID in capitals", "read", "['q1']", where([UUID(int=10), UUID(int=11)],
     f"x = {str(UUID(int=11)).upper()}")),
    ("where x = 1.10, of versions", "read", "['q1']", where(["1.9", "1.10"], "x = 1.10")),
    ("where x >= 9, of text", "refused", "which is text", where(["A1", "9", "B2"], "x >= 9")),
    ("where x < 1.10, of versions", "refused", "which is text", where(["1.9", "1.10"], "x < 1.10")),
    ("where x >= 2024-01-01, of text", "refused", "which is text",
     where(["soon", "2024-05-01", "later"], "x >= 2024-01-01")),
    ("observed: n/a in a column of numbers", "refused", "must be a number",
     observed([9, 10], ["n/a"])),
    ("observed: nothing in a column of numbers", "read", "[nan]", observed([9, 10], [None])),
    ("observed: fractions in a column of whole numbers", "read", "[2.5]",
     observed([9, 10], [2.5])),
    ("observed: 1.10 in a column of versions", "read", "['1.10']",
     observed(["1.9", "1.10"], ["1.10"])),
    ("observed: a number in a column of text", "read", "['7']", observed(["A1", "B2"], [7])),
    ("observed: maybe in a column of booleans", "refused", "must be true or false",
     observed([True, False], ["maybe"])),
    ("observed: True in a column of numbers", "refused", "must be a number",
     observed([9, 10], [True])),
    ("observed: text in a column of lists", "read", "[('a', 'b')]",
     observed([["c"], ["d"]], ["a|b"])),
    ("observed: a word in a column of dates", "refused", "must be an ISO 8601 date",
     observed(["2024-05-01", "2024-05-02"], ["soon"])),
]  # fmt: skip


@pytest.mark.parametrize(("given", "outcome", "comes", "run"), RECORDS, ids=[r[0] for r in RECORDS])
def test_attributes_are_exact_and_typed(
    given: str, outcome: str, comes: str, run: Any, check: Any
) -> None:
    check(outcome, comes, run)


@over(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5, unique=True))
def test_whole_numbers_are_told_apart(cells: list[int]) -> None:
    for kept in (cells, [str(one) for one in cells]):
        catalog = recsys.Catalog.from_frame({"item_id": list(range(len(cells))), "x": kept})
        for at, one in enumerate(cells):
            found = recsys.ranking.parse_filter(f"x = {one}").mask(catalog)
            assert found.tolist() == [other == at for other in range(len(cells))]


@over(st.lists(st.text("0123456789.+eAx", min_size=1), min_size=1, max_size=4, unique=True))
def test_a_column_of_odd_texts_is_kept_exactly_or_is_numbers(cells: list[str]) -> None:
    frame = {"item_id": list(range(len(cells))), "x": cells}
    try:
        found = recsys.Catalog.from_frame(frame).column("x").tolist()
    except DataError:
        return
    if isinstance(found[0], str):
        assert found == cells
    else:
        assert [float(one) for one in found] == [float(one) for one in cells]


def test_a_rule_that_cannot_be_compared_hides_the_item_and_says_so() -> None:
    rules = [None, "x >= 18", "not x < 18"]
    with pytest.warns(RecsysWarning, match="2 item\\(s\\) are hidden from everybody"):
        model = fitted(["9", "A3", "B5"], visible_to=rules)
    assert shown(model, "u0") == shown(model, "u1") == shown(model) == ["q0"]


def test_a_neighbour_of_an_organisation_sees_nothing_of_it() -> None:
    rules = [f"x = {BIG}", f"x = {BIG + 1}"]
    for cells in ([BIG, BIG + 1], [str(BIG), str(BIG + 1)]):
        model = fitted(cells, visible_to=rules)
        assert [shown(model, one) for one in ("u0", "u1", "new")] == [["q0"], ["q1"], []]


def test_nothing_observed_changes_what_a_rule_says() -> None:
    model = fitted([10.0, 2.0], visible_to=["x >= 3", "x < 3"])
    later = model.observe(users={"user_id": ["new"], "x": [None]})
    assert [shown(later, one) for one in ("u0", "u1", "new")] == [["q0"], ["q1"], []]
    with pytest.raises(DataError, match="must be a number"):
        model.observe(users=recsys.People.from_frame({"user_id": ["new"], "x": ["n/a"]}))


def test_a_rule_on_a_list_holds_before_there_are_people() -> None:
    catalog = recsys.Catalog.from_frame(
        {"item_id": ["q1", "q2"], "visible_to": ["communities has c1", None]}
    )
    config = recsys.RecommenderConfig(model="popularity")
    model = recsys.Recommender.fit(recsys.EventLog.empty(), catalog, config=config)
    assert shown(model) == ["q2"]


@pytest.mark.parametrize("cells", [[True, False], [9, 10], ["2024-01-01", "2024-02-01"]])
def test_a_rule_that_does_not_fit_is_refused_by_observe_itself(cells: list[Any]) -> None:
    model = fitted(cells)
    with pytest.raises(ConfigError, match="visible_to of item 'new': where must compare 'x'"):
        model.observe(items={"item_id": ["new"], "visible_to": ["x = soon"]})


def test_an_attribute_that_nobody_has_matches_nothing_and_has_no_type_yet() -> None:
    model = fitted([None, None], visible_to=["x >= 3", "x < 3"])
    assert shown(model, "u0") == []
    later = model.observe(users={"user_id": ["u0"], "x": [3]})
    assert shown(later, "u0") == ["q0"]
    with pytest.raises(ConfigError, match="visible_to of item 'q0'"):
        model.observe(users={"user_id": ["u0"], "x": [["a"]]})
