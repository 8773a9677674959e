import io

import numpy as np
import pytest
import scipy.sparse as sp
from rich.console import Console

from recsys.core.errors import DataError
from recsys.data import Catalog, IdMap
from recsys.profiles.items import build_item_profiles
from recsys.profiles.table import ProfileTable, TagSource, profile_table
from recsys.profiles.users import build_user_profiles

CATALOG = Catalog.from_frame(
    {
        "item_id": ["q0", "q1", "q2", "q3", "q4"],
        "tags": ["gates", "gates|noise", "noise|gates", "gates", "tea|[red]golf"],
    }
)
ITEMS = build_item_profiles(CATALOG)
NAMES = ITEMS.tags.names  # gates, noise, tea, [red]golf


def table_of(history: list[float], *, item_ids: IdMap = CATALOG.items, **said: str) -> ProfileTable:
    interactions = sp.csr_matrix(np.array([history], dtype=np.float32))
    stated = {
        name: sp.csr_matrix([[float(tag in tags.split("|")) for tag in NAMES]])
        for name, tags in said.items()
    }
    profiles = build_user_profiles(interactions, ITEMS, **stated)
    return profile_table(0, profiles, interactions=interactions, items=ITEMS, item_ids=item_ids)


def test_tags_come_by_weight_the_heaviest_at_one() -> None:
    weights = [row.weight for row in table_of([1, 1, 0, 0, 1])]
    assert weights[0] == 1
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0


def test_the_source_says_where_a_tag_comes_from() -> None:
    table = table_of([1, 1, 0, 0, 0], declared="gates|tea", pinned="[red]golf", muted="noise")
    assert {row.tag: row.source for row in table} == {
        "gates": TagSource.BOTH,
        "tea": TagSource.DECLARED,
        "[red]golf": TagSource.PINNED,
        "noise": TagSource.MUTED,
    }
    assert table.rows[-1].tag == "noise"
    assert table.rows[-1].weight == 0


def test_evidence_counts_items_and_names_the_three_most_telling() -> None:
    rows = {row.tag: row for row in table_of([1, 1, 5, 2, 0])}
    assert rows["gates"].n_events == 4
    assert rows["gates"].item_ids[0] == "q3"
    assert len(rows["gates"].item_ids) == 3
    assert rows["noise"].item_ids == ("q2", "q1")


def test_confidence_grows_with_evidence_and_is_full_for_what_was_said() -> None:
    rows = {row.tag: row for row in table_of([1, 1, 1, 1, 0], declared="tea")}
    assert rows["gates"].confidence == pytest.approx(4 / 7)
    assert rows["noise"].confidence == pytest.approx(2 / 5)
    assert rows["tea"].confidence == 1


def test_the_frame_has_the_columns_of_the_contract() -> None:
    frame = table_of([1, 1, 0, 0, 0]).to_frame()
    assert frame.column_names == ["tag", "family", "weight", "confidence", "source", "evidence"]
    first = frame.to_pylist()[0]
    assert first["evidence"] == {"n_events": 2, "items": ["q0", "q1"]}
    assert first["source"] == "inferred"


def test_ids_keep_their_sort_in_the_frame() -> None:
    table = table_of([1, 0, 0, 0, 0], item_ids=IdMap.of([7, 8, 9, 10, 11]))
    assert table.to_frame().to_pylist()[0]["evidence"]["items"] == [7]


def test_a_person_of_whom_nothing_is_known_has_an_empty_table() -> None:
    table = table_of([0, 0, 0, 0, 0])
    assert len(table) == 0
    assert table.to_frame().num_rows == 0


def test_rich_prints_tags_as_they_are() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(table_of([0, 0, 0, 0, 1]))
    printed = console.export_text()
    assert "[red]golf" in printed
    assert "1: q4" in printed


def test_the_top_of_a_table_is_a_table() -> None:
    table = table_of([1, 1, 0, 0, 1])
    assert [row.tag for row in table.top(2)] == [row.tag for row in table][:2]


def test_a_row_that_is_nobodys_is_refused() -> None:
    profiles = build_user_profiles(sp.csr_matrix((1, 5), dtype=np.float32), ITEMS)
    empty = sp.csr_matrix((1, 5), dtype=np.float32)
    with pytest.raises(DataError, match=r"user_row must lie in 0\.\.0; got 1"):
        profile_table(1, profiles, interactions=empty, items=ITEMS, item_ids=CATALOG.items)
