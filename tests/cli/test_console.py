import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.cli.console import (
    MAX_LINE,
    Column,
    complain,
    heading,
    note,
    printable,
    program,
    prose,
    shown,
    table,
)


@given(st.text(max_size=300), st.integers(2, 80))
def test_what_is_shown_is_one_line_of_printable_characters(text: str, width: int) -> None:
    out = shown(text, width)
    assert len(out) <= width
    assert out.isprintable()


@given(st.text())
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert printable(printable(text)) == printable(text)


def test_nothing_is_shown_for_none() -> None:
    assert shown(None) == ""


def test_a_colour_code_does_not_reach_the_terminal() -> None:
    assert "\x1b" not in shown("\x1b[31mred\x1b[0m \x9b31m")


def test_an_error_is_one_short_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    complain("two\nlines " + "x" * 10**6)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: two lines")
    assert err.count("\n") == 1
    assert len(err) < MAX_LINE + 20


def test_a_note_is_one_line_on_stderr_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    note("word " * 100)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_markup_in_data_is_no_instruction(capsys: pytest.CaptureFixture[str]) -> None:
    note("[bold]x[/bold] :smile:")
    table([Column("id")], [("[red]a[/red]",)])
    out, err = capsys.readouterr()
    assert "[bold]x[/bold] :smile:" in err
    assert "[red]a[/red]" in out


def test_a_table_fits_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    wide = "wide words " * 30
    table([Column("a", 90), Column("b", 90), Column("n", 8, "right")], [(wide, wide, 1.5)])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_prose_is_broken_at_spaces_only(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/".join(["folder"] * 30)
    prose(f"words and words before the path {path} and after", bullet="- ")
    lines = capsys.readouterr().out.splitlines()
    assert any(path in line for line in lines)
    assert lines[0].startswith("- ")
    assert all(line.startswith("  ") for line in lines[1:])


def test_a_heading_is_underlined_to_its_length(capsys: pytest.CaptureFixture[str]) -> None:
    heading("Data")
    assert capsys.readouterr().out == "\nData\n----\n"


def test_the_program_is_called_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("bin", "my env"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "recsys").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "bin" / "recsys")])
    assert program() == "recsys"
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "my env" / "recsys")])
    assert program() == f"'{tmp_path / 'my env' / 'recsys'}'"
    monkeypatch.setattr(sys, "argv", ["-c"])
    assert program() == "recsys"
