"""Numbers that others published appear when their methods are run here."""

import os
from pathlib import Path

import pytest

from benchmarks.quality.anchors import ANCHORS, Anchor, measure_anchor, misses


@pytest.mark.data
@pytest.mark.parametrize("anchor", ANCHORS, ids=lambda one: f"{one.data}-{one.name}")
def test_a_published_number_appears(anchor: Anchor) -> None:
    measured = measure_anchor(anchor, Path(os.environ["RECSYS_DATA"]))
    assert misses(anchor, measured) == [], measured
