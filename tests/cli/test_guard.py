import errno
import warnings

import pytest
import typer

from recsys.cli.guard import guarded, os_error_text, short_usage_errors
from recsys.core.errors import ConfigError, DataError, RecsysWarning


def code_of(error: BaseException) -> int:
    with pytest.raises(typer.Exit) as stop, guarded():
        raise error
    return stop.value.exit_code


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DataError("ids must be\nwhole"), "error: ids must be whole\n"),
        (ConfigError("k must be 1"), "error: k must be 1\n"),
        (PermissionError(errno.EACCES, "Permission denied", "out"),
         "error: Permission denied: out. Check the permissions, or choose another place.\n"),
        (OSError(errno.ENOSPC, "No space left on device"),
         "error: No space left on device. Free some space, then run again.\n"),
        (MemoryError(), "error: there must be enough memory for this; there is not. "
         "Ask for less.\n"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_one_line_and_exit_code_1(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(error) == 1
    assert capsys.readouterr() == ("", line)


def test_notes_of_an_error_stand_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    error = DataError("no.")
    error.add_note("Finished parts are kept.")
    code_of(error)
    assert capsys.readouterr().err == "error: no. Finished parts are kept.\n"


def test_the_keyboard_stops_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "stopped.\n"


def test_a_reader_that_left_is_no_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(BrokenPipeError()) == 141
    assert capsys.readouterr().err == ""


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), guarded():
        _ = 1 / 0


def test_warnings_of_the_library_are_notes_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    with guarded():
        for text in ("few events", "few events", "no tags"):
            warnings.warn(text, RecsysWarning, stacklevel=1)
    assert capsys.readouterr() == ("", "note: few events\nnote: no tags\n")


def test_warnings_of_others_are_left_to_python() -> None:
    with pytest.warns(DeprecationWarning, match="old"), guarded():
        warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_wrong_usage_does_not_repeat_a_million_characters() -> None:
    with pytest.raises(typer.BadParameter) as caught, short_usage_errors():
        raise typer.BadParameter(f"bad {'x' * 10**6} value\nsecond line")
    assert len(str(caught.value)) < 200
    assert "value\nsecond line" in caught.value.message


def test_an_error_without_words_has_its_name() -> None:
    assert os_error_text(TimeoutError()) == "TimeoutError."
