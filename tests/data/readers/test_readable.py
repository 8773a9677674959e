"""Tables that are read from one file or one dataframe."""

from pathlib import Path
from typing import ClassVar

import pytest

from recsys.core.errors import DataError
from recsys.data.readers.readable import ReadableTable
from recsys.data.readers.source import OnBadRow, SourceTable


class Names(ReadableTable):
    """A table that keeps what it is given."""

    contract: ClassVar[tuple[str, ...]] = ("name",)
    frame_name: ClassVar[str] = "the frame of names"

    def __init__(self, source: SourceTable) -> None:
        self.source = source

    @classmethod
    def _of(cls, source: SourceTable, on_bad_row: OnBadRow) -> "Names":
        source.require(*cls.contract)
        return cls(source)


def test_a_file_and_a_frame_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("called\nana\n")
    read = Names.read(tmp_path / "names.csv", columns={"name": "called"})
    framed = Names.from_frame({"called": ["ana"]}, columns={"name": "called"})
    assert read.source.column("name").to_pylist() == ["ana"]
    assert framed.source.column("name").to_pylist() == ["ana"]


def test_a_message_names_the_frame() -> None:
    with pytest.raises(DataError, match="the frame of names must have a column 'name'"):
        Names.from_frame({"other": [1]})
