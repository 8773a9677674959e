import uuid
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.clock import to_utc
from recsys.data import DigestHistory, IdMap
from recsys.digest.received import Received

ITEMS = IdMap.of(["q0", "q1", "q2"])
names = st.sampled_from(["ana", "bo", "cy"])


def history(rows: list[tuple[str, str, str | None, str]]) -> DigestHistory:
    if not rows:
        return DigestHistory.empty()
    return DigestHistory.from_frame(
        dict(
            zip(
                ("user_id", "item_id", "sent_at", "status"),
                map(list, zip(*rows, strict=True)),
                strict=True,
            )
        )
    )


@given(st.lists(st.tuples(names, st.sampled_from(["q0", "q1", "q2", "gone"]))))
def test_the_rows_of_a_person_are_what_the_history_says(pairs: list[tuple[str, str]]) -> None:
    past = history([(who, what, None, "sent") for who, what in pairs])
    received = Received.of(past, ITEMS, unconfirmed="count")
    for who in ("ana", "bo", "cy", "never"):
        wanted = sorted(ITEMS.row(what) for one, what in pairs if one == who and what != "gone")
        assert sorted(received.rows_of([who])[0].tolist()) == wanted


def test_the_last_digest_is_the_latest_wherever_it_stands() -> None:
    past = history(
        [
            ("ana", "q0", "2018-09-08", "sent"),
            ("ana", "q1", "2018-09-01", "sent"),
            ("bo", "q1", None, "sent"),
        ]
    )
    last = Received.of(past, ITEMS, unconfirmed="count").last(["ana", "bo", "cy"])
    assert last[0] == to_utc("2018-09-08")
    assert last[1] == to_utc(0)
    assert np.isnat(last[2])


def test_unconfirmed_digests_count_unless_told_otherwise() -> None:
    past = history([("ana", "q0", "2018-09-01", "composed"), ("bo", "q1", "2018-09-01", "sent")])
    counted = Received.of(past, ITEMS, unconfirmed="count")
    ignored = Received.of(past, ITEMS, unconfirmed="ignore")
    assert [len(rows) for rows in counted.rows_of(["ana", "bo"])] == [1, 1]
    assert [len(rows) for rows in ignored.rows_of(["ana", "bo"])] == [0, 1]
    assert np.isnat(ignored.last(["ana", "bo"])).tolist() == [True, False]


def test_uuids_are_found_again_though_the_file_has_them_as_text() -> None:
    who, what = uuid.uuid4(), uuid.uuid4()
    past: Any = history(
        [(str(who), str(what), "2018-09-01", "sent"), (str(who), "no-uuid", None, "sent")]
    )
    received = Received.of(past, IdMap.of([uuid.uuid4(), what]), unconfirmed="count")
    assert [rows.tolist() for rows in received.rows_of([who])] == [[1]]
    assert received.last([who])[0] == to_utc("2018-09-01")
