"""The hybrid against each of its parts on rolling windows of the embedded data.

Refitted at each cut, with the items that were out by then. The windows of movies end where the
single cut of embedded.py is, those of community where the data end.

python benchmarks/quality/rolling.py [--quick]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

import recsys
from benchmarks.harness import arguments, show, write_results
from benchmarks.quality.embedded import COLUMNS, DATA, popularity, row
from recsys.evaluation import EvaluationOptions, RollingWindows, evaluate_rolling

PARTS: dict[str, dict[str, Any]] = {
    "hybrid": {"model": "hybrid"},
    "hybrid, fast": {"model": "hybrid", "preset": "fast"},
    "popularity, all time": popularity(None, forecast=False),
    **{
        f"popularity, half-life {days:g} d" + ", forecast" * forecast: popularity(
            days, forecast=forecast
        )
        for days in (1.0, 2.0, 7.0, 30.0)
        for forecast in (False, True)
    },
}

WINDOWS = {
    "community, 4 weeks": ("community", 7.0, 4, 0),
    "community, 28 days": ("community", 1.0, 28, 0),
    "movies, 4 fortnights": ("movies", 14.0, 4, 14),
}
"""Name: data, days of a window, windows, days before the end of the data at which they end."""


def roll(name: str) -> list[dict[str, Any]]:
    """Measure every part on rolling windows."""
    data, days, n_windows, before = WINDOWS[name]
    events, catalog, *rest = DATA[data][0]()
    until = events.last_time - np.timedelta64(before, "D")
    windows = RollingWindows(window_days=days, n_windows=n_windows, until=until)
    measured = {
        part: evaluate_rolling(
            events,
            windows,
            catalog=catalog,
            users=rest[0] if rest else None,
            config=recsys.RecommenderConfig(**settings),
            options=EvaluationOptions(ks=(20,)),
        )
        for part, settings in PARTS.items()
    }
    return [row(name, part, measured, against="hybrid") for part in PARTS]


def main() -> None:
    options = arguments(__doc__ or "")
    rows: list[dict[str, Any]] = []
    for name in list(WINDOWS)[: 1 if options.quick else None]:
        rows += roll(name)
        show(rows[-len(PARTS) :])
    if not options.quick:
        write_results(
            "rolling_quality",
            title="The hybrid and its parts on rolling windows",
            caveats=[
                "A person counts once for each window they are in: the intervals treat these as "
                "different people.",
                "What was posted during a window is left out: no list made before it could hold "
                "it.",
                "Items without a time of their own (movies) are candidates from their first event.",
                "Everything is learnt anew at each cut; a service would observe and refit rarely.",
            ],
            columns=COLUMNS,
            rows=rows,
            notes=[
                "Intervals are 95 % bootstrap intervals over people and windows.",
                "The difference is paired over the same people and windows.",
            ],
        )


if __name__ == "__main__":
    main()
