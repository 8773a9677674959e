"""Types of attributes."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recsys.core.errors import DataError
from recsys.data.tables.attribute_types import conformed, sort_of, typed_array, widest


def learnt(cells: list[Any], sort: Any = None) -> tuple[Any, list[int]]:
    """Return the typed column, and which cells are bad."""
    wrong: list[int] = []
    array = typed_array(
        pa.array(cells), sort, lambda bad, _: wrong.extend(np.flatnonzero(bad).tolist()), name="x"
    )
    return array, wrong


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2"], pa.int64()),
        (["1", "2.5"], pa.float64()),
        (["1.0", "2"], pa.float64()),
        ([str(2**64)], pa.decimal128(38, 0)),
        (["0.1234567890123456789"], pa.decimal128(38, 19)),
        (["9" * 39], pa.large_string()),
        (["true", "FALSE"], pa.bool_()),
        (["2024-01-01"], pa.timestamp("us")),
        (["a"], pa.large_string()),
    ],
)
def test_a_type_holds_every_cell_exactly(cells: list[str], kind: Any) -> None:
    array, wrong = learnt(cells)
    assert (array.type, wrong) == (kind, [])


def test_few_cells_that_do_not_fit_are_bad_and_many_make_text() -> None:
    assert learnt(["1", "2", "x"])[1] == [2]
    assert learnt(["1", "x"])[1] == []
    assert learnt(["1", "n/a", "n/a"])[1] == [1, 2]
    assert learnt(["n/a", "-"])[1] == []


def test_a_declared_type_is_kept() -> None:
    assert learnt(["1", "2"], "text")[0].to_pylist() == ["1", "2"]
    assert learnt(["y", "0"], "boolean")[0].to_pylist() == [True, False]
    assert learnt(["a|b"], "list")[0].to_pylist() == [["a", "b"]]
    assert learnt(["1", "x"], "number")[1] == [1]
    with pytest.raises(DataError, match="whose text"):
        learnt([1.1], "text")


def test_new_cells_take_the_type_that_is_there() -> None:
    old = pa.array([1, 2])
    assert conformed(pa.array(["3"]), old, name="x").to_pylist() == [3]
    assert conformed(pa.array([None]), old, name="x").type == pa.int64()
    assert conformed(pa.array([0.5]), old, name="x").type == pa.float64()
    with pytest.raises(DataError, match=r"x must be a number, as it was before; got 'a'"):
        conformed(pa.array(["a"]), old, name="x")
    assert conformed(pa.array(["a"]), pa.nulls(2), name="x").to_pylist() == ["a"]


def test_sorts_and_the_type_that_holds_two() -> None:
    kinds = [pa.null(), pa.bool_(), pa.decimal128(20, 2), pa.timestamp("us"), pa.large_string()]
    assert [sort_of(kind) for kind in kinds] == [None, "boolean", "number", "time", "text"]
    assert widest(pa.int64(), pa.float64()) == pa.float64()
    assert widest(pa.int64(), pa.decimal128(20, 2)) == pa.decimal128(38, 2)
