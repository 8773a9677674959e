import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., "CompletedProcess[str]"]
SMALL = ("--n-items=60", "--n-users=50", "--n-calls=3")


def test_bench_measures_a_made_up_world(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    done = run("bench", *SMALL, "--preset=fast", "--json", out)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["n_items"] == 60
    assert record["single"]["p50_ms"] > 0
    assert record["filtered"]["p99_ms"] > 0
    assert 0 < record["recall"] <= 1
    assert "recsys-engine" in record["versions"]


def test_the_width_can_be_given(run: Run) -> None:
    done = run("bench", *SMALL, "--factors=16", "--json=-")
    assert json.loads(done.stdout)["n_factors"] == 17  # and popularity


def test_a_saved_model_can_be_measured(run: Run, model: Path) -> None:
    done = run("bench", f"--model={model}", "--n-calls=3", "--json=-")
    record = json.loads(done.stdout)
    assert record["n_users"] == 27
    assert record["fit_seconds"] is None
    assert record["filtered"] is None


def test_a_width_beyond_the_data_is_refused(run: Run) -> None:
    done = run("bench", *SMALL, "--factors=50")
    assert done.returncode == 1
    assert "--factors must be below" in done.stderr
    assert run("bench", "--n-items=0").returncode == 2
