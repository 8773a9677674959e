import numpy as np

from recsys.index.codes._in_links import link_back


def frozen(*numbers: int) -> np.ndarray:
    array = np.array(numbers, dtype=np.int32)
    array.flags.writeable = False
    return array


def test_items_that_nothing_leads_to_get_links_from_where_they_lead() -> None:
    # 0 and 1 know each other, 2 and 3 know them, nobody knows 2 and 3
    links = np.array([[1, -1, -1], [0, -1, -1], [0, 1, -1], [1, -1, -1]], dtype=np.int32)
    ways = np.bincount(links[links >= 0], minlength=4)
    link_back(links, frozen(3, 2, 0, 1), ways, 1)
    assert links.tolist() == [[1, 2, -1], [0, 3, -1], [0, 1, -1], [1, -1, -1]]
    assert ways.tolist() == [2, 3, 1, 1]


def test_who_comes_first_gets_the_room() -> None:
    links = np.array([[1, -1], [0, -1], [0, -1], [0, -1]], dtype=np.int32)
    ways = np.bincount(links[links >= 0], minlength=4)
    link_back(links, frozen(3, 2, 1, 0), ways, 1)
    assert links[0].tolist() == [1, 3]
    assert ways.tolist() == [3, 1, 0, 1]


def test_a_line_never_names_an_item_twice() -> None:
    links = np.array([[1, 2, -1, -1], [0, -1, -1, -1], [0, 1, -1, -1]], dtype=np.int32)
    ways = np.bincount(links[links >= 0], minlength=3)
    link_back(links, frozen(0, 1, 2), ways, 5)
    for line in links:
        known = line[line >= 0].tolist()
        assert len(known) == len(set(known))
    assert (ways == np.bincount(links[links >= 0], minlength=3)).all()
