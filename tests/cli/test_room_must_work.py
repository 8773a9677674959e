"""What must work, not fail: strangers, tiny data, everything seen, an app's first day."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., "CompletedProcess[str]"]


def fitted(run: Run, folder: Path, **files: str) -> Path:
    """Fit on files given as text; return the model's folder."""
    args: list[object] = []
    for option, text in files.items():
        path = folder / f"{option}.csv"
        path.write_text(text, encoding="utf-8")
        args += [f"--{option.replace('_', '-')}", path]
    done = run("fit", *args, "--preset", "fast", "--out", folder / "m")
    assert done.returncode == 0, done.stderr
    return folder / "m"


def lists(run: Run, model: Path, *args: object) -> list[dict[str, Any]]:
    done = run("recommend", model, *args, "--json", "-")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def ids_of(record: dict[str, Any]) -> list[Any]:
    return [one["item_id"] for one in record["items"]]


def test_an_unknown_person_gets_the_newcomer_list(run: Run, model: Path) -> None:
    (one,) = lists(run, model, "--user", "stranger", "-k", 5)
    assert not one["known"]
    assert len(ids_of(one)) == 5


@pytest.mark.parametrize("k", [21, 5000])
def test_k_above_the_catalog_gives_a_short_list_and_says_why(run: Run, model: Path, k: int) -> None:
    (one,) = lists(run, model, "--user", "stranger", "-k", k)
    assert len(ids_of(one)) == 20
    assert f"20 of {k}" in one["shortfall"]


def test_a_k_beyond_any_memory_is_no_crash(run: Run, model: Path) -> None:
    done = run("recommend", model, "--user", "u0", "-k", 10**15)
    assert done.returncode in (0, 1)
    assert done.returncode == 0 or done.stderr.count("\n") == 1


def test_an_apps_first_day_has_tags_and_text_only(run: Run, tmp_path: Path) -> None:
    items = "item_id,title\n" + "\n".join(f"q{n},All about topic {n}" for n in range(6))
    tags = "item_id,tag\n" + "\n".join(f"q{n},{'gates' if n % 2 else 'noise'}" for n in range(6))
    users = "user_id,declared_tags\nana,gates\n"
    model = fitted(run, tmp_path, items=items, item_tags=tags, users=users)
    ana, stranger = lists(run, model, "--user", "ana", "--user", "stranger", "-k", 3)
    assert set(ids_of(ana)) == {"q1", "q3", "q5"}
    assert len(ids_of(stranger)) == 3
    assert run("similar", model, "--item", "q1").returncode == 0
    assert run("profile", model, "--user", "ana").returncode == 0
    assert run("verify", model).returncode == 0


def test_tags_alone_are_enough(run: Run, tmp_path: Path) -> None:
    model = fitted(run, tmp_path, item_tags="item_id,tag\nq1,gates\nq2,noise\n")
    (one,) = lists(run, model, "--user", "ana", "-k", 2)
    assert set(ids_of(one)) == {"q1", "q2"}


def test_one_person_is_enough(run: Run, tmp_path: Path) -> None:
    model = fitted(
        run, tmp_path, events="user_id,item_id\nana,q1\n", items="item_id,tags\nq1,a\nq2,a\n"
    )
    (one,) = lists(run, model, "--user", "ana", "-k", 1)
    assert ids_of(one) == ["q2"]


def test_one_item_is_enough(run: Run, tmp_path: Path) -> None:
    model = fitted(run, tmp_path, events="user_id,item_id\nana,q1\nbo,q1\n")
    ana, stranger = lists(run, model, "--user", "ana", "--user", "stranger")
    assert ids_of(ana) == []
    assert ana["shortfall"]
    assert ids_of(stranger) == ["q1"]
    assert run("similar", model, "--item", "q1").returncode == 0


def test_one_event_is_enough(run: Run, tmp_path: Path) -> None:
    model = fitted(run, tmp_path, events="user_id,item_id\nana,q1\n")
    assert ids_of(lists(run, model, "--user", "bo")[0]) == ["q1"]
    assert run("profile", model, "--user", "ana").returncode == 0


def test_a_person_who_has_seen_everything_gets_an_empty_list_that_says_so(
    run: Run, tmp_path: Path
) -> None:
    rows = [f"ana,q{n}" for n in range(5)] + ["bo,q0", "bo,q1"]
    model = fitted(run, tmp_path, events="user_id,item_id\n" + "\n".join(rows))
    (one,) = lists(run, model, "--user", "ana")
    assert ids_of(one) == []
    assert "seen" in one["shortfall"]
    done = run("recommend", model, "--user", "ana")
    assert done.returncode == 0
    assert "seen" in done.stdout


def test_odd_ids_can_be_used_everywhere(run: Run, model: Path) -> None:
    assert run("profile", model, "--user=-odd one").returncode == 0
    assert run("recommend", model, "--user", "-odd one").returncode == 0
