import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from uuid import UUID

import pytest

from recsys.cli.commands import recommend as module
from recsys.data import EventLog
from recsys.serving import Recommender, RecommenderConfig

Run = Callable[..., "CompletedProcess[str]"]


def ask(run: Run, *args: object) -> list[dict[str, object]]:
    done = run("recommend", *args, "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def ids_of(record: dict[str, object]) -> list[object]:
    items = record["items"]
    assert isinstance(items, list)
    return [one["item_id"] for one in items]


def test_json_is_as_the_contract_has_it(run: Run, model: Path) -> None:
    (one,) = ask(run, model, "--user", "u0", "-k", 3, "--explain")
    assert set(one) == {
        "user_id", "known", "model_version", "request_id", "shortfall", "items",
    }  # fmt: skip
    assert (one["user_id"], one["known"], one["shortfall"]) == ("u0", True, None)
    items = one["items"]
    assert isinstance(items, list)
    assert [item["rank"] for item in items] == [1, 2, 3]
    for item in items:
        total = sum(reason["value"] for reason in item["reasons"])
        assert total == pytest.approx(item["score"], abs=1e-3)


def test_every_person_asked_for_has_a_row_in_the_order_asked(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    ids = tmp_path / "ids.txt"
    ids.write_text("u5\nnobody at all\n", encoding="utf-8")
    found = ask(run, model, "--user", "u2", "--user=-odd one", "--users-file", ids)
    assert [one["user_id"] for one in found] == ["u2", "-odd one", "u5", "nobody at all"]
    assert [one["known"] for one in found] == [True, True, True, False]


def test_people_see_titles_scores_and_reasons_within_eighty_columns(run: Run, model: Path) -> None:
    done = run("recommend", model, "--user", "u0", "--user", "stranger", "--explain")
    assert done.returncode == 0
    assert "Question" in done.stdout
    assert "stranger (not known: the newcomer list)" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_filter_holds(run: Run, model: Path) -> None:
    where = "format = video and tags has any (gates)"
    (one,) = ask(run, model, "--user", "u1", "--where", where)
    numbers = [int(str(item)[1:]) for item in ids_of(one)]
    assert numbers
    assert all(number % 2 and number % 3 == 0 for number in numbers)


def test_seen_items_come_back_only_when_asked(run: Run, model: Path) -> None:
    (without,) = ask(run, model, "--user", "u0", "-k", 20)
    (everything,) = ask(run, model, "--user", "u0", "-k", 20, "--include-seen")
    assert len(ids_of(without)) < len(ids_of(everything)) == 20


def test_a_folder_without_a_model_is_one_line(run: Run, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        done = run("recommend", path, "--user", "a")
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert str(path) in done.stderr


@pytest.mark.parametrize("where", ["colour = red", "format =", "format = video and", "x" * 10**6])
def test_a_filter_that_cannot_be_read_is_one_line(run: Run, model: Path, where: str) -> None:
    done = run("recommend", model, "--user", "u0", "--where", where)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 1200


def test_ids_keep_the_type_the_data_gave_them(run: Run, tmp_path: Path) -> None:
    config = RecommenderConfig(preset="fast")
    users = [UUID(int=1), UUID(int=1), UUID(int=2)]
    by_uuid = EventLog.from_frame({"user_id": users, "item_id": [7, 8, 7]})
    Recommender.fit(by_uuid, config=config).save(tmp_path / "m")
    (one, other) = ask(run, tmp_path / "m", "--user", str(UUID(int=2)), "--user", "x")
    assert one["known"]
    assert one["user_id"] == str(UUID(int=2))
    assert ids_of(one) == [8]
    assert not other["known"]
    by_number = EventLog.from_frame({"user_id": [62, 62, 63], "item_id": [7, 8, 7]})
    Recommender.fit(by_number, config=config).save(tmp_path / "n")
    (one,) = ask(run, tmp_path / "n", "--user", "63")
    assert (one["user_id"], one["known"], ids_of(one)) == (63, True, [8])
