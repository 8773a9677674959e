import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., "CompletedProcess[str]"]


def test_json_has_each_tag_with_weight_source_and_evidence(run: Run, model: Path) -> None:
    done = run("profile", model, "--user", "u0", "--user", "says-much", "--json", "-")
    warm, declared = json.loads(done.stdout)
    assert warm["user_id"] == "u0"
    by_tag = {one["tag"]: one for one in warm["tags"]}
    assert by_tag["gates"]["source"] == "inferred"
    assert 0 < by_tag["gates"]["weight"] <= 1
    assert by_tag["gates"]["evidence"]["n_events"] > 1
    assert all(item.startswith("q") for item in by_tag["gates"]["evidence"]["items"])
    assert {one["tag"]: one["source"] for one in declared["tags"]}["noise"] == "declared"


def test_people_see_a_table_within_eighty_columns(run: Run, model: Path) -> None:
    done = run("profile", model, "--user", "u0")
    assert done.returncode == 0
    for title in ("tag", "family", "weight", "confidence", "source", "evidence"):
        assert title in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_only_the_first_tags_are_printed(run: Run, model: Path) -> None:
    few = run("profile", model, "--user", "u0", "--top", 1)
    everything = run("profile", model, "--user", "u0", "--top", 0)
    assert "more; --top 0 prints all" in few.stdout
    assert len(few.stdout) < len(everything.stdout)
    assert run("profile", model, "--user", "u0", "--top=-1").returncode == 1


def test_who_said_and_did_nothing_has_an_empty_profile(run: Run, model: Path) -> None:
    done = run("profile", model, "--user", "says-nothing")
    assert done.returncode == 0
    assert "nothing is known" in done.stdout


def test_an_unknown_person_has_no_profile(run: Run, model: Path) -> None:
    done = run("profile", model, "--user", "stranger")
    assert (done.returncode, done.stdout) == (1, "")
    assert "'stranger'" in done.stderr
