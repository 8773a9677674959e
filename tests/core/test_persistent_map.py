"""A mapping in two layers, against plain dicts."""

from hypothesis import given
from hypothesis import strategies as st

from recsys.core.persistent_map import FEW, Layered

entries = st.dictionaries(st.integers(0, 20), st.integers(), max_size=5)


@given(st.lists(entries, max_size=6))
def test_it_is_what_a_dict_of_all_that_was_added_is(parts: list[dict[int, int]]) -> None:
    expected: dict[int, int] = {}
    grown: Layered[int, int] = Layered()
    for part in parts:
        before = dict(grown)
        later = grown.plus(part)
        assert dict(grown) == before
        grown, expected = later, {**expected, **part}
    assert dict(grown) == expected
    assert len(grown) == len(expected)
    assert dict(grown.items()) == expected
    assert all(key in grown and grown.get(key) == value for key, value in expected.items())
    assert 99 not in grown
    assert grown.get(99) is None


def test_many_entries_are_put_together() -> None:
    grown: Layered[int, int] = Layered()
    for one in range(3 * FEW):
        grown = grown.plus({one % (2 * FEW): one})
    assert len(grown) == 2 * FEW
    assert grown[0] == 2 * FEW
    assert sorted(grown) == list(range(2 * FEW))
    assert grown.plus({}) is grown
