"""Links among codes."""

import numpy as np

from recsys.index.codes.links import flat_links, with_ways_in


def test_a_long_vector_among_many_alike_has_ways_in() -> None:
    # a catalogue that hardly anybody touched: all but alike, and a few long vectors
    rng = np.random.default_rng(0)
    vectors = np.repeat(rng.normal(size=(12, 8)), 150, axis=0).astype(np.float32)
    few = rng.permutation(len(vectors))[:30]
    vectors[few] = 3 * rng.normal(size=(30, 8)) + 4 * np.eye(8)[0]
    links = flat_links(vectors, m=8, ef_construction=40, deterministic=True)
    before = np.bincount(links[links >= 0], minlength=len(links))
    with_ways_in(links, vectors)
    after = np.bincount(links[links >= 0], minlength=len(links))
    assert (before[few] < 3).any()
    assert (after >= before).all()
    assert (after[few] >= 2).all()
