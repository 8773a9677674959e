"""What each block takes in memory: the estimate beside what a fit allocates, on the embedded films.

python benchmarks/speed/memory.py [--quick]
"""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import arguments, show, write_results

import recsys
from recsys.core.progress import silent
from recsys.data import Dataset, interactions, taste_events
from recsys.datasets import load_movies
from recsys.models.base import TrainingSet
from recsys.models.footprint import DataSize, footprint
from recsys.models.spec import BLOCKS, BlockSpec
from recsys.profiles import build_item_profiles
from recsys.serving.building import declared_tags, item_times

MB = 1e6


def movies() -> TrainingSet:
    """Return the training set of the embedded films."""
    events, catalog = load_movies()[:2]
    config = recsys.RecommenderConfig()
    dataset = Dataset.join(events, catalog, None)
    profiles = build_item_profiles(dataset.catalog, config.profiles)
    now = events.last_time.astype("datetime64[us]")
    timed = taste_events(dataset, config=config.interactions, now=now)
    shape = (len(dataset.users), len(dataset.items))
    return TrainingSet(
        interactions=interactions(timed, shape, config=config.interactions),
        events=timed,
        item_features=profiles.matrix,
        user_features=declared_tags(dataset.people, profiles),
        item_times=item_times(dataset.catalog, dataset.events),
        now=now,
    )


def row(kind: str, training: TrainingSet) -> dict[str, Any]:
    """Fit one block twice, the second time with every allocation counted."""
    spec = BlockSpec(kind=kind)
    told = footprint(spec, DataSize.of(training))
    spec.build().fit(training, progress=silent)
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
    training = movies()
    kinds = ["popularity", "ease"] if options.quick else list(BLOCKS)
    rows = [row(kind, training) for kind in kinds]
    show(rows)
    if not options.quick:
        size = DataSize.of(training)
        write_results(
            "memory",
            title="Memory of each block, on the embedded films",
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
