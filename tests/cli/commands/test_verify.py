import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., "CompletedProcess[str]"]


def test_a_whole_model_is_told_to_be_whole(run: Run, model: Path) -> None:
    done = run("verify", model)
    assert done.returncode == 0
    assert "is whole" in done.stdout
    record = json.loads(run("verify", model, "--json", "-").stdout)
    assert record["ok"]
    assert record["n_items"] == 20


def test_one_changed_byte_is_found(run: Run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "m"
    shutil.copytree(model, path)
    victim = max(path.rglob("*.npy"), key=lambda file: file.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(bytes(content))
    done = run("verify", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert victim.name in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_model_is_one_line(run: Run, tmp_path: Path) -> None:
    done = run("verify", tmp_path / "none")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
