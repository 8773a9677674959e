from __future__ import annotations

from pathlib import Path

import pytest

from recsys.core.errors import ConfigError, DataError
from recsys.models.tuning.log import Trial, TuningLog

ABOUT = {"data": "abc", "metric": "ndcg@20", "seed": 0}
FIRST = Trial(number=0, outcome="default", value=0.1, seconds=1.0)
SECOND = Trial(
    number=1,
    block="ease",
    settings={"regularization": 0.1 + 0.2, "half_life_days": None},
    outcome="better",
    value=0.11,
    gain=0.01,
    gain_error=0.002,
    seconds=0.5,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log with two trials."""
    path = tmp_path / "search.jsonl"
    log = TuningLog(path)
    assert log.begin(ABOUT) == []
    log.add(FIRST)
    log.add(SECOND)
    return path


def test_trials_come_back_as_they_were(path: Path) -> None:
    assert TuningLog(path, resume=True).begin(ABOUT) == [FIRST, SECOND]


def test_a_line_cut_off_by_a_kill_is_forgotten(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"number": 2, "blo')
    log = TuningLog(path, resume=True)
    assert log.begin(ABOUT) == [FIRST, SECOND]
    assert path.read_bytes() == whole


def test_a_log_without_a_whole_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "search.jsonl"
    path.write_text('{"format": "rec', encoding="utf-8")
    assert TuningLog(path, resume=True).begin(ABOUT) == []
    assert TuningLog(path, resume=True).begin(ABOUT) == []


def test_an_existing_log_is_not_written_over(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="must be a new file"):
        TuningLog(path).begin(ABOUT)
    assert path.read_bytes() == before


def test_the_log_of_other_data_is_refused(path: Path) -> None:
    with pytest.raises(ConfigError, match="differs in data, seed"):
        TuningLog(path, resume=True).begin({**ABOUT, "data": "xyz", "seed": 1})


@pytest.mark.parametrize("text", ["user_id,item_id\n", '{"a": 1}\n', "[1]\n", "\xff\n"])
def test_a_file_that_is_no_log_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match="must be the log of a search"):
        TuningLog(path, resume=True).begin(ABOUT)
    assert path.read_bytes() == text.encode("latin-1")


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="folder of the log must exist"):
        TuningLog(tmp_path / "none" / "search.jsonl").check()


def test_resuming_what_never_began_begins_it(tmp_path: Path) -> None:
    log = TuningLog(tmp_path / "search.jsonl", resume=True)
    assert log.begin(ABOUT) == []
    assert log.path.is_file()
