import operator
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError
from recsys.ranking.filters.expression import Operator
from recsys.ranking.filters.typed_column import ListColumn, typed_column

OPERATORS: dict[Operator, Any] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def objects(cells: list[Any]) -> npt.NDArray[np.object_]:
    out = np.empty(len(cells), dtype=object)
    out[:] = cells
    return out


@given(
    st.lists(st.none() | st.sampled_from(["a", "b", "A", "é", ""])),
    st.sampled_from(["a", "b", "z"]),
)
def test_texts_compare_as_python_does_and_null_never_matches(
    cells: list[str | None], value: str
) -> None:
    column = typed_column("format", objects(cells))
    for op, holds in OPERATORS.items():
        assert column.compare(op, value).tolist() == [
            c is not None and holds(c, value) for c in cells
        ]
    assert column.is_in([value, "b"]).tolist() == [c in (value, "b") for c in cells]
    assert column.is_null().tolist() == [c is None for c in cells]


@given(st.lists(st.none() | st.integers(-(2**62), 2**62)), st.integers(-(2**62), 2**62))
def test_whole_numbers_compare_exactly(cells: list[int | None], value: int) -> None:
    column = typed_column("author_id", objects([*cells, 1]))
    for op, holds in OPERATORS.items():
        expected = [c is not None and holds(c, value) for c in cells]
        assert column.compare(op, str(value)).tolist()[:-1] == expected
    assert column.is_in([str(value)]).tolist()[:-1] == [c == value for c in cells]


@given(
    st.lists(st.sampled_from([float("nan"), 0.0, 1.5, -2.0])),
    st.sampled_from(["0", "1.5", "-2", "1e1"]),
)
def test_floats_compare_and_nan_is_null(cells: list[float], value: str) -> None:
    column = typed_column("price", np.array(cells, dtype=np.float64))
    for op, holds in OPERATORS.items():
        expected = [c == c and holds(c, float(value)) for c in cells]  # noqa: PLR0124
        assert column.compare(op, value).tolist() == expected
    assert column.is_in([value, "7"]).tolist() == [c == float(value) for c in cells]
    assert column.is_null().tolist() == np.isnan(cells).tolist()


def test_a_number_beyond_64_bits_matches_nothing() -> None:
    column = typed_column("n", np.array([1, 2]))
    assert column.is_in([str(10**30)]).tolist() == [False, False]
    assert column.compare("<", str(10**30)).tolist() == [True, True]


def test_times_compare_in_utc_and_nat_is_null() -> None:
    times = np.array(["2026-01-01T00:00", "2026-01-01T01:00", "NaT"], dtype="datetime64[us]")
    column = typed_column("published_at", times)
    assert column.compare(">=", "2026-01-01T02:00:00+01:00").tolist() == [False, True, False]
    assert column.compare("=", "2026-01-01").tolist() == [True, False, False]
    assert column.compare("!=", "2026-01-01").tolist() == [False, True, False]
    assert column.is_in(["2026-01-01", "2026-01-01T01:00:00Z"]).tolist() == [True, True, False]
    assert column.is_null().tolist() == [False, False, True]


def test_booleans_are_true_and_false_and_uuids_their_text() -> None:
    one = UUID(int=7)
    assert typed_column("live", np.array([True, False])).is_in(["true"]).tolist() == [True, False]
    assert typed_column("id", objects([one, None])).compare("=", str(one)).tolist() == [True, False]


@given(st.lists(st.none() | st.lists(st.sampled_from("abc"), max_size=3).map(tuple), min_size=1))
def test_lists_hold_what_they_hold(cells: list[tuple[str, ...] | None]) -> None:
    column = typed_column("communities", objects([*cells, ()]))
    sets = [set(cell or ()) for cell in [*cells, ()]]
    assert column.has(["a", "b"], every=False).tolist() == [bool(one & {"a", "b"}) for one in sets]
    assert column.has(["a", "b"], every=True).tolist() == [one >= {"a", "b"} for one in sets]
    assert column.compare("=", "a").tolist() == ["a" in one for one in sets]
    assert column.compare("!=", "a").tolist() == [bool(one) and "a" not in one for one in sets]
    assert column.is_in(["a", "z"]).tolist() == ["a" in one for one in sets]
    assert column.is_null().tolist() == [not one for one in sets]
    assert not column.has([], every=True).any()


def test_a_tag_name_of_two_families_is_one_tag() -> None:
    import scipy.sparse as sp

    tags = sp.csr_matrix([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    column = ListColumn.of_tags("tags", tags, ("video", "video", "gates"))
    assert column.has(["video"], every=False).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("values", "op", "value", "message"),
    [
        (np.array([1.0]), "=", "many", "must compare 'x' with a number; got 'many'"),
        (np.array([1.0]), "=", "nan", "with a number"),
        (np.array(["2026"], "datetime64[us]"), ">", "soon", r"date; got 'soon'. Write 2026-01-31"),
        (objects([("a",)]), "<", "b", "must not use < on 'x': it is a list"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(
    values: Any, op: Operator, value: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        typed_column("x", values).compare(op, value)


@pytest.mark.parametrize(
    "values", [np.array([1.0]), objects(["a"]), np.array(["2026"], dtype="datetime64[us]")]
)
def test_a_column_of_one_value_has_no_members(values: Any) -> None:
    with pytest.raises(ConfigError, match=r"'x' holds one value. Use = or in"):
        typed_column("x", values).has(["a"], every=False)


def test_answers_are_the_callers_own() -> None:
    column = typed_column("x", np.array([1.0, np.nan]))
    column.is_null()[:] = True
    assert column.is_null().tolist() == [False, True]


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint64, np.float32, np.float64, object])
@pytest.mark.parametrize("sign", ["", "+", "-"])
@pytest.mark.parametrize("digits", [19, 20, 40, 309, 400, 5000])
def test_numbers_of_any_length_are_compared(kind: Any, sign: str, digits: int) -> None:
    column = typed_column("n", np.array([1, 2], dtype=kind))
    far, is_less = sign + "9" * digits, sign == "-"
    assert column.is_in([far, "2"]).tolist() == [False, True]
    assert column.compare("=", far).tolist() == [False, False]
    assert column.compare(">", far).tolist() == [is_less, is_less]
    assert column.compare("<", far).tolist() == [not is_less, not is_less]


def test_the_largest_whole_numbers_are_told_apart() -> None:
    top = 2**63 - 1
    column = typed_column("n", np.array([top, top - 1], dtype=np.int64))
    assert column.is_in([str(top)]).tolist() == [True, False]
    assert column.is_in([str(top + 1)]).tolist() == [False, False]
    assert column.compare("=", str(top + 1)).tolist() == [False, False]
    column = typed_column("n", np.array([2**64 - 1, 2**64 - 2], dtype=np.uint64))
    assert column.is_in([str(2**64 - 1)]).tolist() == [True, False]
