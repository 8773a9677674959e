"""Tags that a catalog states."""

import numpy as np
import pytest

from recsys.data import Catalog
from recsys.profiles import CodedColumn, StatedTags


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Quantum gates", [0, 2]), ("video", [1]), ("2", [0]), ("ana", [1]), ("tea", []), ("c1", [2])],
)
def test_a_name_is_found_in_every_family_and_column(name: str, expected: list[int]) -> None:
    catalog = Catalog.from_frame(
        {
            "item_id": ["a", "b", "c"],
            "tags": ["quantum-gates", None, "QUANTUM_GATES|noise"],
            "format": [None, "video", None],
            "level": [2.0, None, None],
            "author_id": [None, "ana", None],
            "community_id": [None, None, "c1"],
            "title": ["tea", None, None],
        }
    )
    tags = StatedTags(catalog)
    assert tags.rows(name).tolist() == tags.rows(name).tolist() == expected


def test_a_column_that_is_not_there_has_no_values() -> None:
    column = CodedColumn.of(Catalog.from_frame({"item_id": ["a"]}), "format")
    assert (column.values, column.codes.tolist()) == ([], [-1])
    np.testing.assert_array_equal(column.rows_where([0]), [])
