"""The wording of the notes of a fit."""

import pytest

from recsys.models.notes import REASONS, block_notes, times_ignored, weights_note
from recsys.models.spec import BLOCKS, BlockSpec


def test_every_kind_with_a_reason_is_a_kind() -> None:
    assert set(REASONS) < set(BLOCKS)


def test_all_popularity_blocks_have_one_note() -> None:
    specs = [
        BlockSpec(kind="popularity", name=f"p{days}", settings={"half_life_days": days})
        for days in (7.0, None, 1.0)
    ]
    (note,) = block_notes(specs)
    assert note.topic == "popularity"
    assert "half-lives of 1, 7 days" in note.value
    assert block_notes(specs[1:2])[0].value == "all time"


def test_a_block_is_called_by_its_name_and_its_width() -> None:
    spec = BlockSpec(kind="spectral", name="wide", settings={"n_factors": 9})
    (note,) = block_notes([spec])
    assert (note.topic, note.value, note.reason) == ("wide", "9 factors", REASONS["spectral"])


@pytest.mark.parametrize(("held_out", "start"), [(0.2, "learnt on"), (0.1, "popularity only")])
def test_weights_say_which_is_better_on_a_held_out_part(held_out: float, start: str) -> None:
    note = weights_note(n_people=7, n_parts=2, held_out=held_out, popularity=0.1)
    assert note.value.startswith(start)
    assert "7 people in 2 validation part(s)" in note.value
    assert f"{held_out:.4f}" in note.reason


def test_notes_are_sentences() -> None:
    assert str(times_ignored(0.5, 0.04)).startswith("times: ignored; 50% of the events are of ")
    assert str(weights_note(n_people=7, n_parts=1, held_out=None, popularity=None)) == (
        "weights: learnt on 7 people in 1 validation part(s)"
    )
