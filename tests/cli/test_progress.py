import io

import pytest
from rich.console import Console

from recsys.cli import progress
from recsys.cli.progress import Lines, working


def test_short_work_says_nothing_when_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with working() as report:
        report("fit", 0, 2)
        report("index", 0, 0)
    assert capsys.readouterr() == ("", "")


def test_long_work_says_each_stage_once_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    report = Lines(quiet_seconds=0.0)
    for done in range(5):
        report("fit", done, 5)
        report("fit spectral", 0, 0)
    assert capsys.readouterr() == ("", "fit ...\nfit spectral ...\n")


def test_the_loss_is_told_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("recsys.cli.progress.time.perf_counter", lambda: now[0])
    report = Lines(quiet_seconds=5.0)
    for epoch in range(1, 10):
        now[0] += 2.0
        report(f"als; loss {1 / epoch:.2f}", epoch, 9)
    assert capsys.readouterr().err.splitlines() == [
        "als 3/9, loss 0.33",
        "als 6/9, loss 0.17",
        "als 9/9, loss 0.11",
    ]


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr(progress, "stderr", lambda: screen)
    with working() as report:
        report("fit [b]", 1, 2)
        report("index", 0, 0)
        report("als; loss 0.12", 3, 4)
    assert isinstance(screen.file, io.StringIO)
    assert "3/4" in screen.file.getvalue()
    assert "als; loss 0.12" in screen.file.getvalue()
