"""Short codes keep the inner products that matter."""

import numpy as np
import pytest

from recsys.core.errors import ArtifactError, DataError
from recsys.index.codes.code import ItemCodes
from recsys.testing.contracts import grouped_vectors


def flat_world(n: int, *, seed: int) -> np.ndarray:
    basis = np.random.default_rng(0).normal(size=(4, 24))
    return (np.random.default_rng(seed).normal(size=(n, 4)) @ basis).astype(np.float32)


def test_scores_of_few_dimensions_survive_in_as_few_numbers() -> None:
    items, people = flat_world(300, seed=1), flat_world(100, seed=2)
    code = ItemCodes.fit(items, people, n_dims=4)
    near = code.of_queries(people) @ code.items.T
    for one, other in zip(near, people @ items.T, strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.99


def test_what_no_query_looks_at_is_left_out() -> None:
    rng = np.random.default_rng(0)
    items = rng.normal(size=(500, 10)).astype(np.float32)
    items[:, 5:] *= 100  # loud, and nobody asks for it
    people = rng.normal(size=(200, 10)).astype(np.float32)
    people[:, 5:] *= 1e-6
    code = ItemCodes.fit(items, people, n_dims=5)
    near, exact = code.of_queries(people) @ code.items.T, people @ items.T
    hits = [
        len(set(np.argsort(-a)[:10]) & set(np.argsort(-b)[:20]))
        for a, b in zip(exact, near, strict=True)
    ]
    assert np.mean(hits) > 9.5


def test_a_batch_of_codes_equals_one_by_one() -> None:
    items, people = grouped_vectors(50, seed=1), grouped_vectors(9, seed=2)
    code = ItemCodes.fit(items, people, n_dims=6)
    together = code.of_queries(people)
    for at in range(9):
        assert code.of_queries(people[at : at + 1])[0].tolist() == together[at].tolist()


@pytest.mark.parametrize("unit", [1e-25, 1.0, 1e25])
def test_units_do_not_matter(unit: float) -> None:
    items, people = grouped_vectors(60, seed=1), grouped_vectors(30, seed=2)
    code = ItemCodes.fit((items * unit).astype(np.float32), people, n_dims=8)
    plain = ItemCodes.fit(items, people, n_dims=8)
    same = np.argsort(-(code.of_queries(people) @ code.items.T), axis=1)[:, :5]
    best = np.argsort(-(plain.of_queries(people) @ plain.items.T), axis=1)[:, :5]
    assert (np.sort(same) == np.sort(best)).mean() > 0.9


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e4])
def test_scores_of_codes_are_as_large_as_those_of_vectors(unit: float) -> None:
    vectors, queries = grouped_vectors(500, seed=1) * unit, grouped_vectors(80, seed=2)
    code = ItemCodes.fit(vectors, queries, n_dims=16)
    found = code.of_queries(queries) @ code.items.T.astype(np.float32)
    scores = queries @ vectors.T
    assert np.abs(found - scores).max() < 0.05 * np.abs(scores).max()


def test_zeros_are_coded_as_zeros() -> None:
    code = ItemCodes.fit(np.zeros((5, 3), np.float32), np.zeros((2, 3), np.float32), n_dims=2)
    assert not code.items.any()
    assert np.isfinite(code.query_map).all()


def test_no_query_is_refused() -> None:
    with pytest.raises(DataError, match="queries must hold at least one"):
        ItemCodes.fit(np.ones((5, 3), np.float32), np.zeros((0, 3), np.float32), n_dims=2)


@pytest.mark.parametrize("wrong", ["kind", "shape", "zero", "nan"])
def test_steps_that_cannot_be_are_refused(wrong: str) -> None:
    items, people = grouped_vectors(50, seed=1), grouped_vectors(9, seed=2)
    arrays = ItemCodes.fit(items, people, n_dims=6).to_arrays()
    steps = arrays["steps"]
    arrays["steps"] = {
        "kind": steps.astype(np.float64),
        "shape": steps[:, None],
        "zero": steps * 0,
        "nan": steps * np.float32(np.nan),
    }[wrong]
    with pytest.raises(ArtifactError, match="damaged"):
        ItemCodes.from_arrays(arrays)


def test_arrays_of_another_width_are_refused() -> None:
    arrays = ItemCodes.fit(
        np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32), n_dims=3
    ).to_arrays()
    with pytest.raises(ArtifactError, match="damaged"):
        ItemCodes.from_arrays({**arrays, "codes": arrays["codes"][:, :2]})
