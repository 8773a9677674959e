import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., "CompletedProcess[str]"]


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_everyone_due_gets_a_digest_as_data_and_as_a_page(
    run: Run, model: Path, tmp_path: Path
) -> None:
    out, html = tmp_path / "digest.jsonl", tmp_path / "pages"
    done = run("digest", model, "--out", out, "--html", html, "--json", tmp_path / "report.json")
    assert done.returncode == 0
    assert str(html / "index.html") in done.stdout
    people = [one["user_id"] for one in lines_of(out)]
    assert "u1" in people
    assert "says-nothing" not in people  # no consent to digests
    assert (html / "index.html").stat().st_size
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["n_digests"] == len(people)
    assert report["n_declined"] == 1


def test_nobody_gets_an_item_twice(run: Run, model: Path, tmp_path: Path) -> None:
    got: list[tuple[object, object]] = []
    for week in ("2024-02-01", "2024-02-08"):
        out = tmp_path / f"{week}.jsonl"
        done = run(
            "digest", model, "--out", out, "--history", tmp_path / "history.jsonl",
            "--as-of", week, "-k", 3,
        )  # fmt: skip
        assert done.returncode == 0
        for one in lines_of(out):
            items = one["items"]
            assert isinstance(items, list)
            got += [(one["user_id"], item["item_id"]) for item in items]
    assert got
    assert len(set(got)) == len(got)


def test_only_the_people_named_are_looked_at(run: Run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "d.jsonl"
    assert run("digest", model, "--out", out, "--user", "u1", "--user=-odd one").returncode == 0
    assert {one["user_id"] for one in lines_of(out)} == {"u1", "-odd one"}


def test_settings_come_from_the_file_and_options_go_before_them(
    run: Run, model: Path, tmp_path: Path
) -> None:
    config, out = tmp_path / "c.toml", tmp_path / "d.jsonl"
    config.write_text('k = 5\nname = "News"\nmax_per_topic = 9\n', encoding="utf-8")
    args = ("digest", model, "--out", out, "--config", config, "-k", 1, "--user", "u1")
    assert run(*args, "--where", "format = video").returncode == 0
    (one,) = lines_of(out)
    assert isinstance(one["items"], list)
    assert len(one["items"]) == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--out", "d.xlsx"], "must end in"),
        (["--out", "-"], "--out must name a file"),
        (["--out", "d.jsonl", "-k", "0"], "k"),
        (["--out", "d.jsonl", "--as-of", "soon"], "--as-of"),
        (["--out", "d.jsonl", "--where", "colour = red"], "colour"),
        (["--out", "d.jsonl", "--users-file", "none"], "none"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str],
    message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    done = run("digest", model, *args)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_was_sent_is_confirmed_in_the_history(run: Run, model: Path, tmp_path: Path) -> None:
    out, history = tmp_path / "d.jsonl", tmp_path / "history.jsonl"
    args = ("digest", model, "--history", history)
    assert run(*args, "--out", out, "--as-of", "2024-02-01", "--user", "u1").returncode == 0
    done = run(*args, "--confirm", out, "--json", tmp_path / "c.json")
    assert done.returncode == 0
    assert done.stdout.strip() == "Confirmed: 1 people."
    assert json.loads((tmp_path / "c.json").read_text(encoding="utf-8")) == {"n_confirmed": 1}
    assert lines_of(history)[-1]["status"] == "sent"


def test_confirming_needs_the_history(run: Run, model: Path, tmp_path: Path) -> None:
    done = run("digest", model, "--confirm", tmp_path / "d.jsonl")
    assert done.returncode == 1
    assert "--confirm must come with --history" in done.stderr


def test_neither_writing_nor_confirming_is_wrong_usage(run: Run, model: Path) -> None:
    assert run("digest", model).returncode == 2
