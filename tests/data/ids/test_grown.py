"""A store with ids added, against one made of all of them."""

import pickle

import numpy as np
import pyarrow as pa
import pytest

from recsys.core.errors import DataError
from recsys.data import IdMap
from recsys.data.ids.grown import GrownStore
from recsys.data.ids.stores import IntStore, TextStore


@pytest.mark.parametrize(
    ("base", "more"),
    [
        (TextStore.of(pa.array(["a", "bé"], pa.large_string())), ["c", ""]),
        (IntStore.of(pa.array([7, -1])), [3, 2**40]),
    ],
)
def test_it_answers_like_one_store_of_all_ids(
    base: TextStore | IntStore, more: list[object]
) -> None:
    grown = GrownStore(base, {}).plus(more[:1]).plus(more[1:])
    every = [*base.values().to_pylist(), *more]
    assert len(grown) == len(every)
    assert [grown.row_of(one) for one in every] == list(range(len(every)))
    assert grown.rows_of(pa.array(every, base.values().type)).tolist() == list(range(len(every)))
    assert grown.ids_of(np.array([3, -1, 0], np.int32)) == [every[3], None, every[0]]
    assert grown.values().to_pylist() == every
    assert grown.to_arrays().keys() == base.to_arrays().keys()


def test_a_map_grows_without_changing_the_one_it_came_from() -> None:
    ids = IdMap.of(["a", "b"])
    later = ids.grown(["b", "c", "c"]).grown(["d"])
    assert list(later) == ["a", "b", "c", "d"]
    assert list(ids) == ["a", "b"]
    assert later.rows(["d", "a", "x", 3]).tolist() == [3, 0, -1, -1]
    assert list(pickle.loads(pickle.dumps(later))) == list(later)
    assert ids.grown([]) is ids
    assert ids.grown(["a"]) is ids


def test_a_map_of_nobody_takes_any_sort_and_one_of_texts_no_numbers() -> None:
    assert list(IdMap.of().grown([4, 5, 4])) == [4, 5]
    with pytest.raises(DataError, match="one sort"):
        IdMap.of(["a"]).grown([4], name="user_id")
