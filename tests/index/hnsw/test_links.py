import numpy as np
import pytest

from recsys.index.hnsw.links import Links, faiss_module, linked, merged
from recsys.testing.contracts import grouped_vectors


def links(levels: list[int], rows: list[list[int]]) -> Links:
    return Links(np.array(levels, dtype=np.int32), np.array(rows, dtype=np.int32), 0)


def test_the_links_of_both_graphs_are_there_once_each() -> None:
    # two items; the second also stands on the level above
    one = links([1, 2], [[1, -1], [-1, -1], [0, 5], [6, 7], [3, -1]])
    other = links([1, 2], [[1, 2], [3, -1], [0, 7], [8, -1], [3, 4]])
    lines = merged(one, other)
    assert lines.tolist() == [
        [3, 2, 1, -1],
        [-1, -1, -1, -1],
        [8, 7, 6, 5],
        [0, -1, -1, -1],
        [4, 3, -1, -1],
    ]


@pytest.mark.parametrize("n_items", [1, 2, 700])
def test_every_item_can_be_reached(n_items: int) -> None:
    faiss = faiss_module()
    vectors = grouped_vectors(n_items, seed=1)
    graph = faiss.IndexHNSWFlat(16, 8, faiss.METRIC_INNER_PRODUCT)
    linked(graph.hnsw, vectors, 8, ef_construction=40, deterministic=True)
    offsets = faiss.vector_to_array(graph.hnsw.offsets)
    neighbors = faiss.vector_to_array(graph.hnsw.neighbors)
    lowest = [set(neighbors[start : start + 16].tolist()) - {-1} for start in offsets[:-1]]
    reached, waiting = {graph.hnsw.entry_point}, [graph.hnsw.entry_point]
    while waiting:
        new = lowest[waiting.pop()] - reached
        reached |= new
        waiting += new
    assert len(reached) == n_items
