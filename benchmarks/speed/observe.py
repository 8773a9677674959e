"""Observe, then ask: what it takes until an event is in the list of who caused it.

python benchmarks/speed/observe.py [--quick] [--n-items N]    (results of other sizes are kept)
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import show, with_earlier, write_results
from single import fitted

import recsys

NAME = "speed_observe"
N_EVENTS = (1, 10, 100, 1000)
N_BEFORE = 20
"""Calls observed before anything is timed: what is made at first use is made."""
COLUMNS = [
    "items", "events in a call", "what", "calls", "observe p50 ms", "observe p95 ms",
    "recommend p50 ms", "recommend p95 ms", "both p50 ms", "both p95 ms",
    "before p50 ms", "after p50 ms", "after / before",
]  # fmt: skip


class Stream:
    """Events that go on after those of a model, a second apart."""

    def __init__(self, model: recsys.Recommender, *, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.users, self.items = model.users.ids(), model.items.ids()
        self.now, self.n_given = model.now, 0

    def events(self, n: int, *, new: bool = False) -> dict[str, list[Any]]:
        """Return ``n`` events of known people on known items, or of new ones on new ones."""
        start = self.n_given
        self.n_given += n
        at = range(start, self.n_given)
        users = [f"new-u{one}" for one in at] if new else self.rng.choice(self.users, n).tolist()
        items = [f"new-i{one}" for one in at] if new else self.rng.choice(self.items, n).tolist()
        times = [str(self.now + np.timedelta64(one, "s")) for one in at]
        return {"user_id": users, "item_id": items, "occurred_at": times}


def observing(
    model: recsys.Recommender, n_events: int, n_calls: int, *, new: bool = False
) -> dict[str, Any]:
    """Return the times of calls one after the other, each on what the last one gave."""
    stream = Stream(model, seed=n_events)
    for _ in range(N_BEFORE):
        events = stream.events(1)
        model = model.observe(events)
        model.recommend(events["user_id"], k=10)
    observed, asked = np.empty(n_calls), np.empty(n_calls)
    for at in range(n_calls):
        events = stream.events(n_events, new=new)
        items = {"item_id": events["item_id"], "topic": ["chess"] * n_events} if new else None
        started = time.perf_counter()
        model = model.observe(events, items)
        between = time.perf_counter()
        top = model.recommend(events["user_id"][:1], k=10)
        asked[at] = time.perf_counter() - between
        observed[at] = between - started
        if not top.known[0] or events["item_id"][0] in top.item_ids[0].tolist():
            raise AssertionError("an event was not visible in the list of who caused it")
    row: dict[str, Any] = {"calls": n_calls}
    for name, taken in (("observe", observed), ("recommend", asked), ("both", observed + asked)):
        p50, p95 = np.percentile(taken * 1000, [50, 95], method="higher")
        row |= {f"{name} p50 ms": round(float(p50), 2), f"{name} p95 ms": round(float(p95), 2)}
    return row


def read_after(model: recsys.Recommender, n_calls: int) -> Iterator[dict[str, Any]]:
    """Time reads before and after observing, each after on a state of its own: ratios of one run.

    The median of ``n_calls``, after a first call on the model before: what every state shares is
    then made.
    """
    stream = Stream(model, seed=1)
    states = [model]
    for _ in range(n_calls):
        events = stream.events(1)
        states.append(states[-1].observe(events))
    users = np.random.default_rng(2).choice(stream.users, n_calls).tolist()
    items = np.random.default_rng(3).choice(stream.items, n_calls).tolist()
    reads: dict[str, Callable[[recsys.Recommender, int], Any]] = {
        "profile": lambda one, at: one.profile(users[at]),
        "similar_items": lambda one, at: one.similar_items([items[at]], k=10),
    }
    for name, read in reads.items():
        read(model, 0)
        before, after = np.empty(n_calls), np.empty(n_calls)
        for at in range(n_calls):
            for one, taken in ((model, before), (states[at + 1], after)):
                started = time.perf_counter()
                read(one, at)
                taken[at] = time.perf_counter() - started
        old, new = np.median(before * 1000), np.median(after * 1000)
        yield {
            "what": f"{name} after observe",
            "calls": n_calls,
            "before p50 ms": round(float(old), 2),
            "after p50 ms": round(float(new), 2),
            "after / before": round(float(new / old), 2),
        }


def rows_of(model: recsys.Recommender, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Time calls with ever more events, and calls that bring a new person and a new item."""
    n_items = len(model.items)
    for n_events in N_EVENTS[:2] if quick else N_EVENTS:
        n_calls = 3 if quick else {1: 300, 10: 200, 100: 50, 1000: 10}[n_events]
        what = "known people and items"
        found = observing(model, n_events, n_calls)
        yield {"items": n_items, "events in a call": n_events, "what": what, **found}
    found = observing(model, 1, 3 if quick else 100, new=True)
    yield {"items": n_items, "events in a call": 1, "what": "a new person, a new item", **found}
    for row in read_after(model, 3 if quick else 50):
        yield {"items": n_items, "events in a call": 1, **row}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small, writes nothing")
    parser.add_argument("--n-items", type=int, default=100_000)
    options = parser.parse_args()
    model = fitted(1000 if options.quick else options.n_items)
    rows = []
    for row in rows_of(model, quick=options.quick):
        rows.append(row)
        show([row])
    if options.quick:
        return
    write_results(
        NAME,
        title="Observing, then asking",
        caveats=[
            "Observing is timed on made-up communities whose people have few events; a person "
            "with a long history takes longer to fold in.",
        ],
        columns=COLUMNS,
        rows=with_earlier(NAME, rows, by=["items", "what", "events in a call"]),
        notes=[
            "Preset balanced, blocks with given weights; each call goes on where the last one "
            f"ended, after {N_BEFORE} single events.",
            "before and after are reads of the model before any event, and of a state after one "
            "from which nothing was read yet.",
            "recommend is the first list asked for after the call, of somebody who acted in it.",
        ],
    )


if __name__ == "__main__":
    main()
