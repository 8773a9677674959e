import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., "CompletedProcess[str]"]


def test_items_of_the_same_taste_are_most_alike(run: Run, model: Path) -> None:
    done = run("similar", model, "--item", "q0", "--item", "q1", "-k", 3, "--json", "-")
    record = json.loads(done.stdout)
    assert [one["item_id"] for one in record] == ["q0", "q1"]
    for number, one in enumerate(record):
        assert [item["rank"] for item in one["items"]] == [1, 2, 3]
        assert int(one["items"][0]["item_id"][1:]) % 3 == number
        assert f"q{number}" not in [item["item_id"] for item in one["items"]]


def test_people_see_titles_within_eighty_columns(run: Run, model: Path) -> None:
    done = run("similar", model, "--item", "q0", "--where", "format = video")
    assert done.returncode == 0
    assert "like q0 Question 0 on gates" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_an_unknown_item_is_one_line(run: Run, model: Path) -> None:
    done = run("similar", model, "--item", "q0", "--item", "-no item")
    assert (done.returncode, done.stdout) == (1, "")
    assert "'-no item'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_list_may_be_empty(run: Run, model: Path) -> None:
    done = run("similar", model, "--item", "q0", "--where", "format = live")
    assert done.returncode == 0
    assert "no other item may be shown" in done.stdout
