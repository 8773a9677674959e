"""The splits of the comparison: published, or the last days; nothing is chosen on a test."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import datasets
from benchmarks.quality.datasets import TASKS, Split, Task
from recsys.data import EventLog


def pairs(events: EventLog) -> set[tuple[str, str]]:
    users, items = events.users.ids(events.user_rows), events.items.ids(events.item_rows)
    return set(zip(users.tolist(), items.tolist(), strict=True))


def random_split(n_users: int = 30, n_each: int = 10) -> Split:
    users = np.repeat(np.arange(n_users), n_each + 2)
    items = np.tile(np.arange(n_each + 2), n_users)
    log = EventLog.from_frame({"user_id": users, "item_id": items})
    late = log.item_rows >= n_each
    return Split(train=log.select(~late), test=log.select(late))


@pytest.mark.parametrize("name", ["movies", "community"])
def test_the_test_of_a_time_cut_is_later_and_has_known_people_and_new_pairs_only(name: str) -> None:
    split = datasets.load(TASKS[name], None)
    assert split.train.occurred_at.max() < split.test.occurred_at.min()
    assert pairs(split.train).isdisjoint(pairs(split.test))
    known = {user for user, _ in pairs(split.train)}
    assert {user for user, _ in pairs(split.test)} <= known


def test_the_test_of_the_community_has_about_fifty_people_and_no_question_asked() -> None:
    split = datasets.load(TASKS["community"], None)
    kinds = {split.test.kinds.names[code] for code in split.test.kind_codes}
    assert "ask" not in kinds
    assert 40 <= len({user for user, _ in pairs(split.test)}) <= 60


@pytest.mark.parametrize("name", ["movies", "community"])
def test_a_search_sees_no_pair_of_the_test(name: str) -> None:
    split = datasets.load(TASKS[name], None)
    part = datasets.validation(TASKS[name], split)
    assert part is not None
    assert pairs(part.train) | pairs(part.test) <= pairs(split.train)
    assert pairs(part.test).isdisjoint(pairs(part.train))


def test_without_times_a_fifth_of_each_history_is_held_out_the_same_each_time() -> None:
    split = random_split()
    task = Task("x", "x", ("recall@5",))
    part, again = datasets.validation(task, split), datasets.validation(task, split)
    assert part is not None
    assert again is not None
    assert pairs(part.test) == pairs(again.test)
    assert np.bincount(part.test.user_rows).tolist() == [2] * 30
    assert pairs(part.train) | pairs(part.test) == pairs(split.train)


def test_a_published_validation_part_is_what_a_search_is_judged_on() -> None:
    split = random_split()
    split = Split(split.train, split.test, mask=split.test)
    part = datasets.validation(Task("x", "x", ("recall@5",)), split)
    assert part is not None
    assert pairs(part.test) == pairs(split.test)
    assert part.mask is None


def test_one_item_per_person_leaves_nothing_to_search_on() -> None:
    assert datasets.validation(TASKS["citeulike-p1+tags"], random_split()) is None


def test_list_lengths_come_from_the_metrics() -> None:
    assert TASKS["ml-1m-temporal"].ks == (10, 20)
    assert TASKS["citeulike-p10"].ks == (50, 300)


def test_a_model_without_tags_is_measured_once_per_split_and_not_where_it_can_only_miss() -> None:
    assert TASKS["lastfm"].for_tagless("implicit ALS")
    assert not TASKS["lastfm+tags"].for_tagless("implicit ALS")
    assert not TASKS["citeulike-cold+tags"].for_tagless("implicit ALS")
    assert TASKS["citeulike-cold+tags"].for_tagless("popularity")


def test_a_twin_is_the_same_split_without_tags() -> None:
    for task in TASKS.values():
        if task.twin:
            twin = TASKS[task.twin]
            assert (twin.folder, twin.metrics, twin.use_tags) == (task.folder, task.metrics, False)


def test_the_smoke_form_keeps_a_few_people_with_train_and_test() -> None:
    small = datasets.load(TASKS["movies"], None, smoke=True)
    assert len(np.unique(small.test.user_rows)) == datasets.SMOKE_USERS
    assert len(np.unique(small.train.user_rows)) == datasets.SMOKE_USERS


def test_checksums_name_the_files_and_change_with_them(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    file = tmp_path / "toy" / "train.csv.gz"
    file.write_bytes(b"one")
    task = Task("toy", "toy", ("recall@5",))
    before = datasets.checksums(task, tmp_path)
    assert list(before) == ["train.csv.gz"]
    file.write_bytes(b"two")
    assert datasets.checksums(task, tmp_path) != before


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if not task.days])
def test_each_public_task_has_its_files(name: str) -> None:
    folder = Path(os.environ["RECSYS_DATA"])
    found = set(datasets.checksums(TASKS[name], folder))
    assert {"test.csv.gz", "train.csv.gz"} <= found or "events.csv.gz" in found
    assert "item_tags.csv.gz" in found or not TASKS[name].use_tags
