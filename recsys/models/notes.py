"""Wording of the notes of a fit: data, times, blocks and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recsys.core.note import Note
from recsys.models.base import TrainingSet
from recsys.models.spec import BlockSpec

REASONS = {
    "content": "tags and text of items",
    "affinity": "tags that a user takes more often than others do",
    "spectral": "low-rank structure of the interactions",
    "feature_als": "implicit ALS, whose errors differ from those of item-item models",
    "ease": "item-item regression, few enough items for a dense matrix",
    "item_knn": "item-item neighbors, to score candidates again",
    "cooccurrence": "recent items of users with the same history",
    "new_items": "content scores for items without interactions",
}
"""What each kind of block that the presets choose contributes."""

TIMES_AS_CONFIGURED = Note("times", "ignored", "as configured")
BLOCKS_AS_CONFIGURED = Note("blocks", "as configured")
WEIGHTS_AS_CONFIGURED = Note("weights", "as configured")
DEFAULT_WEIGHTS = Note("weights", "defaults", "too few people to learn from")
POPULARITY_ADDED = Note(
    "popularity", "added", "no configured block has vectors to generate candidates with"
)
IN_ORDER = Note(
    "order",
    "latest items of a user weigh more",
    "events have no times but come in chronological order",
)


def data_note(training: TrainingSet, kind: str) -> Note:
    """Return which kind of data the blocks were chosen for, such as "dense, without times"."""
    share = training.interactions.nnz / max(training.n_users * training.n_items, 1)
    return Note("data", kind, f"{share:.2%} of all user-item pairs have an interaction")


def times_ignored(one_visit_share: float, recency_gain_bits: float) -> Note:
    """Return why the times of events are not learnt from."""
    return Note(
        "times",
        "ignored",
        f"{one_visit_share:.0%} of the events are of people with a single visit, and recent "
        f"popularity saves {recency_gain_bits:.2f} bits per event over popularity of all time",
    )


def block_notes(specs: Sequence[BlockSpec]) -> list[Note]:
    """Return one note for all popularity blocks, and one for each other block."""
    popular = [spec.block_config().to_dict() for spec in specs if spec.kind == "popularity"]
    half_lives = sorted({one["half_life_days"] for one in popular} - {None})
    value = "all time"
    if half_lives:
        days = ", ".join(f"{one:g}" for one in half_lives)
        value += f", and time-decayed with half-lives of {days} days"
        value += ", each with and without a forecast for new items"
    notes = [Note("popularity", value)] if popular else []
    for spec in specs:
        if spec.kind != "popularity":
            reason, n_factors = REASONS[spec.kind], spec.settings.get("n_factors")
            told = (f"{n_factors} factors", reason) if n_factors else (reason, "")
            notes.append(Note(spec.label, *told))
    return notes


def regularization_note(label: str, best: float, measured: Mapping[float, float]) -> Note:
    """Return the regularization of a block that was chosen, and nDCG@20 by regularization."""
    shown = ", ".join(f"{one:g}: {measured[one]:.4f}" for one in sorted(measured))
    return Note(label, f"regularization {best:g}", f"nDCG@20 on a validation part: {shown}")


def weights_note(
    *,
    n_people: int,
    n_parts: int,
    shrinkage: float = 1.0,
    held_out: float | None,
    popularity: float | None,
) -> Note:
    """Return what the weights were learnt on, and nDCG@20 where the blend was held out."""
    value = f"learnt on {n_people} people in {n_parts} validation part(s)"
    if held_out is None or popularity is None:
        return Note("weights", value)
    against = f"nDCG@20 {held_out:.4f} on a held-out part, popularity {popularity:.4f}"
    if shrinkage:
        mixed = f", {shrinkage:.0%} of the blend beside the best popularity"
        return Note("weights", value + (mixed if shrinkage < 1 else ""), against)
    return Note("weights", f"popularity only, {value}", f"the blend is no better: {against}")


def left_out(labels: Sequence[str]) -> Note:
    """Return which blocks got no weight."""
    return Note("left out", ", ".join(labels), "weight 0 at every activity")
