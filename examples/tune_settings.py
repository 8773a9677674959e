"""Settings searched on parts cut from the events, checked on people the search never saw.

Needs the extra tune: python -m pip install "recsys-engine[tune]"
"""

from pathlib import Path

import recsys
from recsys.datasets import load_community
from recsys.models import TuningConfig, TuningLog
from recsys.serving import RecommenderConfig, tune


def main() -> None:
    events, catalog, people = load_community()
    found = tune(
        events,
        catalog,
        users=people,
        config=RecommenderConfig(preset="fast"),
        tuning=TuningConfig(minutes=None, n_trials=6, metric="recall@20"),
        log=TuningLog(Path("tuning.jsonl")),
    )
    print(f"{found.search.n_trials} trials, {found.search.seconds:.0f} s: {found.search.why}")
    for group in ("searched", "held_out"):
        one = found.search.measured[group]
        print(
            f"{group}: {one['n_people']} people, {one['as_given']:.4f} as given, "
            f"{one['found']:.4f} found, {one['gain']:+.4f} ± {one['standard_error']:.4f}"
        )

    print("\nWhat was tried:")
    for line in Path("tuning.jsonl").read_text(encoding="utf-8").splitlines()[2:]:
        print(f"  {line}")

    model = recsys.Recommender.fit(events, catalog, users=people, config=found.config)
    print(f"\nFitted on everything: {model.recommend([events.users.id(0)], k=3).item_ids[0]}")


if __name__ == "__main__":
    main()
