"""Progress: the default listener takes every report and does nothing."""

import pytest

from recsys.core.progress import Progress, silent


def test_the_silent_listener_fits_the_type_and_prints_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listener: Progress = silent
    listener("fit", 1, 0)
    assert capsys.readouterr() == ("", "")
