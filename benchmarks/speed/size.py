"""Time and memory of a fit by the number of events: read, fit, save, load, 1,000 lists."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import arguments, show, with_earlier, write_results

SIZES = {"10 k": (500, 1_000), "1 M": (50_000, 20_000)}
PRESETS = ("fast", "balanced")
COLUMNS = (
    "events", "people", "items", "preset", "fit_s", "fit_peak_mb", "save_s", "folder_mb", "load_s",
    "lists_of_1000_s", "call_p50_ms",
)  # fmt: skip


def measured(n_users: int, n_items: int, preset: str) -> dict[str, Any]:
    """Return the row of one fit, in a process of its own: the peak is that of the process."""
    import recsys
    from recsys.datasets import synthetic_world
    from recsys.evaluation import peak_rss_mb

    events, catalog, people = synthetic_world(n_users, n_items, seed=0)
    config = recsys.RecommenderConfig.from_dict({"preset": preset})
    fit_s, model = _seconds(
        lambda: recsys.Recommender.fit(events, catalog, users=people, config=config)
    )
    peak = peak_rss_mb()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        save_s, _ = _seconds(lambda: model.save(path))
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        load_s, loaded = _seconds(lambda: recsys.load(path))
        some = list(people.users)[:1000]
        loaded.recommend(some[:2], k=10)
        lists_s, _ = _seconds(lambda: loaded.recommend(some, k=10))
        times = sorted(_seconds(lambda one=one: loaded.recommend([one], k=10))[0] for one in some)
        shutil.rmtree(path)
    return {
        "events": events.n_events,
        "people": n_users,
        "items": n_items,
        "preset": preset,
        "fit_s": round(fit_s, 1),
        "fit_peak_mb": round(peak),
        "save_s": round(save_s, 2),
        "folder_mb": round(size / 1e6, 1),
        "load_s": round(load_s, 2),
        "lists_of_1000_s": round(lists_s, 3),
        "call_p50_ms": round(times[len(times) // 2] * 1000, 3),
    }


def _seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    value = call()
    return time.perf_counter() - started, value


def main() -> None:
    """Measure every size and preset, and write the results as they come."""
    if len(sys.argv) == 4 and sys.argv[1].isdigit():
        print(json.dumps(measured(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
        return
    quick = arguments(__doc__ or "").quick
    for n_users, n_items in [(60, 40)] if quick else SIZES.values():
        for preset in PRESETS[:1] if quick else PRESETS:
            words = [sys.executable, __file__, str(n_users), str(n_items), preset]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            rows = [json.loads(done.stdout.splitlines()[-1])]
            show(rows)
            if not quick:
                _write(with_earlier("speed_size", rows, by=("events", "preset")))


def _write(rows: list[dict[str, Any]]) -> None:
    write_results(
        "speed_size",
        title="Time and memory by the number of events",
        caveats=[
            "Sizes: a made-up community with 20 events a person; one run each, other work on the "
            "machine. Long histories, many tags and long texts take more.",
        ],
        columns=COLUMNS,
        rows=rows,
        notes=[
            "Two cores, all threads. Peak is that of the whole process at the end of the fit, "
            "data and imports included; MB are 10^6 bytes.",
            "lists_of_1000_s is one call for 1,000 people, call_p50_ms the median of 1,000 calls "
            "for one person, k = 10, after loading.",
        ],
    )


if __name__ == "__main__":
    main()
