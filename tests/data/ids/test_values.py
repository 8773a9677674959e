"""What is an id and what is not."""

import uuid
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recsys.core.errors import DataError
from recsys.data.ids.values import id_values, ids_of_kind, uuid_array


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (["a", "b"], "text"),
        (np.array(["a", "b"]), "text"),
        (np.array(["a", None], dtype=object), "text"),
        (pa.array(["a", "b"]).dictionary_encode(), "text"),
        (pa.chunked_array([["a"], ["b"]]), "text"),
        ([1, 2], "int"),
        (np.array([1, 2], np.uint16), "int"),
        ([np.int32(1), 2], "int"),
        ([uuid.UUID(int=1), None], "uuid"),
        ([], "text"),
        ([None, None], "text"),
    ],
)
def test_each_sort_of_id_is_recognised(given: Any, kind: str) -> None:
    assert id_values(given, name="ids")[1] == kind


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 2.0], r"a join with missing rows turns 42 into 42\.0"),
        (np.array([1.0, np.nan]), r"42 into 42\.0"),
        ([1, "1"], "row 0 is int 1 and row 1 is str '1'"),
        ([None, "a", uuid.UUID(int=1)], "row 1 is str 'a' and row 2 is UUID"),
        ([True, False], "it holds bool"),
        ([b"a"], "it holds binary"),
        ([2**63], "too large|fit 64 bits"),
        (np.array([2**63], np.uint64), "fit 64 bits"),
        (["\ud800"], "surrogates not allowed"),
    ],
)
def test_what_is_no_id_is_refused_and_the_reason_said(given: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        id_values(given, name="ids")


def test_a_missing_id_stays_null_for_the_caller_to_judge() -> None:
    values, _ = id_values(["a", None, float("nan")], name="ids")
    assert values.to_pylist() == ["a", None, None]


def test_whole_decimals_of_a_database_are_integers() -> None:
    from decimal import Decimal

    values, kind = id_values(pa.array([Decimal(7)], pa.decimal128(38, 0)), name="ids")
    assert (kind, values.to_pylist()) == ("int", [7])


def test_uuids_come_back_as_uuids() -> None:
    ids = [uuid.UUID(int=5), uuid.UUID(int=3)]
    assert ids_of_kind(*id_values(ids, name="ids")) == ids


def test_a_text_among_uuids_is_refused() -> None:
    with pytest.raises(DataError, match="one sort"):
        uuid_array([uuid.UUID(int=1), "x"], "ids")
