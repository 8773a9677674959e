from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from recsys.cli.commands.tune import check_config_file
from recsys.cli.settings import load_config
from recsys.core.errors import DataError
from recsys.models.tuning.search import Search
from recsys.serving import RecommenderConfig

Run = Callable[..., "CompletedProcess[str]"]

START = """
[hybrid]
blocks = [
  { kind = "popularity", settings = { half_life_days = "none" } },
  { kind = "spectral", settings = { n_factors = 2, ridge = 0.5, item_exponent = 1.0 } },
]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with events.csv, 90 people of three tastes, and start.toml, poor settings."""
    folder = tmp_path_factory.mktemp("tastes")
    rng = np.random.default_rng(11)
    own = np.arange(90)[:, None] % 3 == np.arange(60)[None, :] % 3
    users, items = np.nonzero(rng.random(own.shape) < np.where(own, 0.5, 0.05))
    lines = [f"u{user},q{item}\n" for user, item in zip(users, items, strict=True)]
    (folder / "events.csv").write_text("user_id,item_id\n" + "".join(lines), encoding="utf-8")
    (folder / "start.toml").write_text(START, encoding="utf-8")
    return folder


@pytest.fixture
def tune(run: Run, folder: Path) -> Run:
    """Run tune on the folder's events, from its settings."""

    def call(*args: object) -> CompletedProcess[str]:
        given = ("--events", folder / "events.csv", "--config", folder / "start.toml")
        return run("tune", *given, *args)

    return call


def test_what_it_writes_is_a_configuration_for_fit_and_evaluate(
    tune: Run, run: Run, folder: Path, tmp_path: Path
) -> None:
    out, events = tmp_path / "found.toml", folder / "events.csv"
    done = tune("--trials", 8, "--out", out, "--json", tmp_path / "found.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert record["is_better"]
    assert load_config(RecommenderConfig, out).to_dict() == record["config"]
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# Settings of recsys fit by recsys tune")
    assert "Settings found: ndcg@20 gains" in text.replace("\n# ", " ")

    fitted = run("fit", "--events", events, "--config", out, "--out", tmp_path / "model")
    assert fitted.returncode == 0, fitted.stderr
    measured = run("evaluate", "--train", events, "--test", events, "--config", out)
    assert measured.returncode == 0, measured.stderr


def test_the_trials_are_kept_and_shown(tune: Run, tmp_path: Path) -> None:
    done = tune("--trials", 3, "--out", tmp_path / "found.toml")
    assert "3 trials in" in done.stdout
    assert "held out" in done.stdout
    log = (tmp_path / "found.log.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(log) == 1 + 1 + 3


def test_a_stopped_search_goes_on(tune: Run, tmp_path: Path) -> None:
    out = tmp_path / "found.toml"
    tune("--trials", 3, "--out", out)
    done = tune("--trials", 5, "--out", out, "--resume")
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "found.log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["number"] for line in log[1:]] == [0, 1, 2, 3, 4, 5]


def test_a_search_is_resumed_with_the_same_data_only(tune: Run, run: Run, tmp_path: Path) -> None:
    out, other = tmp_path / "found.toml", tmp_path / "other.csv"
    tune("--trials", 1, "--out", out)
    other.write_text("user_id,item_id\nana,q1\nbo,q2\n", encoding="utf-8")
    done = run("tune", "--events", other, "--trials", 1, "--out", out, "--resume")
    assert done.returncode == 1
    assert "differs in data" in done.stderr


def test_a_file_that_exists_is_not_written_over(tune: Run, tmp_path: Path) -> None:
    out = tmp_path / "found.toml"
    out.write_text("mine", encoding="utf-8")
    done = tune("--trials", 1, "--out", out)
    assert done.returncode == 1
    assert "must name a new file" in done.stderr
    assert out.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("minutes", [0, -1, "nan", "inf"])
def test_minutes_must_be_above_0(tune: Run, tmp_path: Path, minutes: object) -> None:
    done = tune("--minutes", minutes, "--out", tmp_path / "found.toml")
    assert done.returncode == 2
    assert "must be greater than 0" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_folder_must_exist(tune: Run, tmp_path: Path) -> None:
    done = tune("--minutes", 1, "--out", tmp_path / "none" / "found.toml")
    assert done.returncode == 1
    assert "folder of --out must exist" in done.stderr


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        check_config_file(tmp_path, resume=True)


def test_without_events_it_says_so(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("user_id,item_id\n", encoding="utf-8")
    done = run("tune", "--events", empty, "--minutes", 1, "--out", tmp_path / "found.toml")
    assert done.returncode == 1
    assert "event" in done.stderr
    assert not (tmp_path / "found.toml").exists()


def test_too_few_people_give_the_settings_as_they_are(run: Run, tmp_path: Path) -> None:
    few, out = tmp_path / "few.csv", tmp_path / "found.toml"
    few.write_text("user_id,item_id\nana,q1\nbo,q2\n", encoding="utf-8")
    done = run("tune", "--events", few, "--minutes", 1, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "too few" in done.stdout
    assert load_config(RecommenderConfig, out) == RecommenderConfig()


def test_the_keyboard_keeps_what_was_found(
    tune: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Search._try

    def interrupted(search: Search, *given: Any) -> Any:
        if search.budget.n_done > 6:
            raise KeyboardInterrupt
        return usual(search, *given)

    monkeypatch.setattr(Search, "_try", interrupted)
    done = tune("--minutes", 5, "--out", tmp_path / "found.toml")
    assert done.returncode == 130
    assert "the search ended: keyboard" in done.stdout
    assert load_config(RecommenderConfig, tmp_path / "found.toml").hybrid.blocks is not None


def test_evaluate_can_tune_first(run: Run, folder: Path, tmp_path: Path) -> None:
    events, record = folder / "events.csv", tmp_path / "record.json"
    given = ("--train", events, "--test", events, "--config", folder / "start.toml")
    done = run("evaluate", *given, "--tune-minutes", 0.1, "--json", record)
    assert done.returncode == 0, done.stderr
    found = json.loads(record.read_text(encoding="utf-8"))
    assert found["seconds"]["tune"] > 0
    assert found["tuning"]["n_trials"] > 0
    assert found["config"]["hybrid"]["blocks"] is not None
    assert found["tuning"]["why"] in done.stdout.replace("\n  ", " ")


def test_evaluate_without_tuning_spends_no_time_on_it(run: Run, folder: Path) -> None:
    events = folder / "events.csv"
    done = run("evaluate", "--train", events, "--test", events, "--json", "-")
    found = json.loads(done.stdout)
    assert found["seconds"]["tune"] == 0
    assert "tuning" not in found
