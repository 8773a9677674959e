"""What each block takes in memory: the estimate, and what a fit on the community allocates.

python benchmarks/speed/memory.py [--quick]
"""

from __future__ import annotations

import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import arguments, show, write_results

import recsys
from recsys.core.progress import silent
from recsys.data import Dataset
from recsys.datasets import load_community
from recsys.models.base import TrainingSet
from recsys.models.blocks.data_size import DataSize
from recsys.models.presets.footprint import footprint
from recsys.models.spec import BLOCKS, BlockSpec
from recsys.profiles import build_item_profiles
from recsys.serving.fit.build import training_set

MB = 1e6

EPOCH_KINDS = ("als", "bpr", "lightfm", "feature_als")
ONE_EPOCH = {"n_epochs": 1}
"""Memory does not grow with the number of epochs."""


def community() -> TrainingSet:
    """Return the training set of the embedded community."""
    events, catalog = load_community()[:2]
    config = recsys.RecommenderConfig()
    dataset = Dataset.join(events, catalog, None)
    profiles = build_item_profiles(dataset.catalog, config.profiles)
    now = events.last_time.astype("datetime64[us]")
    return training_set(dataset, profiles, config, now=now)


def first_people(training: TrainingSet, n_people: int = 200) -> TrainingSet:
    """Return the training set of a few people."""
    return replace(
        training,
        interactions=training.interactions[:n_people],
        events=training.events.select(training.events.user_rows < n_people),
        user_features=training.user_features[:n_people],
    )


def row(kind: str, training: TrainingSet) -> dict[str, Any]:
    """Fit one block with every allocation counted, after a small one: that imports and compiles."""
    spec = BlockSpec(kind=kind, settings=ONE_EPOCH if kind in EPOCH_KINDS else {})
    told = footprint(spec, DataSize.of(training))
    spec.build().fit(first_people(training), progress=silent)
    block = spec.build()
    tracemalloc.start()
    block.fit(training, progress=silent)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = sum(array.nbytes for array in block.to_arrays().values())
    return {
        "block": kind,
        "estimate at the peak, MB": round(told.peak / MB, 1),
        "allocated at the peak, MB": round(peak / MB, 1),
        "estimate kept, MB": round(told.kept / MB, 2),
        "kept, MB": round(kept / MB, 2),
    }


def main() -> None:
    options = arguments(__doc__ or "")
    training = community()
    kinds = ["popularity", "ease"] if options.quick else list(BLOCKS)
    rows = [row(kind, training) for kind in kinds]
    show(rows)
    if not options.quick:
        size = DataSize.of(training)
        write_results(
            "memory",
            title="Memory of each block, on the embedded community",
            caveats=[
                "Memory is what a block allocates in arrays while it is fitted; the libraries "
                "themselves, and the data, come on top.",
            ],
            columns=list(rows[0]),
            rows=rows,
            notes=[
                f"{size.n_users} people, {size.n_items} items, {size.n_pairs} pairs, "
                f"{size.n_tags} tags; every block with its default settings.",
            ],
        )


if __name__ == "__main__":
    main()
