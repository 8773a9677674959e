"""``recsys demo``: all steps on the embedded community data, in a minute."""

from __future__ import annotations

import shlex
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.commands.profile import show_profile
from recsys.cli.commands.recommend import show_list
from recsys.cli.console import Column, heading, program, prose, say, table
from recsys.cli.options import Json
from recsys.cli.output import STDOUT, check_json_file, write_json
from recsys.cli.output import answer as give
from recsys.cli.progress import working
from recsys.core.errors import DataError

if TYPE_CHECKING:
    from recsys.data import Catalog, EventLog, People
    from recsys.evaluation import Evaluation
    from recsys.serving import Recommender


MARKER = "demo.json"
"""File in the folder of an earlier demo; other folders are never overwritten."""

TEST_DAYS = 28

NEWCOMER = "somebody-new"

MEASURES = ("recall@10", "recall@20", "ndcg@10", "coverage@10")

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for what it makes.")]


def demo(*, out: Out = Path("recsys-demo"), json_file: Json = None) -> None:
    """Take a tour on real data: fit, measure, lists, digests."""
    check_json_file(json_file)
    _prepare(out)
    started = time.perf_counter()
    tour = Tour(out, loud=json_file != STDOUT)
    record = tour.run() | {"seconds": round(time.perf_counter() - started, 1)}
    write_json(record, out / MARKER)
    give(record, json_file=json_file, show=lambda: _farewell(out, record))


def _prepare(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise DataError(f"--out must name a folder; {out} is a file. Choose another name.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).exists():
        raise DataError(
            f"--out must name a new or empty folder, or an earlier demo; {out} holds other files. "
            "Choose another name."
        )
    out.mkdir(parents=True, exist_ok=True)
    write_json({"finished": False}, out / MARKER)
    for name in ("digest", "digest.jsonl.part"):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in ("digest.jsonl", "history.jsonl"):  # or everybody had this week's digest already
        (out / name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Tour:
    """The steps of the demo.

    Attributes
    ----------
    out : Path
        Where everything goes.
    loud : bool
        Whether to print: not when stdout belongs to JSON.
    """

    out: Path
    loud: bool

    def run(self) -> dict[str, Any]:
        """Run all steps and return their results."""
        from recsys.datasets import load_community

        events, catalog, people = load_community()
        self._introduce(events, catalog, people)
        measured = self._measure(events, catalog, people)
        model = self._fit(events, catalog, people)
        lists = self._recommend(model)
        digests = self._digest(model)
        return {
            "finished": True,
            "model": str(self.out / "model"),
            "version": model.version,
            "people": lists,
            "metrics": measured,
            "digest": digests,
        }

    def _introduce(self, events: EventLog, catalog: Catalog, people: People) -> None:
        if not self.loud:
            return
        heading("1. The data")
        prose(
            f"Quantum Computing Stack Exchange, its first months: {events.n_events:,} events of "
            f"{people.n_users:,} people on {catalog.n_items:,} questions with "
            f"{len(catalog.tag_names):,} tags, {events.first_time.astype('datetime64[D]')} to "
            f"{events.last_time.astype('datetime64[D]')} (CC BY-SA)."
        )

    def _measure(self, events: EventLog, catalog: Catalog, people: People) -> dict[str, Any]:
        import numpy as np

        from recsys.data import split_by_time
        from recsys.evaluation import evaluate
        from recsys.serving import RecommenderConfig

        cut = events.last_time - np.timedelta64(TEST_DAYS, "D")
        train, test = split_by_time(events, cut)
        with working() as progress:
            found = {
                name: evaluate(
                    train,
                    test,
                    catalog=catalog,
                    users=people,
                    config=RecommenderConfig(model=name),
                    progress=progress,
                )
                for name in ("hybrid", "popularity")
            }
        if self.loud:
            _show_measured(found)
        return {name: one.record["metrics"] for name, one in found.items()}

    def _fit(self, events: EventLog, catalog: Catalog, people: People) -> Recommender:
        from recsys.serving import Recommender

        started = time.perf_counter()
        with working() as progress:
            model = Recommender.fit(events, catalog, users=people, progress=progress)
        model.save(self.out / "model")
        if self.loud:
            heading("3. The model")
            say(f"Fitted on everything in {time.perf_counter() - started:.1f} s:")
            for why in model.notes:
                prose(str(why), bullet="- ")
        return model

    def _recommend(self, model: Recommender) -> dict[str, Any]:
        who = chosen_people(model)
        top = model.recommend(list(who.values()), k=5, explain=True)
        if self.loud:
            heading("4. Lists, with reasons")
            for line, (label, user_id) in enumerate(who.items()):
                show_list(model, top, line, label=f"{label}: {user_id}")
            heading("5. What the model believes of the first of them")
            first = next(iter(who.values()))
            show_profile(first, model.profile(first), top=8)
        return dict(who)

    def _digest(self, model: Recommender) -> dict[str, object]:
        from recsys.digest import run

        with working() as progress:
            report = run(
                model,
                out=self.out / "digest.jsonl",
                html=self.out / "digest",
                history=self.out / "history.jsonl",
                progress=progress,
            )
        if self.loud:
            heading("6. The weekly digest")
            prose(str(report))
            prose("history.jsonl remembers who got what: the next run repeats nothing.")
        return report.to_dict()


def chosen_people(model: Recommender) -> dict[str, Any]:
    """Return three people to look at, by what is known of them: much, one event, nothing."""
    import numpy as np

    snapshot = model.snapshot
    own = snapshot.seen.multiply(snapshot.own).tocsr()  # what a person made says little of taste
    counts = np.diff(snapshot.seen.indptr) - np.diff(own.indptr)
    who = {"much is known": model.users.id(int(np.argmax(counts)))}
    once = np.flatnonzero(counts == 1)
    if len(once):
        who["one event is known"] = model.users.id(int(once[0]))
    return who | {"nothing is known": NEWCOMER}


def _show_measured(found: dict[str, Evaluation]) -> None:
    heading("2. Does it help? Fitted on the past, measured on what came next")
    hybrid = found["hybrid"]
    prose(
        f"The last {TEST_DAYS} days are kept back; {hybrid.record['n_users']} people did something "
        f"in them. Shares of what they did that a list made before would have shown."
    )
    rows = []
    for name in MEASURES:
        low, high = hybrid.intervals.get(name, (None, None))
        between = "" if low is None else f"{low:.3f} to {high:.3f}"
        values = (f"{found[model].metrics[name]:.3f}" for model in ("hybrid", "popularity"))
        rows.append((name, *values, between))
    table(
        (
            Column("measure", 20), Column("hybrid", 10, "right"),
            Column("popularity", 12, "right"), Column("hybrid, 95 % interval", 24),
        ),
        rows,
    )  # fmt: skip


def _farewell(out: Path, record: dict[str, Any]) -> None:
    model = shlex.quote(str(out / "model"))
    person = shlex.quote(str(next(iter(record["people"].values()))))
    heading("What to look at")
    say(f"The digests as pages: open {out / 'digest' / 'index.html'} in a browser")
    say(f"The digests as data:  {out / 'digest.jsonl'}")
    say(f"The saved model:      {out / 'model'}")
    heading(f"Done in {record['seconds']:.0f} s. Three commands to try next")
    say(f"{program()} recommend {model} --user={person} -k 5 --explain")
    say(f"{program()} profile {model} --user={person}")
    say(f"{program()} fit --events YOUR_EVENTS.csv --items YOUR_ITEMS.csv --out my-model")
