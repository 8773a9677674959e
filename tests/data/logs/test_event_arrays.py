"""Columns of events as a bundle."""

from typing import Any

import numpy as np
import pyarrow as pa

from recsys.data.logs.event_arrays import ALL, NUMERIC, from_arrays, picked, stacked, to_arrays
from recsys.data.text_codes import encoded


def bundle(n_events: int, **given: Any) -> dict[str, Any]:
    columns: dict[str, Any] = {name: np.arange(n_events) for name in NUMERIC}
    return {**dict.fromkeys(ALL), **columns, **given}


def shown(columns: dict[str, Any]) -> dict[str, Any]:
    return {k: None if v is None else v.tolist() for k, v in columns.items()}


def test_rows_are_picked_from_every_column_given() -> None:
    columns = bundle(3, session_ids=encoded(pa.array(["a", "b", None])), amounts=np.arange(3.0))
    found = picked(columns, np.array([2, 0]))
    assert found["user_rows"].tolist() == [2, 0]
    assert found["session_ids"].to_pylist() == [None, "a"]
    assert found["amounts"].tolist() == [2.0, 0.0]
    assert found["currency"] is None


def test_what_only_one_bundle_has_is_missing_in_the_other() -> None:
    found = stacked(
        [bundle(1, amounts=np.array([5.0])), bundle(2, currency=encoded(pa.array(["€", "$"])))]
    )
    assert np.array_equal(found["amounts"], [5.0, np.nan, np.nan], equal_nan=True)
    assert found["currency"].to_pylist() == [None, "€", "$"]
    assert found["event_ids"] is None
    assert found["user_rows"].tolist() == [0, 0, 1]


def test_a_bundle_survives_being_saved_as_plain_arrays() -> None:
    columns = bundle(3, session_ids=encoded(pa.array(["a", "b", None])))
    arrays = to_arrays(columns)
    assert not any(array.dtype.hasobject for array in arrays.values())
    assert shown(from_arrays(arrays)) == shown(columns)
