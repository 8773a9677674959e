import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from recsys.serving import Recommender

Run = Callable[..., "CompletedProcess[str]"]


def test_a_model_is_saved_and_the_way_on_is_told(run: Run, world: Path, tmp_path: Path) -> None:
    out, record = tmp_path / "my model", tmp_path / "fit.json"
    done = run(
        "fit", "--events", world / "events.csv", "--items", world / "items.csv",
        "--preset", "fast", "--out", out, "--json", record,
    )  # fmt: skip
    assert done.returncode == 0
    assert "Saved in" in done.stdout
    assert f"recsys recommend '{out}'" in done.stdout
    told = json.loads(record.read_text(encoding="utf-8"))
    assert (told["n_users"], told["n_items"]) == (25, 20)
    assert set(told["seconds"]) == {"load", "fit", "save"}
    assert told["config"]["preset"] == "fast"
    assert Recommender.load(out).version == told["version"]
    for why in told["notes"]:
        assert why.split()[0] in done.stdout


def test_the_same_fit_has_the_same_version_and_takes_its_place(
    run: Run, world: Path, tmp_path: Path
) -> None:
    versions = set()
    for _ in range(2):
        args = ["--events", world / "events.csv", "--preset", "fast", "--out", tmp_path / "m"]
        done = run("fit", *args, "--json", "-")
        versions.add(json.loads(done.stdout)["version"])
    assert len(versions) == 1


def test_settings_come_from_the_file_and_options_go_before_them(
    run: Run, world: Path, tmp_path: Path
) -> None:
    config = tmp_path / "c.toml"
    config.write_text('model = "popularity"\npreset = "best"\nseed = 3\n', encoding="utf-8")
    done = run(
        "fit", "--events", world / "events.csv", "--config", config, "--preset", "fast",
        "--kind", "like=2,upvote=3", "--out", tmp_path / "m", "--json", "-",
    )  # fmt: skip
    told = json.loads(done.stdout)["config"]
    assert (told["model"], told["preset"], told["seed"]) == ("popularity", "fast", 3)
    assert told["kinds"] == {"like": 2.0, "upvote": 3.0}


def test_kinds_of_the_settings_are_known_to_the_reader(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[kinds]\nupvote = 3.0\n", encoding="utf-8")
    (tmp_path / "e.csv").write_text(
        "user_id,item_id,kind\na,q,upvote\nb,r,view\n", encoding="utf-8"
    )
    done = run(
        "fit", "--events", tmp_path / "e.csv", "--config", tmp_path / "c.toml", "--preset", "fast",
        "--out", tmp_path / "m",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_bad_rows_left_out_are_told_and_listed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("user_id,item_id\na,q\n,q\nb,r\n", encoding="utf-8")
    done = run(
        "fit", "--events", tmp_path / "e.csv", "--on-bad-row", "skip", "--preset", "fast",
        "--out", tmp_path / "m", "--json", tmp_path / "fit.json",
    )  # fmt: skip
    assert done.returncode == 0
    assert "note: 1 bad row(s) left out" in done.stderr
    told = json.loads((tmp_path / "fit.json").read_text(encoding="utf-8"))
    assert [row["line"] for row in told["skipped"]] == [3]


def test_the_moment_can_be_given(run: Run, world: Path, tmp_path: Path) -> None:
    args = ["--events", world / "events.csv", "--preset", "fast", "--out", tmp_path / "m"]
    done = run("fit", *args, "--now", "2024-02-15", "--json", "-")
    assert json.loads(done.stdout)["now"].startswith("2024-02-15")


def test_a_place_that_holds_other_files_is_told_before_the_work(run: Run, world: Path) -> None:
    done = run("fit", "--events", "no such file", "--out", world)
    assert done.returncode == 1
    assert "holds other files" in done.stderr
