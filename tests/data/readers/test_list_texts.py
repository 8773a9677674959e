"""Lists in one text."""

from typing import Any

import pytest

from recsys.core.errors import DataError
from recsys.data.readers.list_texts import entry_name, marked_list


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ('["a", 1, null]', ["a", 1, None]),
        ("['it\\'s', \"b\"]", ["it's", "b"]),
        ("['a b' 'c']", ["a b", "c"]),
        ('{"a, b",c}', ["a, b", "c"]),
        ("{}", [{}]),
        ("{'a', 'b'}", ["a", "b"]),
        ('{"name": "a"}', [{"name": "a"}]),
        ("<c++><c#>", ["c++", "c#"]),
        ("[a, b c]", ["a", "b c"]),
    ],
)
def test_each_form_is_read(text: str, entries: list[Any]) -> None:
    assert marked_list(text, name="tags") == entries


@pytest.mark.parametrize("text", ['["a", b"]', "[{'a': 1]", "[['a']"])
def test_a_broken_list_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"tags must hold lists; .* cannot be read"):
        marked_list(text, name="tags")


def test_an_object_gives_its_name_and_nothing_else_is_guessed() -> None:
    assert entry_name({"id": 1, "name": "a"}, name="tags") == "a"
    for entry in ({"label": "a"}, {"name": 3}, ["a"]):
        with pytest.raises(DataError, match="must be lists of text"):
            entry_name(entry, name="tags")
