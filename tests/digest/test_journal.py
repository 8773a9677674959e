import json
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from recsys.core.errors import DataError
from recsys.digest import Digest, DigestCounts
from recsys.digest.journal import Journal, read_part, to_line

HEADER = {"model": "m1", "as_of": "2018-09-01"}


def test_a_finished_chunk_is_found_again(tmp_path: Path, letter: Digest) -> None:
    target = tmp_path / "weekly.jsonl"
    begun = Journal.open(target, HEADER, resume=False)
    begun.add(0, ["ana", "bo"], digests=[letter], counts=DigestCounts(n_people=2, n_digests=1))
    again = Journal.open(target, HEADER, resume=True)
    assert again.counts(0, ["ana", "bo"]) == DigestCounts(n_people=2, n_digests=1)
    assert again.counts(1, ["cy"]) is None
    assert list(again.digests()) == [letter]


def test_a_chunk_without_its_counts_is_not_finished(tmp_path: Path, letter: Digest) -> None:
    journal = Journal.open(tmp_path / "weekly.jsonl", HEADER, resume=False)
    journal.add(0, ["ana"], digests=[letter], counts=DigestCounts())
    (journal.folder / "00000000.json").unlink()
    assert journal.counts(0, ["ana"]) is None
    assert journal.parts() == []


def test_without_resume_an_older_journal_is_thrown_away(tmp_path: Path, letter: Digest) -> None:
    target = tmp_path / "weekly.jsonl"
    Journal.open(target, HEADER, resume=False).add(
        0, ["ana"], digests=[letter], counts=DigestCounts()
    )
    assert Journal.open(target, HEADER, resume=False).parts() == []


def test_a_run_of_another_model_is_not_continued(tmp_path: Path) -> None:
    Journal.open(tmp_path / "weekly.jsonl", HEADER, resume=False)
    with pytest.raises(DataError, match="model changed since"):
        Journal.open(tmp_path / "weekly.jsonl", {**HEADER, "model": "m2"}, resume=True)


def test_other_people_in_a_finished_chunk_are_noticed(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "weekly.jsonl", HEADER, resume=False)
    journal.add(0, ["ana"], digests=[], counts=DigestCounts())
    with pytest.raises(DataError, match="same order"):
        journal.counts(0, ["bo"])


@pytest.mark.parametrize("resume", [True, False])
def test_a_strangers_folder_is_never_touched(tmp_path: Path, resume: bool) -> None:
    (tmp_path / "weekly.jsonl.part").mkdir()
    (tmp_path / "weekly.jsonl.part" / "precious").touch()
    with pytest.raises(DataError, match="must be free"):
        Journal.open(tmp_path / "weekly.jsonl", HEADER, resume=resume)
    assert (tmp_path / "weekly.jsonl.part" / "precious").exists()


def test_nothing_is_left_after_removal(tmp_path: Path) -> None:
    Journal.open(tmp_path / "weekly.jsonl", HEADER, resume=False).remove()
    assert list(tmp_path.iterdir()) == []


def test_a_line_is_one_line_for_every_reader(tmp_path: Path, letter: Digest) -> None:
    odd = replace(letter, subject="a\u2028b\u2029c\u0085d\ne\r\x1cf 量子")
    line = to_line(odd)
    assert len(line.splitlines()) == 1
    assert "量子" in line
    assert json.loads(line)["subject"] == odd.subject
    (tmp_path / "part.jsonl").write_text(line, encoding="utf-8")
    assert list(map(Digest.from_dict, read_part(tmp_path / "part.jsonl"))) == [odd]


def test_an_id_that_json_lacks_is_written_as_text(letter: Digest) -> None:
    who = uuid.UUID(int=7)
    assert json.loads(to_line(replace(letter, user_id=who)))["user_id"] == str(who)
