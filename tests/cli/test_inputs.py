from pathlib import Path

import numpy as np
import pytest

from recsys.cli.inputs import Reader, skipped_records, system_now, tell_left_out, typed_time
from recsys.core.errors import DataError


def test_without_files_there_are_no_events_and_nothing_else() -> None:
    events, catalog, people = Reader.of().all([], None, None, None)
    assert events.n_events == 0
    assert catalog is None
    assert people is None


def test_columns_and_kinds_of_the_options_are_used(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("member_id,item_id,kind\nana,q1,upvote\n", encoding="utf-8")
    reader = Reader.of(columns=["user_id=member_id"], kinds=["upvote=3"])
    events = reader.events([path])
    assert events.users.id(0) == "ana"
    assert events.kinds["upvote"].weight == 3


def test_tags_alone_make_a_catalog(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_text("item_id,tag\nq1,gates\n", encoding="utf-8")
    catalog = Reader.of().catalog(None, path)
    assert catalog is not None
    assert catalog.tag_names == ("gates",)


def test_events_of_the_future_are_refused_by_the_clock_or_by_now(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("user_id,item_id,occurred_at\nana,q1,2024-01-01\n", encoding="utf-8")
    assert Reader.of().events([path]).n_events == 1
    with pytest.raises(DataError, match="line 2, column occurred_at"):
        Reader.of(now="2023-12-01").events([path])


def test_what_was_left_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "events.csv"
    path.write_text("user_id,item_id\nana,q1\nana,q1\n,q2\n", encoding="utf-8")
    events = Reader.of(on_bad_row="skip").events([path])
    tell_left_out(events, None)
    out, err = capsys.readouterr()
    assert out == ""
    assert "1 bad row(s) left out" in err
    assert "line 4, column user_id" in err
    assert "1 repeated event(s) left out" in err
    (record,) = skipped_records(events, None)
    assert (record["line"], record["column"]) == (4, "user_id")


def test_a_typed_time_may_be_epoch_seconds_or_a_compact_date() -> None:
    for text in ("1520812800", "1520812800.0", "20180312", "2018-03-12T01:00:00+01:00"):
        assert typed_time(text, option="--now") == np.datetime64("2018-03-12T00:00:00", "us")


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "9" * 15, "1e300", "x" * 10**6])
def test_what_is_no_time_is_told_with_the_option(text: str) -> None:
    with pytest.raises(DataError, match="--now") as caught:
        typed_time(text, option="--now")
    assert len(str(caught.value)) < 300


def test_the_system_knows_what_time_it_is() -> None:
    assert system_now() > np.datetime64("2024-01-01")
