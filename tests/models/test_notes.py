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


@pytest.mark.parametrize(
    ("shrinkage", "start", "mixed"),
    [(1.0, "learnt on", False), (0.5, "learnt on", True), (0.0, "popularity only", False)],
)
def test_weights_say_how_much_of_the_blend_is_kept(
    shrinkage: float, start: str, mixed: bool
) -> None:
    note = weights_note(n_people=7, n_parts=2, shrinkage=shrinkage, held_out=0.2, popularity=0.1)
    assert note.value.startswith(start)
    assert "7 people in 2 validation part(s)" in note.value
    assert ("50% of the blend" in note.value) == mixed
    assert "0.2000" in note.reason


def test_notes_are_sentences() -> None:
    assert str(times_ignored(0.5, 0.04)).startswith("times: ignored; 50% of the events are of ")
    assert str(weights_note(n_people=7, n_parts=1, held_out=None, popularity=None)) == (
        "weights: learnt on 7 people in 1 validation part(s)"
    )
