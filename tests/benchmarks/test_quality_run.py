"""The runner: one process per row, finished rows kept, failures told."""

import argparse
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import datasets, measure, results, run
from benchmarks.quality.peers import all_peers
from benchmarks.quality.row import in_fork

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and limits of Unix")


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    return [
        "--smoke", "--data", "movies", "--results", str(tmp_path / "quality.json"),
        "--cache", str(tmp_path / "cache"), "--search-seconds", "0.1", "--rectools-venv",
        str(tmp_path / "none"),
    ]  # fmt: skip


def test_a_row_is_measured_in_its_own_process_and_kept(
    words: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("duckdb")
    assert run.main([*words, "--model", "popularity", "fast"]) == 0
    found = results.load(tmp_path / "quality.json")
    peer, ours = found["rows"]
    assert (peer["model"], ours["model"]) == ("popularity", "recsys fast")
    for row in (peer, ours):
        assert 0 < row["metrics"]["recall@20"] < 1
        low, high = row["intervals"]["recall@20"]
        assert low <= row["metrics"]["recall@20"] <= high
        assert row["peak_mb"] >= row["before_mb"] > 10
        assert row["n_users"] == datasets.SMOKE_USERS
    assert ours["p50_ms"] > 0
    assert set(found["data"]["movies"]["files"]) >= {"events.csv.gz"}
    capsys.readouterr()
    assert run.main([*words, "--model", "popularity", "fast"]) == 0
    assert capsys.readouterr().out == ""  # nothing was run again
    monkeypatch.setattr(run, "process", lambda job, options: {"skipped": "again"})
    assert run.main([*words, "--model", "popularity", "--again"]) == 0
    assert "popularity" in capsys.readouterr().out


def test_a_row_that_fails_is_told_and_the_run_goes_on(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        run, "process", lambda job, options: {"skipped": "failed: boom", "failed": True}
    )
    assert run.main([*words, "--model", "popularity", "fast"]) == 1
    rows = results.load(tmp_path / "quality.json")["rows"]
    assert [row["skipped"] for row in rows] == ["failed: boom"] * 2


def test_a_job_that_cannot_be_done_says_its_last_error(tmp_path: Path) -> None:
    options = argparse.Namespace(
        run_with="", timeout=60, cache=tmp_path, rectools_venv=tmp_path / "none"
    )
    job = {
        "task": "movies", "model": "nobody", "data": "", "smoke": True, "search_s": 1,
        "timeout_s": 60, "values": "", "out": str(tmp_path / "out.json"),
    }  # fmt: skip
    found = run.process(job, options)
    assert found["failed"]
    assert "nobody" in found["skipped"]


def test_an_unknown_data_set_or_model_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        run.arguments(["--data", "nothing"])
    with pytest.raises(SystemExit, match="nobody"):
        run.main([*words, "--model", "nobody"])


def test_peers_come_before_our_presets() -> None:
    options = run.arguments(["--data", "movies", "lastfm+tags"])
    order = [model for _, model in run.chosen(options, all_peers())]
    ours = [at for at, model in enumerate(order) if model.startswith("recsys")]
    assert ours == list(range(len(order) - 6, len(order)))
    only = run.arguments(["--only", "ours", "--data", "movies"])
    assert [model for _, model in run.chosen(only, all_peers())] == [
        "recsys fast", "recsys balanced", "recsys best",
    ]  # fmt: skip


def test_a_fork_answers_and_its_failure_is_ours() -> None:
    assert in_fork(lambda: {"a": 1}) == {"a": 1}

    def fails() -> dict[str, int]:
        raise ValueError("inside")

    with pytest.raises(RuntimeError, match="the search ended with 1"):
        in_fork(fails)


def test_the_memory_of_a_fork_is_not_ours() -> None:
    before = measure.memory_mb("VmHWM")
    in_fork(lambda: {"n": int(np.ones(60_000_000).sum())})  # 480 MB
    assert measure.memory_mb("VmHWM") < before + 200


def test_a_row_that_takes_too_long_is_ended() -> None:
    code = "from benchmarks.quality.row import limit\nlimit(1)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", code], cwd=run.ROOT, check=False)
    assert done.returncode == -signal.SIGXCPU


def test_a_short_fit_is_run_three_times_and_a_long_one_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []
    result, facts = measure.measured_fit(lambda: calls.append(1))
    assert result is None
    assert len(calls) == facts["n_fits"] == 3
    monkeypatch.setattr(measure, "CHEAP_S", -1.0)
    assert measure.measured_fit(lambda: calls.append(1))[1]["n_fits"] == 1


def test_single_calls_are_one_per_person() -> None:
    asked: list[int] = []
    found = measure.single_call_ms(asked.append, list(range(30)))
    assert asked == [*range(10), *range(30)]
    assert 0 <= found["p50_ms"] <= found["p99_ms"]


def test_means_come_with_intervals_and_differences_are_paired() -> None:
    values = np.linspace(0, 1, 200)
    found = measure.summary({"recall@20": values}, seed=0)
    low, high = found["intervals"]["recall@20"]
    assert low < found["metrics"]["recall@20"] == 0.5 < high
    gap = measure.difference(values + 0.1, values, seed=0, name="x")
    assert gap["low"] == gap["high"] == gap["difference"] == pytest.approx(0.1)


def test_the_head_of_the_results_is_plain_json() -> None:
    assert json.loads(json.dumps(run.head()))["page"] == "quality"


def test_each_peer_of_a_data_set_is_searched_for_the_same_time(words: list[str]) -> None:
    assert run.search_seconds("gowalla", run.arguments([])) == 90
    assert run.search_seconds("movies", run.arguments([])) == 30
    assert run.search_seconds("movies", run.arguments(words)) == 0.1


def test_a_row_is_made_again_when_its_grid_or_its_seconds_are_other_ones(words: list[str]) -> None:
    peers = all_peers()
    options, longer = run.arguments(words), run.arguments([*words, "--search-seconds", "9"])
    mine = run.made_of("movies", "implicit ALS", options, peers)
    assert mine == run.made_of("movies", "implicit ALS", options, all_peers())
    assert mine != run.made_of("movies", "implicit ALS", longer, peers)
    other = {"implicit ALS": replace(peers["implicit ALS"], grid=lambda problem: [{}])}
    assert mine != run.made_of("movies", "implicit ALS", options, other)
