import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from recsys.cli.commands.evaluate import split_words

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def parts(world: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The world's events, cut on the 21st."""
    header, *lines = (world / "events.csv").read_text(encoding="utf-8").splitlines()
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    late = [line for line in lines if line.split(",")[3] >= "2024-01-21"]
    early = [line for line in lines if line not in late]
    train.write_text("\n".join([header, *early]), encoding="utf-8")
    test.write_text("\n".join([header, *late]), encoding="utf-8")
    return train, test


def test_json_is_as_the_contract_has_it(
    run: Run, world: Path, parts: tuple[Path, Path], tmp_path: Path
) -> None:
    train, test = parts
    record = tmp_path / "evaluation.json"
    done = run(
        "evaluate", "--train", train, "--test", test, "--items", world / "items.csv",
        "--preset", "fast", "-k", 5, "-k", 10, "--json", record,
    )  # fmt: skip
    assert done.returncode == 0
    told = json.loads(record.read_text(encoding="utf-8"))
    assert {"recall@5", "ndcg@10", "coverage@5", "intra_list_diversity@10"} <= set(told["metrics"])
    assert told["n_items"] == 20
    assert set(told["seconds"]) == {"load", "tune", "fit", "recommend"}
    assert told["seconds"]["load"] > 0
    assert told["target_kinds"] == ["like"]
    for name in ("peak_rss_mb", "config", "seed", "versions", "n_users"):
        assert name in told
    assert "recall@5" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_masked_events_are_neither_fitted_nor_recommended(
    run: Run, parts: tuple[Path, Path]
) -> None:
    train, test = parts
    args = ("--train", train, "--test", test, "--preset", "fast", "-k", 18, "--json", "-")
    without = json.loads(run("evaluate", *args).stdout)
    masked = json.loads(run("evaluate", *args, "--mask", test).stdout)
    assert without["metrics"]["recall@18"] > 0.9
    assert masked["metrics"]["recall@18"] == 0


def test_only_candidates_are_ranked(run: Run, parts: tuple[Path, Path], tmp_path: Path) -> None:
    train, test = parts
    ids = tmp_path / "candidates.csv"
    ids.write_text("item_id\nq0\nq1\nq2\n", encoding="utf-8")
    done = run(
        "evaluate", "--train", train, "--test", test, "--preset", "fast", "--candidates", ids,
        "--json", "-",
    )  # fmt: skip
    assert json.loads(done.stdout)["n_items"] == 3


def test_what_counts_can_be_chosen(run: Run, parts: tuple[Path, Path]) -> None:
    train, test = parts
    args = ("evaluate", "--train", train, "--test", test, "--preset", "fast")
    done = run(*args, "--target-kinds", "like,share", "--json", "-")
    assert json.loads(done.stdout)["target_kinds"] == ["like"]
    for more, message in (
        (("--target-kinds", "lik"), "nearest: 'like'"),
        (("--positive", "value >= 4"), "at least one positive event"),
        (("--positive", "value >"), "error: "),
        (("-k", 0), "k must be"),
        (("-k", -3), "k must be"),
        (("--as-of", "yesterday"), "--as-of"),
    ):
        failed = run(*args, *more)
        assert failed.returncode == 1, more
        assert message in failed.stderr, more
        assert failed.stderr.count("\n") == 1, more


def test_words_are_split_at_commas_and_options() -> None:
    assert split_words(None) is None
    assert split_words(["a, b", "c,"]) == ["a", "b", "c"]
