import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., "CompletedProcess[str]"]

COMMANDS = (
    "demo", "inspect", "config", "fit", "recommend", "similar", "profile", "evaluate", "digest",
    "verify",
)  # fmt: skip
HEAVY = ("faiss", "scipy", "implicit", "numba", "pandas", "lightfm", "pyarrow", "rich")
PROGRAM = (sys.executable, "-c", "from recsys.cli import main; main()")


def test_the_commands_are_listed_with_what_they_do(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    listed = {words[0]: words[1] for words in lines if len(words) == 2}
    assert [name for name in COMMANDS if name not in listed] == []
    assert [name for name in COMMANDS if listed[name].endswith("...")] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_within_eighty_columns(run: Run, command: str) -> None:
    for flag in ("--help", "-h"):
        done = run(command, flag)
        assert done.returncode == 0
        assert "--json" in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_version_is_told(run: Run) -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("recsys ")


@pytest.mark.parametrize(
    "args",
    [
        [], ["nope"], ["--nope"], ["fit"], ["fit", "--out"], ["recommend"],
        ["recommend", "model", "-k", "many"], ["recommend", "model"], ["similar", "model"],
        ["profile", "model"], ["evaluate", "--train", "x"], ["digest", "model"],
        ["fit", "--out", "m", "--items", "x", "--preset", "slow"],
        ["fit", "--out", "m", "--items", "x", "--on-bad-row", "ignore"],
        ["fit", "--out", "m", "--items", "x", "--kind", "upvote"],
        ["fit", "--out", "m", "--items", "x", "--columns", "user_id"],
        ["config", "--for", "digest", "--preset", "best"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(run: Run, args: list[str]) -> None:
    done = run(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Usage:" in done.stderr or "Error:" in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["{}"], ["--{}"], ["recommend", "model", "-k", "{}"], ["recommend", "model", "--{}"],
        ["recommend", "{}", "--user", "a"], ["recommend", "model", "--user", "{}"],
        ["fit", "--out", "m", "--events", "{}"], ["fit", "--out", "{}", "--events", "e"],
        ["fit", "--out", "m", "--events", "e", "--kind", "{}"],
        ["fit", "--out", "m", "--events", "e", "--now", "{}"],
        ["fit", "--out", "m", "--events", "e", "--preset", "{}"],
        ["fit", "--out", "m", "--events", "e", "--config", "{}"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_was_typed_is_not_repeated_at_any_length(run: Run, args: list[str]) -> None:
    done = run(*(one.format("x" * 10**6) for one in args))
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert len(done.stderr) < 2000
    if done.returncode == 1:
        assert done.stderr.count("\n") == 1


def test_help_loads_nothing_heavy_and_comes_at_once() -> None:
    code = (
        "import sys\nfrom recsys.cli import main\n"
        "try:\n    main(['--help'])\n"
        f"finally:\n    print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_leaves_early_causes_no_complaint(model: Path) -> None:
    users = [f"--user=u{at % 24}" for at in range(2000)]
    program = [*PROGRAM, "recommend", str(model), *users]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
    assert complaint == ""
    assert process.returncode == 141


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_the_keyboard_stops_a_command_in_one_line(tmp_path: Path) -> None:
    fifo = tmp_path / "ids"
    os.mkfifo(fifo)
    program = [*PROGRAM, "recommend", "model", "--users-file", str(fifo)]
    with (
        subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as process,
        fifo.open("w"),  # opens when the command reads
    ):
        time.sleep(0.2)
        process.send_signal(2)
        _, complaint = process.communicate(timeout=20)
    assert complaint == "stopped.\n"
    assert process.returncode == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_line(model: Path, unbuffered: str) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*PROGRAM, "recommend", str(model), "--user", "u0", "--json", "-"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: No space left on device")
    assert done.stderr.count("\n") == 1
