"""Numbers that others published appear when their methods are run here."""

import os
from pathlib import Path

import pytest

from benchmarks.quality.anchors import ANCHORS, Anchor, measure_anchor, misses

CASES = [
    pytest.param(
        one,
        id=f"{one.data}-{one.name}",
        marks=[pytest.mark.slow] if one.block == "gfcf" else [],  # 45 s
    )
    for one in ANCHORS
]


@pytest.mark.data
@pytest.mark.parametrize("anchor", CASES)
def test_a_published_number_appears(anchor: Anchor) -> None:
    measured = measure_anchor(anchor, Path(os.environ["RECSYS_DATA"]))
    assert misses(anchor, measured) == [], measured
