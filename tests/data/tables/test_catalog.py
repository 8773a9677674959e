"""The catalog of items."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.core.errors import DataError
from recsys.data.ids.id_map import IdMap
from recsys.data.tables.catalog import Catalog

ITEMS: dict[str, Any] = {
    "item_id": ["q1", "q2", "q3"],
    "title": ["One", None, "Three"],
    "tags": ["gates|noise", None, "noise"],
    "status": [None, "blocked", "active"],
    "published_at": ["2018-01-01", None, "2018-01-03"],
    "author_id": ["ana", None, "bo"],
    "price": ["1.5", "2", None],
}


def catalog(**changes: Any) -> Catalog:
    return Catalog.from_frame({**ITEMS, **changes})


def tags_of(items: Catalog) -> dict[str, dict[str, float]]:
    return {
        one: {items.tag_names[at]: float(row[at]) for at in np.flatnonzero(row)}
        for one, row in zip(items.items, items.tags.toarray(), strict=True)
    }


def test_columns_are_aligned_with_rows() -> None:
    items = catalog()
    assert items.column("title").tolist() == ["One", None, "Three"]
    assert items.column("price")[:2].tolist() == [1.5, 2.0]
    assert items.column("format").tolist() == [None, None, None]
    assert items.is_blocked.tolist() == [False, True, False]
    assert items.column("status").tolist() == ["active", "blocked", "active"]
    assert tags_of(items) == {"q1": {"gates": 1, "noise": 1}, "q2": {}, "q3": {"noise": 1}}
    assert items.tag_mask("noise").tolist() == [True, False, True]


def test_names_are_the_contract_columns_then_the_attributes() -> None:
    items = catalog()
    assert items.names[0] == "title"
    assert items.names[-1] == "price"
    assert items.has("visible_to")
    assert not items.has("tags")
    with pytest.raises(DataError, match="known: price"):
        items.column("prize")


def test_the_long_file_brings_weights_families_and_further_items() -> None:
    items = Catalog.from_frame(
        ITEMS,
        item_tags={
            "item_id": ["q2", "q4", "q1"],
            "tag": ["noise", "video", "gates"],
            "weight": [2.5, None, 0.5],
            "family": [None, "format", None],
        },
    )
    assert list(items.items) == ["q1", "q2", "q3", "q4"]
    assert items.tag_families == ("topic", "topic", "format")
    assert tags_of(items)["q2"] == {"noise": 2.5}
    assert tags_of(items)["q1"] == {"gates": 1.0, "noise": 1.0}
    assert items.column("title").tolist() == ["One", None, "Three", None]


def test_tags_alone_are_a_catalog() -> None:
    items = Catalog.from_frame(item_tags={"item_id": [7, 7], "tag": ["a", "b"]})
    assert (list(items.items), items.tag_names) == ([7], ("a", "b"))


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="items, item_tags or both"):
        Catalog.from_frame()


def test_an_item_given_twice_names_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text('item_id,title\nq1,"two\nlines"\nq2,x\nq1,y\n')
    with pytest.raises(DataError, match=r"line 5, column item_id: .*'q1' is also in line 2"):
        Catalog.read(path)
    items = Catalog.read(path, on_bad_row="skip")
    assert (items.n_items, items.n_skipped, items.skipped[0].line) == (2, 1, 5)
    assert items.column("title").tolist() == ["two\nlines", "x"]


@pytest.mark.parametrize("weight", ["0", "-1", "inf", "nan", "much", "1e-60"])
def test_a_weight_is_positive_and_finite(tmp_path: Path, weight: str) -> None:
    path = tmp_path / "tags.csv"
    path.write_text(f"item_id,tag,weight\nq1,a,1\nq1,b,{weight}\n")
    with pytest.raises(DataError, match=r"tags\.csv, line 3, column weight: must be"):
        Catalog.read(item_tags=path)
    assert Catalog.read(item_tags=path, on_bad_row="skip").tag_names == ("a",)


def test_a_row_without_a_tag_says_that_the_item_is_there() -> None:
    tags = {"item_id": ["a", "b", "a"], "tag": [None, " ", "x"], "weight": [1, 1, 2]}
    items = Catalog.from_frame(item_tags=tags)
    assert tags_of(items) == {"a": {"x": 2.0}, "b": {}}
    assert items.n_skipped == 0


def test_a_wrong_status_is_a_bad_row() -> None:
    with pytest.raises(DataError, match="must be one of active, blocked; got 'blokked'"):
        catalog(status=["blokked", None, None])


def test_alignment_brings_other_rows_and_leaves_strangers_empty() -> None:
    aligned = catalog().aligned(IdMap.of(["new", "q3", "q1"]))
    assert aligned.column("title").tolist() == [None, "Three", "One"]
    assert tags_of(aligned) == {"new": {}, "q3": {"noise": 1}, "q1": {"gates": 1, "noise": 1}}
    assert np.isnat(aligned.column("published_at")).tolist() == [True, False, False]
    assert not aligned.is_blocked.any()


def test_alignment_with_ids_of_another_sort_finds_nothing() -> None:
    assert catalog().aligned(IdMap.of([1, 2])).column("title").tolist() == [None, None]


def test_an_upsert_changes_what_is_said_and_nothing_else() -> None:
    after = catalog().upserted(
        Catalog.from_frame(
            {"item_id": ["q2", "q9"], "title": ["Two", "Nine"], "tags": ["new", None]}
        )
    )
    assert list(after.items) == ["q1", "q2", "q3", "q9"]
    assert after.column("title").tolist() == ["One", "Two", "Three", "Nine"]
    assert after.column("status").tolist() == ["active", "blocked", "active", "active"]
    assert tags_of(after) == {
        "q1": {"gates": 1, "noise": 1},
        "q2": {"new": 1},
        "q3": {"noise": 1},
        "q9": {},
    }


def test_an_upsert_of_tags_alone_keeps_the_rest() -> None:
    more = Catalog.from_frame(item_tags={"item_id": ["q1"], "tag": ["fresh"]})
    after = catalog().upserted(more)
    assert after.column("title").tolist() == ["One", None, "Three"]
    assert tags_of(after)["q1"] == {"fresh": 1}


def test_a_column_once_read_is_not_carried_into_a_changed_catalog() -> None:
    items = catalog()
    items.column("title")
    assert items.aligned(IdMap.of(["q3"])).column("title").tolist() == ["Three"]


def test_a_catalog_survives_being_saved() -> None:
    items = catalog()
    back = Catalog.from_arrays(items.to_arrays(), items=items.items, table=items.table)
    assert tags_of(back) == tags_of(items)


def test_a_table_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match="a catalog of 1 items"):
        Catalog(IdMap.of(["a"]), catalog().table, catalog().tag_table)


def test_a_file_without_further_columns_is_a_catalog() -> None:
    items = Catalog.from_frame({"item_id": ["a", "b"]})
    assert (items.n_items, items.column("title").tolist()) == (2, [None, None])
    assert repr(items) == "Catalog(2 items, 0 tags)"
    assert Catalog.empty().n_items == 0
