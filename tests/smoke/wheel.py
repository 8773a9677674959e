"""Smoke test of the wheel: build it, install it alone, import it all, run the demo.

Run by ``make smoke``. It proves what the other tests cannot: that nothing is needed at run time
which only developers have, and that every data file is in the wheel.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO_LIMIT_S = 60.0

# `recsys.testing` is the one room that may ask for hypothesis, which only developers have.
IMPORT_ALL = """
import importlib, pkgutil
import recsys
names = [module.name for module in pkgutil.walk_packages(recsys.__path__, "recsys.")]
names = [name for name in names if not name.startswith("recsys.testing")]
for name in names:
    importlib.import_module(name)
for name in recsys.__all__:
    getattr(recsys, name)
print(f"{len(names)} modules imported")
"""


def main() -> None:
    """Build, install, import and run; stop at the first thing that fails."""
    with tempfile.TemporaryDirectory(prefix="recsys-smoke-") as name:
        folder = Path(name)
        wheel = build(folder)
        check_contents(wheel)
        python = install(wheel, folder / "venv")
        run(python, "-m", "pip", "check", cwd=folder)
        run(python, "-W", "error::SyntaxWarning", "-c", IMPORT_ALL, cwd=folder)
        check_demo(python.with_name("recsys"), folder)
    print("smoke test passed")


def build(folder: Path) -> Path:
    """Return the wheel, built from a fresh look at the project."""
    run(
        Path(sys.executable),
        "-m",
        "build",
        "--wheel",
        "--outdir",
        str(folder),
        str(ROOT),
        cwd=folder,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_contents(wheel: Path) -> None:
    """Licences and the typing marker are in; tests, docs and caches are not."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert "recsys/py.typed" in names, "recsys/py.typed is not in the wheel"
    assert any(name.endswith("licenses/LICENSE") for name in names), "LICENSE is not in the wheel"
    for data in ("community", "movies"):
        there = any(f"datasets/files/{data}/LICENSE" in name for name in names)
        assert there, f"the licence of {data} is not in the wheel"
    strangers = [top for top in tops if top != "recsys" and not top.endswith(".dist-info")]
    assert not strangers, f"the wheel holds more than the library: {strangers}"
    assert not any("__pycache__" in name for name in names), "the wheel holds caches"


def install(wheel: Path, folder: Path) -> Path:
    """Return the Python of an empty environment that holds the wheel and what it asks for."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", str(wheel), cwd=folder)
    return python


def check_demo(command: Path, folder: Path) -> None:
    """The demo ends well, in time, and leaves a model, digests as data and pages."""
    out = folder / "demo"
    run(command, "--help", cwd=folder)
    started = time.monotonic()
    run(command, "demo", "--out", str(out), cwd=folder)
    seconds = time.monotonic() - started
    files = [file for file in out.rglob("*") if file.is_file()]
    for pattern in ("manifest.json", "*.jsonl", "index.html"):
        found = [file for file in files if file.match(pattern)]
        assert found, f"recsys demo wrote no {pattern}"
        assert all(file.stat().st_size for file in found), f"recsys demo wrote an empty {pattern}"
    assert seconds < DEMO_LIMIT_S, f"recsys demo took {seconds:.0f} s; at most {DEMO_LIMIT_S:.0f}"
    print(f"recsys demo: {len(files)} files in {seconds:.1f} s")


def run(command: Path, *args: str, cwd: Path) -> None:
    """Run a command away from the checkout; show its output only when it fails."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(command), *args], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(
            f"{command.name} {' '.join(args)[:200]}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}\n"
            f"failed with exit code {done.returncode}"
        )
    if lines := done.stdout.strip().splitlines():
        print(f"{command.name} {args[0]}: {lines[-1]}")


if __name__ == "__main__":
    main()
