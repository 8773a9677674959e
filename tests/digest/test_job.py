import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.core.errors import ConfigError, DataError, RecsysWarning
from recsys.core.storage import locked
from recsys.data import Dataset, DigestHistory, EventLog, People
from recsys.digest import DigestConfig, digests, job, run

Make = Callable[..., Any]
WEEK = [
    "2018-09-01T09:00:00Z",
    "2018-09-08T08:59:00Z",
    "2018-09-15T09:00:00Z",
    "2018-09-22T09:00:00Z",
]


def places_in(folder: Path) -> dict[str, Any]:
    return {
        "out": folder / "w.jsonl",
        "html": folder / "pages",
        "history": folder / "h.jsonl",
    }


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_weeks_of_digests_never_repeat_an_item_to_a_person(tmp_path: Path, model: Any) -> None:
    had: dict[str, list[str]] = {}
    history = tmp_path / "history.jsonl"
    for week, as_of in enumerate(WEEK):
        report = run(model, out=tmp_path / f"{week}.jsonl", history=history, as_of=as_of)
        assert report.counts.n_digests == 4
        for record in read(tmp_path / f"{week}.jsonl"):
            had.setdefault(record["user_id"], []).extend(one["item_id"] for one in record["items"])
    assert all(len(set(items)) == len(items) == 40 for items in had.values())


def test_twice_on_one_day_sends_nothing_the_second_time(tmp_path: Path, model: Any) -> None:
    history = tmp_path / "history.jsonl"
    run(model, out=tmp_path / "a.jsonl", history=history)
    again = run(model, out=tmp_path / "b.jsonl", history=history)
    assert (again.counts.n_recent, again.n_due) == (4, 0)
    assert read(tmp_path / "b.jsonl") == []


def test_the_moment_is_the_models_unless_given(tmp_path: Path, model: Any) -> None:
    assert run(model).as_of == "2018-09-01T09:00:00Z"
    model.now = np.datetime64("NaT", "us")
    with pytest.raises(DataError, match="as_of must be given"):
        run(model, out=tmp_path / "w.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_rehearsal_writes_nothing(tmp_path: Path, model: Any) -> None:
    report = run(model, history=tmp_path / "history.jsonl")
    assert report.counts.n_digests == 4
    assert report.history is None
    assert list(tmp_path.iterdir()) == []


def test_everything_asked_for_is_there_and_nothing_else(tmp_path: Path, model: Any) -> None:
    report = run(
        model, out=tmp_path / "w.parquet", html=tmp_path / "pages", history=tmp_path / "h.jsonl"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"w.parquet", "pages", "h.jsonl"}
    assert report.n_pages == 4
    assert json.dumps(report.to_dict())


def test_pages_may_be_written_without_a_file(tmp_path: Path, model: Any) -> None:
    run(model, html=tmp_path / "pages")
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_size_of_a_chunk_changes_nothing(tmp_path: Path, model: Any, size: int) -> None:
    run(model, out=tmp_path / "a.jsonl")
    run(model, out=tmp_path / "b.jsonl", config=DigestConfig(chunk_size=size))
    assert read(tmp_path / "a.jsonl") == read(tmp_path / "b.jsonl")


def test_people_can_be_given_and_repeats_are_skipped(tmp_path: Path, model: Any) -> None:
    given = ["bo", "stranger", "bo", "ana", "stranger", "bo"]
    for size in (1, 2, 100):
        config = DigestConfig(chunk_size=size)
        run(model, out=tmp_path / "w.jsonl", users=iter(given), config=config)
        assert [one["user_id"] for one in read(tmp_path / "w.jsonl")] == ["bo", "stranger", "ana"]


def test_consent_is_respected(tmp_path: Path, make_model: Make, make_community: Make) -> None:
    base = make_community()
    people = People.from_frame(
        {
            "user_id": ["ana", "bo", "cy"],
            "consent": ["none", "digest", "personalise"],
            "status": ["active"] * 3,
        }
    )
    model = make_model(Dataset.join(EventLog.empty(), base.catalog, people))
    report = run(model, out=tmp_path / "w.jsonl")
    assert [one["user_id"] for one in read(tmp_path / "w.jsonl")] == ["bo"]
    assert report.counts.n_declined == 2


def test_digests_can_be_read_one_by_one_without_files(tmp_path: Path, model: Any) -> None:
    run(model, out=tmp_path / "w.jsonl")
    streamed = [json.loads(json.dumps(one.to_dict())) for one in digests(model)]
    assert streamed == read(tmp_path / "w.jsonl")


def test_progress_goes_from_none_to_all(model: Any) -> None:
    calls: list[tuple[str, int, int]] = []
    run(model, config=DigestConfig(chunk_size=3), progress=lambda *one: calls.append(one))
    assert calls == [("digest", 0, 4), ("digest", 3, 4), ("digest", 4, 4)]


def test_an_unknown_ending_is_refused_before_any_work(tmp_path: Path, model: Any) -> None:
    with pytest.raises(ConfigError, match="must end in"):
        run(model, out=tmp_path / "w.csv")
    assert model.calls == []


SMALL = DigestConfig(chunk_size=1)


def test_a_failure_in_the_first_chunk_leaves_nothing(tmp_path: Path, make_model: Make) -> None:
    with pytest.raises(RuntimeError, match="broke"):
        run(make_model(fail_at_call=1), out=tmp_path / "w.jsonl", history=tmp_path / "h.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_broke_down_is_continued(tmp_path: Path, make_model: Make) -> None:
    out, history = tmp_path / "w.jsonl", tmp_path / "h.jsonl"
    with pytest.raises(RuntimeError, match="broke") as caught:
        run(make_model(fail_at_call=5), out=out, history=history, config=SMALL)
    assert "resume=True" in caught.value.__notes__[0]
    assert not out.exists()
    assert not history.exists()
    fresh = make_model()
    report = run(fresh, out=out, history=history, config=SMALL, resume=True)
    assert report.n_resumed_chunks == 2
    assert len(fresh.calls) == 4  # two chunks of two calls were left
    assert report.counts.n_digests == 4
    run(make_model(), out=tmp_path / "whole.jsonl", config=SMALL)
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"w.jsonl", "h.jsonl", "whole.jsonl"}


def test_a_continued_run_keeps_its_own_moment(tmp_path: Path, make_model: Make) -> None:
    with pytest.raises(RuntimeError, match="broke"):
        run(make_model(fail_at_call=3), out=tmp_path / "w.jsonl", as_of=WEEK[1], config=SMALL)
    report = run(make_model(), out=tmp_path / "w.jsonl", config=SMALL, resume=True)
    assert report.as_of == WEEK[1]


def test_a_run_is_not_continued_with_other_settings(tmp_path: Path, make_model: Make) -> None:
    with pytest.raises(RuntimeError, match="broke"):
        run(make_model(fail_at_call=3), out=tmp_path / "w.jsonl", config=SMALL)
    with pytest.raises(DataError, match="config changed since"):
        run(make_model(), out=tmp_path / "w.jsonl", config=SMALL.replace(k=3), resume=True)


def test_resume_without_anything_to_continue_is_an_ordinary_run(tmp_path: Path, model: Any) -> None:
    assert run(model, out=tmp_path / "w.jsonl", resume=True).counts.n_digests == 4


@pytest.mark.parametrize("step", ["new_digests", "new_pages", "new_rows"])
def test_a_failing_step_leaves_no_file_no_page_and_no_history(
    tmp_path: Path, model: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    places = places_in(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(job, step, fail)
        with pytest.raises(DataError, match="cannot be written: no space"):
            run(model, **places)
    assert [path.name for path in tmp_path.iterdir()] == ["w.jsonl.part"]
    assert run(model, **places, resume=True).n_resumed_chunks == 1
    assert {path.name for path in tmp_path.iterdir()} == {"w.jsonl", "pages", "h.jsonl"}


def test_a_history_that_cannot_grow_is_caught_up_by_resume(
    tmp_path: Path, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    places = places_in(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(job, "remember", fail)
        with pytest.raises(DataError, match="resume=True continues"):
            run(model, **places)
    written = (tmp_path / "w.jsonl").read_bytes()
    assert not (tmp_path / "h.jsonl").exists()
    assert run(model, **places, resume=True).counts.n_digests == 4
    assert (tmp_path / "w.jsonl").read_bytes() == written
    sent = DigestHistory.read(tmp_path / "h.jsonl")
    assert sent.n_rows == sum(len(one["items"]) for one in read(tmp_path / "w.jsonl"))


@pytest.mark.parametrize("which", ["out", "history"])
def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path, model: Any, which: str) -> None:
    places = places_in(tmp_path)
    with locked(places[which]), pytest.raises(DataError, match="one run at a time"):
        run(model, **places)
    assert run(model, **places).counts.n_digests == 4
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".lock")]


def test_two_processes_at_once_give_nobody_two_digests(tmp_path: Path) -> None:
    code = (
        "import sys, recsys, warnings\n"
        "from recsys.datasets import load_community\n"
        "warnings.simplefilter('ignore')\n"
        "events, catalog, people = load_community()\n"
        "config = recsys.RecommenderConfig(model='popularity')\n"
        "model = recsys.Recommender.fit(events, catalog, users=people, config=config)\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "try:\n"
        "    report = recsys.digest.run(model, out=sys.argv[1], history=sys.argv[2])\n"
        "    print(report.counts.n_digests)\n"
        "except recsys.DataError as err:\n"
        "    print('refused' if 'one run at a time' in str(err) else err)"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / f"{at}.jsonl"), str(tmp_path / "h.jsonl")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for at in range(2)
    ]  # fmt: skip
    for one in runs:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    said = [one.communicate("go\n", timeout=100)[0].strip() for one in runs]
    sent = DigestHistory.read(tmp_path / "h.jsonl")
    pairs = list(zip(sent.user_rows.tolist(), sent.item_rows.tolist(), strict=True))
    assert len(pairs) == len(set(pairs)) > 0
    assert {"refused", "0"} & set(said), said


def test_a_run_in_which_nobody_is_due_leaves_earlier_files_alone(
    tmp_path: Path, model: Any
) -> None:
    places = places_in(tmp_path)
    run(model, **places)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.warns(RecsysWarning, match=r"nobody is due; .*w\.jsonl is left as it was"):
        assert run(model, **places).counts.n_digests == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "left", [[], ["00000000.jsonl"], ["00000000.json", "00000001.jsonl"], [".00000003.json.ab12"]]
)
def test_a_journal_that_was_killed_while_it_began_or_ended_is_none(
    tmp_path: Path, model: Any, left: list[str]
) -> None:
    folder = tmp_path / "w.jsonl.part"
    folder.mkdir()
    for name in left:
        (folder / name).write_text("{}")
    for resume in (False, True):
        assert run(model, out=tmp_path / "w.jsonl", resume=resume).counts.n_digests == 4
        assert not folder.exists()


def test_an_older_output_survives_a_failure(tmp_path: Path, make_model: Make) -> None:
    (tmp_path / "w.jsonl").write_text("last week")
    with pytest.raises(RuntimeError, match="broke"):
        run(make_model(fail_at_call=3), out=tmp_path / "w.jsonl", config=SMALL)
    assert (tmp_path / "w.jsonl").read_text() == "last week"


@pytest.mark.parametrize("odd", ["../../etc", "🐙", "x" * 1024, "a/b", "con", "a|b"])
def test_odd_ids_go_through_every_output(
    tmp_path: Path, make_model: Make, make_community: Make, odd: str
) -> None:
    model = make_model(make_community(users=["ana", odd]))
    places = places_in(tmp_path)
    run(model, **places)
    assert [one["user_id"] for one in read(tmp_path / "w.jsonl")] == ["ana", odd]
    assert len(list((tmp_path / "pages" / "people").iterdir())) == 2
    with pytest.warns(RecsysWarning, match="nobody is due"):
        assert run(model, **places).counts.n_recent == 2


def peak_of(model: Any, n_people: int, out: Path) -> int:
    def people() -> Iterator[str]:
        return (f"stranger{number}" for number in range(n_people))

    config = DigestConfig(chunk_size=50, k=2, candidates=4)
    tracemalloc.start()
    try:
        run(model, out=out, users=people(), config=config)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_people(tmp_path: Path, model: Any) -> None:
    peak_of(model, 50, tmp_path / "warm.jsonl")
    small = peak_of(model, 200, tmp_path / "small.jsonl")
    large = peak_of(model, 2000, tmp_path / "large.jsonl")
    per_person = (large - small) / 1800
    assert per_person < 300  # the id of a stranger is remembered; a digest would be 2,000 and more
