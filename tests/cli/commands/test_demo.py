import json
import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., "CompletedProcess[str]"]


def test_a_strangers_folder_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("x", encoding="utf-8")
    for out in (tmp_path, tmp_path / "precious.txt"):
        done = run("demo", "--out", out)
        assert done.returncode == 1
        assert "Choose another name" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["precious.txt"]


@pytest.mark.slow
def test_the_demo_shows_the_whole_path_and_can_be_repeated(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        done = run("demo", "--out", "my demo")
        assert done.returncode == 0
        record = json.loads((tmp_path / "my demo" / "demo.json").read_text(encoding="utf-8"))
        assert record["finished"]
        assert record["digest"]["n_digests"] > 400
        assert (tmp_path / "my demo" / "digest" / "index.html").stat().st_size
    assert "(not known: the newcomer list)" in done.stdout
    assert record["metrics"]["hybrid"]["recall@20"] > 0
    assert "my demo/digest/index.html" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    commands = [line for line in done.stdout.splitlines() if line.startswith("recsys ")]
    assert len(commands) == 3
    for command in commands[:2]:
        assert run(*shlex.split(command)[1:]).returncode == 0
