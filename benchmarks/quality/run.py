"""Every data set, our presets and the peers, by one protocol; rows that are finished are kept.

    python -m benchmarks.quality.run                      # everything that is not up to date
    python -m benchmarks.quality.run --data gowalla --model best
    python -m benchmarks.quality.run --only peers         # or ours, anchors, pairs

The public data lie in the folder named by RECSYS_DATA; movies and community come with the package.
A row is up to date while its data, its library (for ours: the content of recsys/), its grid and
the protocol are what they were, and its values per person are in the cache.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # also as a script: python benchmarks/quality/run.py
    sys.path.insert(0, str(ROOT))

from benchmarks import harness  # noqa: E402
from benchmarks.quality import datasets, ours, results  # noqa: E402
from benchmarks.quality.pairs import add_pairs  # noqa: E402
from benchmarks.quality.peers import SEED, Peer, all_peers  # noqa: E402
from benchmarks.quality.peers_rectools import RECTOOLS, VENV_VARIABLE, make_environment  # noqa: E402
from recsys.evaluation import versions  # noqa: E402

TIMEOUT_S = 1200
QUICK = ("popularity", "implicit ALS", "recsys fast")
THREADS = ("OPENBLAS", "OMP", "MKL", "NUMBA", "IRSPACK")


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", nargs="+", default=list(datasets.TASKS), help="data sets")
    parser.add_argument("--model", nargs="+", help="peers by name, or fast, balanced, best")
    parser.add_argument("--only", choices=("peers", "ours", "anchors", "pairs"))
    parser.add_argument("--again", action="store_true", help="also rows that are up to date")
    parser.add_argument("--smoke", action="store_true", help="a few people of each data set")
    parser.add_argument("--quick", action="store_true", help="smoke, movies only, writes nothing")
    parser.add_argument("--search-seconds", type=float, help="instead of the task's own")
    parser.add_argument("--timeout", type=int, default=TIMEOUT_S, help="processor seconds of a row")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--rectools-venv", type=Path, help="folder; default in the cache")
    parser.add_argument("--run-with", default="", help="a command put before that of each row")
    found = parser.parse_args(words)
    found.cache = found.cache.expanduser().resolve()
    unknown = sorted(set(found.data) - set(datasets.TASKS))
    if unknown:
        parser.error(f"--data must name {', '.join(datasets.TASKS)}; got {', '.join(unknown)}")
    return found


def default_cache() -> Path:
    """Return where values per person and RecTools' environment are kept."""
    base = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(base).expanduser() / "recsys-benchmarks"


def chosen(options: argparse.Namespace, peers: dict[str, Peer]) -> Iterator[tuple[str, str]]:
    """Yield (data set, model) in the order they are run: what does not change first."""
    names = {"peers": [*peers], "ours": [*ours.NAMES]}.get(options.only, [*peers, *ours.NAMES])
    if options.model:
        asked = {f"recsys {one}" if one in ours.PRESETS else one for one in options.model}
        unknown = sorted(asked - {*peers, *ours.NAMES})
        if unknown:
            sys.exit(f"--model must name {', '.join([*ours.PRESETS, *peers])}; got {unknown[0]!r}")
        names = [name for name in names if name in asked]
    theirs = [(data, name) for data in options.data for name in names if name in peers]
    for data, name in theirs:
        if peers[name].uses_tags or datasets.TASKS[data].for_tagless(name):
            yield data, name
    yield from ((data, name) for data in options.data for name in names if name in ours.NAMES)


def run_row(data: str, model: str, options: argparse.Namespace, *, made_of: str) -> dict[str, Any]:
    """Return the row of a model on a data set, measured now."""
    with tempfile.TemporaryDirectory() as name:
        job = {
            "task": data,
            "model": model,
            "data": os.environ.get("RECSYS_DATA", ""),
            "smoke": options.smoke,
            "search_s": search_seconds(data, options),
            "timeout_s": options.timeout,
            "values": str(results.values_file(options.cache, data, model, made_of)),
            "out": str(Path(name) / "out.json"),
        }
        return {"data": data, "model": model, **process(job, options)}


def process(job: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Run a job in its own process with one thread, and return its answer."""
    file = Path(job["out"]).with_name("job.json")
    file.write_text(json.dumps(job), encoding="utf-8")
    env = {**os.environ, **dict.fromkeys((f"{one}_NUM_THREADS" for one in THREADS), "1")}
    env["IRSPACK_NUM_THREADS_DEFAULT"] = "1"
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    env[VENV_VARIABLE] = str(options.rectools_venv or options.cache / f"rectools-{RECTOOLS}")
    command = [*shlex.split(options.run_with), sys.executable, "-m", "benchmarks.quality.row"]
    done = subprocess.run(
        [*command, str(file)], check=False, capture_output=True, text=True, env=env, cwd=ROOT
    )
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(Path(job["out"]).read_text(encoding="utf-8"))
        return answer
    if done.returncode in (-signal.SIGXCPU, 128 + signal.SIGXCPU):  # the latter from a shell
        return {"skipped": f"took more than {options.timeout} s of the processor"}
    words = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return {"skipped": f"failed: {words[-1][:300]}", "failed": True}


def made_of(data: str, model: str, options: argparse.Namespace, peers: dict[str, Peer]) -> str:
    """Return the fingerprint of a row."""
    parts: dict[str, Any] = {
        "files": datasets.checksums(datasets.TASKS[data], data_folder()),
        "model": model,
        "smoke": options.smoke,
    }
    if model in ours.NAMES:
        return results.fingerprint(library=results.library_tree(), **parts)
    peer = peers[model]
    package = RECTOOLS if peer.package == "rectools" else peer.version
    grid = inspect.getsource(peer.grid)
    seconds = search_seconds(data, options)
    return results.fingerprint(package=package, grid=grid, seconds=seconds, **parts)


def search_seconds(data: str, options: argparse.Namespace) -> float:
    """Return how long each peer is searched on a data set."""
    own = datasets.TASKS[data].search_s
    return float(own if options.search_seconds is None else options.search_seconds)


def data_folder() -> Path | None:
    """Return the folder of the public data sets; None if RECSYS_DATA is not set."""
    folder = os.environ.get("RECSYS_DATA")
    return Path(folder) if folder else None


def head() -> dict[str, Any]:
    """Return what the whole file says of itself."""
    return {
        "title": "Quality: our presets and the peers on every data set",
        "page": "quality",
        "what_this_does_not_show": list(results.CAVEATS),
        "command": "python -m benchmarks.quality.run",
        "measured_on": today(),
        "revision": results.revision(),
        "seed": SEED,
        "threads": 1,
        "machine": harness.machine(),
        "versions": versions() | {peer.package: peer.version for peer in all_peers().values()}
        | {"rectools": RECTOOLS},
    }  # fmt: skip


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def finish(row: dict[str, Any], peers: dict[str, Peer], *, fingerprint: str) -> dict[str, Any]:
    """Return the row with where it comes from."""
    mine = row["model"] in ours.NAMES
    peer = peers.get(row["model"])
    tags = datasets.TASKS[row["data"]].use_tags and (mine or (peer is not None and peer.uses_tags))
    return {
        **row,
        "uses_tags": tags,
        "fingerprint": fingerprint,
        "revision": results.revision(),
        "measured_on": today(),
    }


def rows(options: argparse.Namespace) -> int:
    """Run what is not up to date; return how many rows failed."""
    peers = all_peers()
    failed = 0
    for data, model in chosen(options, peers):
        task = datasets.TASKS[data]
        if not task.days and data_folder() is None:
            print(f"{data}: RECSYS_DATA does not name the folder of the public data sets")
            continue
        print_key = made_of(data, model, options, peers)
        known = results.row_of(results.load(options.results), data, model)
        values = results.values_file(options.cache, data, model, print_key)
        done = known is not None and known["fingerprint"] == print_key
        if done and not options.again and (values.exists() or "skipped" in (known or {})):
            continue
        values.parent.mkdir(parents=True, exist_ok=True)
        row = run_row(data, model, options, made_of=print_key)
        show(row)
        failed += bool(row.pop("failed", False))
        if not options.quick:
            row = finish(row, peers, fingerprint=print_key)
            results.put(
                options.results,
                row,
                data=facts_of(task, search_s=search_seconds(data, options)),
                head=head(),
            )
    return failed


def facts_of(task: datasets.Task, *, search_s: float) -> dict[str, Any]:
    """Return what the results say of a data set."""
    return {
        "metrics": list(task.metrics),
        "twin": task.twin,
        "search_s": search_s,
        "files": datasets.checksums(task, data_folder()),
    }


def show(row: dict[str, Any]) -> None:
    metrics = " ".join(f"{name} {value:.4f}" for name, value in row.get("metrics", {}).items())
    seconds = f"fit {row['fit_cpu_s']:.2f} s, {row['peak_mb']:.0f} MB" if "fit_cpu_s" in row else ""
    print(f"{row['data']}: {row['model']}: {metrics or row.get('skipped')} {seconds}", flush=True)


def main(words: Sequence[str] | None = None) -> int:
    options = arguments(words)
    if options.quick:
        options.smoke, options.data, options.model = True, ["movies"], list(QUICK)
        options.search_seconds = 1.0
        options.model = ["popularity", "implicit ALS", "fast"]
    failed = 0
    if options.only not in ("anchors", "pairs"):
        asked = options.model or ["RecTools"]
        if options.only != "ours" and any("RecTools" in one for one in asked):
            folder = options.rectools_venv or options.cache / f"rectools-{RECTOOLS}"
            reason = make_environment(folder)
            if reason:
                print(reason)
        failed = rows(options)
    if options.only in (None, "anchors") and not options.model and not options.smoke:
        from benchmarks.quality.anchors import write_anchors

        failed += write_anchors(options.results, data_folder(), again=options.again)
    if not options.quick and options.only != "anchors" and options.results.exists():
        add_pairs(options.results, options.cache)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
