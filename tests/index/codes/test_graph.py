"""The order in which codes and links lie."""

import numpy as np
import pytest

from recsys.core.errors import ArtifactError
from recsys.index.codes.code import ItemCodes
from recsys.index.codes.graph import MAX_ENTRY_POINTS, CodeGraph, add_in_links
from recsys.index.hnsw.links import one_level_links
from recsys.testing.contracts import grouped_vectors


def graph(n: int = 300) -> tuple[ItemCodes, ItemCodes, CodeGraph]:
    vectors = grouped_vectors(n, seed=1)
    code = ItemCodes.fit(vectors, vectors, n_dims=8)
    return code, *CodeGraph.build(code, m=8, ef_construction=20, seed=0)


def test_codes_stand_by_length_and_know_their_rows() -> None:
    code, placed, built = graph()
    norms = np.linalg.norm(placed.of_items(), axis=1)
    assert (np.diff(norms) >= -1e-4).all()
    assert (placed.items == code.items[built.rows]).all()
    assert (built.rows[built.places] == np.arange(300)).all()


def test_links_lead_to_like_codes() -> None:
    _, placed, built = graph()
    codes = placed.of_items()
    products = codes @ codes.T
    linked = [products[at][line[line >= 0]].mean() for at, line in enumerate(built.links)]
    assert np.mean(linked) > 2 * products.mean()


def test_hubs_are_places_and_not_too_many() -> None:
    _, _, built = graph(30)
    assert len(built.entry_points) == 6
    assert 0 <= built.entry_points.min() <= built.entry_points.max() < 30
    assert MAX_ENTRY_POINTS < 1000


def test_the_same_codes_give_the_same_graph() -> None:
    one, other = graph()[2], graph()[2]
    for a, b in zip(one.arrays, other.arrays, strict=True):
        assert a.tolist() == b.tolist()


def test_a_graph_without_an_order_is_one_by_rows() -> None:
    _, _, built = graph()
    old = {name: built.to_arrays()[name] for name in ("links", "hubs")}
    assert not len(CodeGraph.from_arrays(old, n_items=300).rows)


@pytest.mark.parametrize("name", ["links", "rows", "places"])
def test_arrays_of_another_length_are_refused(name: str) -> None:
    arrays = graph()[2].to_arrays()
    with pytest.raises(ArtifactError, match="damaged"):
        CodeGraph.from_arrays({**arrays, name: arrays[name][:-1]}, n_items=300)


def test_a_large_norm_among_many_alike_has_in_links() -> None:
    # a catalog with hardly any interactions: all but alike, and a few of large norm
    rng = np.random.default_rng(0)
    vectors = np.repeat(rng.normal(size=(12, 8)), 150, axis=0).astype(np.float32)
    few = rng.permutation(len(vectors))[:30]
    vectors[few] = 3 * rng.normal(size=(30, 8)) + 4 * np.eye(8)[0]
    links = one_level_links(vectors, m=8, ef_construction=40, deterministic=True)
    before = np.bincount(links[links >= 0], minlength=len(links))
    add_in_links(links, vectors)
    after = np.bincount(links[links >= 0], minlength=len(links))
    assert (before[few] < 3).any()
    assert (after >= before).all()
    assert (after[few] >= 2).all()
