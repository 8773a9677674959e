"""How a record of input is checked.

A record is (what is given, "read" | "warned" | "refused", what comes, how to run it). For "read",
what comes is the repr of the result, and nothing may be warned of; else a part of the message.
``docs/render.py`` makes the table of docs/reference/inputs.md of the same records.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recsys.core.errors import RecsysError

Check = Callable[[str, str, Callable[[Path], Any]], None]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    monkeypatch.chdir(tmp_path)

    def checked(outcome: str, comes: str, run: Callable[[Path], Any]) -> None:
        if outcome == "refused":
            with pytest.raises(RecsysError) as caught:
                run(tmp_path)
            assert comes in str(caught.value)
        elif outcome == "warned":
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                run(tmp_path)
            assert comes in " ".join(str(one.message) for one in told)
        else:
            assert outcome == "read"
            assert repr(run(tmp_path)) == comes

    return checked
