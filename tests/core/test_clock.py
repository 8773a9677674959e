"""Times: everything becomes UTC microseconds, or is refused by name."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.clock import age_days, to_iso, to_utc
from recsys.core.errors import DataError

NOON = np.datetime64("2018-03-12T12:00:00.000000")
PLUS_TWO = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2018, 3, 12, 12),
        datetime(2018, 3, 12, 12, tzinfo=UTC),
        datetime(2018, 3, 12, 14, tzinfo=PLUS_TWO),
        "2018-03-12T12:00:00",
        "2018-03-12T12:00:00Z",
        "2018-03-12 14:00:00+02:00",
        1520856000,
        1520856000.0,
        np.int64(1520856000),
        np.float64(1520856000),
        np.datetime64("2018-03-12T12", "h"),
        pd.Timestamp("2018-03-12T13:00", tz="Europe/Paris"),
    ],
    ids=repr,
)
def test_every_way_to_write_one_moment_gives_the_same_time(moment: object) -> None:
    out = to_utc(moment)
    assert out == NOON
    assert out.dtype == np.dtype("datetime64[us]")


def test_a_date_is_its_midnight() -> None:
    assert to_utc(date(2018, 3, 12)) == np.datetime64("2018-03-12T00:00:00", "us")


@pytest.mark.parametrize(
    "moment",
    [None, "", "soon", "2018-13-01", True, float("nan"), float("inf"), 10**30, pd.NaT, b"2018"],
    ids=repr,
)
def test_what_is_no_time_is_refused_by_the_name_of_its_argument(moment: object) -> None:
    with pytest.raises(DataError, match=r"^as_of must be a datetime, ISO 8601 text"):
        to_utc(moment, name="as_of")


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="now must be"):
        to_utc(np.datetime64("NaT"))


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_datetime_survives_the_way_there_and_back(moment: datetime) -> None:
    assert to_utc(moment).item() == moment.replace(tzinfo=None)


@given(st.datetimes(min_value=datetime(1900, 1, 1)))
def test_iso_text_reads_back_as_the_same_second(moment: datetime) -> None:
    whole = to_utc(moment.replace(microsecond=0))
    assert to_utc(to_iso(whole)) == whole


def test_iso_text_ends_in_the_zone() -> None:
    assert to_iso(NOON) == "2018-03-12T12:00:00Z"


def test_ages_are_days_and_a_missing_time_has_none() -> None:
    times = np.array(["2018-03-12T00:00", "2018-03-11T12:00", "NaT"], dtype="datetime64[us]")
    ages = age_days(times, NOON)
    assert ages[:2].tolist() == [0.5, 1.0]
    assert np.isnan(ages[2])


def test_a_future_event_has_a_negative_age() -> None:
    assert age_days(NOON + np.timedelta64(1, "D"), NOON) == -1.0
