import json
import math
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.cli.output import (
    STDOUT,
    answer,
    as_plain,
    check_json_file,
    check_model_folder,
    write_json,
)
from recsys.core.errors import DataError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=10,
)  # fmt: skip


def shown_never() -> None:
    pytest.fail("people were shown something although stdout belongs to the record")


@given(JSON)
def test_plain_values_stay_as_they_are(value: object) -> None:
    assert json.loads(json.dumps(as_plain(value))) == json.loads(json.dumps(value))


def test_what_json_does_not_know_becomes_plain() -> None:
    given_values = {
        1: np.float32(0.5), "b": np.array([1, 2]), "c": math.inf, "d": UUID(int=1), "e": math.nan,
        "f": np.datetime64("2018-03-12", "us"), "g": Path("x"),
    }  # fmt: skip
    out = as_plain(given_values)
    assert out["1"] == 0.5
    assert out["b"] == [1, 2]
    assert out["c"] is None
    assert out["e"] is None
    assert out["d"] == str(UUID(int=1))
    assert out["g"] == "x"
    json.dumps(out, allow_nan=False)


def test_a_record_on_stdout_is_alone_there(capsys: pytest.CaptureFixture[str]) -> None:
    answer({"name": "é"}, json_file=STDOUT, show=shown_never)
    assert json.loads(capsys.readouterr().out) == {"name": "é"}


def test_a_record_in_a_file_comes_beside_what_people_see(tmp_path: Path) -> None:
    seen: list[bool] = []
    answer([1], json_file=tmp_path / "a.json", show=lambda: seen.append(True))
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == [1]
    assert seen == [True]


def test_a_file_that_could_not_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_json("\udcff", path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_place_for_a_record(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--json must name a file"):
        check_json_file(tmp_path)


@pytest.mark.parametrize("path", [None, STDOUT, Path("new.json")])
def test_other_places_for_a_record_are_fine(path: Path | None) -> None:
    check_json_file(path)


def test_a_model_is_not_saved_over_other_files(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match="holds other files"):
        check_model_folder(tmp_path)
    with pytest.raises(DataError, match="is a file"):
        check_model_folder(tmp_path / "precious.txt")


def test_a_model_is_saved_in_a_new_an_empty_or_its_own_folder(tmp_path: Path) -> None:
    check_model_folder(tmp_path / "new")
    check_model_folder(tmp_path)
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    check_model_folder(tmp_path)
