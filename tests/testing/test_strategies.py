from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.core.arrays import Csr, RowArray
from recsys.data import EventLog
from recsys.testing import Search, event_columns, event_logs, interactions, searches, topk_lists


@given(matrix=interactions(max_users=4, max_items=5))
def test_interactions_are_positive_where_stored(matrix: Csr) -> None:
    assert matrix.shape[0] <= 4
    assert matrix.shape[1] <= 5
    assert matrix.dtype == np.float32
    assert (matrix.data > 0).all()


@given(lists=topk_lists(3, 6, k=8))
def test_lists_are_distinct_and_padded_at_the_end(lists: RowArray) -> None:
    assert lists.shape == (3, 8)
    for line in lists.tolist():
        real = [row for row in line if row >= 0]
        assert len(set(real)) == len(real)
        assert line == real + [-1] * (8 - len(real))


@given(case=searches())
@settings(max_examples=50, deadline=None)
def test_searches_fit_together(case: Search) -> None:
    assert case.vectors.shape[1] == case.queries.shape[1]
    assert case.vectors.dtype == case.queries.dtype == np.float32
    for hidden, available in zip(case.excluded(), case.available(), strict=True):
        assert not hidden & available
        assert len(available) <= len(case.vectors)


@given(columns=event_columns())
def test_columns_are_of_one_length(columns: dict[str, list[Any]]) -> None:
    assert len({len(values) for values in columns.values()}) == 1
    assert {"user_id", "item_id"} <= set(columns)


@given(log=event_logs(max_events=8), data=st.data())
@settings(deadline=None)
def test_logs_hold_what_was_drawn_less_repeated_rows(log: EventLog, data: st.DataObject) -> None:
    assert isinstance(log, EventLog)
    assert 1 <= log.n_events + log.n_dropped_duplicates <= 8
    assert (log.user_rows < log.n_users).all()
    assert (log.item_rows < log.n_items).all()
