"""Spectral block against dense algebra."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import FloatMatrix
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.factors.spectral import (
    SpectralBlock,
    SpectralConfig,
    spectral_filter,
    tag_map,
)

VALUES = np.array([2.0, 1.0, 0.5], np.float32)


def scores_of(block: SpectralBlock, queries: Queries) -> FloatMatrix:
    return block.user_factors(queries) @ block.item_factors.T


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"filter": "flat"}, [1, 1, 1]),
        ({"filter": "ridge", "ridge": 0.5}, [1 / 1.5, 0.5, 0.25 / 0.75]),
        (
            {"filter": "gfcf", "low_pass_weight": 0.3, "low_pass_factors": 2},
            [1.3, 0.8, 0.25],
        ),
        (
            {"filter": "band_pass", "band_shift": 0.1, "band_time": 2},
            [1.1 * np.exp(-2), 0.6 * np.exp(-1), 0.35 * np.exp(-0.5)],
        ),
    ],
)
def test_filters_are_their_formulas(settings: dict[str, object], expected: list[float]) -> None:
    got = spectral_filter(VALUES, SpectralConfig(**settings))
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_directions_of_the_null_space_weigh_nothing() -> None:
    got = spectral_filter(np.array([1.0, 0.0], np.float32), SpectralConfig(filter="flat"))
    assert got.tolist() == [1, 0]


def test_full_rank_linear_filter_is_one_step_on_the_graph(
    training: TrainingSet, new_queries: Callable[..., Queries]
) -> None:
    # f = λ at full rank: h D^-c M'M D^c with M = D_U^-½ X D_I^-½.
    config = SpectralConfig(
        n_factors=30,
        filter="gfcf",
        low_pass_weight=0,
        tag_weight=0,
        output_exponent=0.3,
        user_exponent=0.5,
    )
    block = SpectralBlock(config)
    block.fit(training)
    taken = (training.interactions.toarray() > 0).astype(float)
    degree, size = taken.sum(axis=0), taken.sum(axis=1)
    normal = size[:, None] ** -0.5 * taken * degree**-0.5
    kernel = degree[:, None] ** -0.3 * (normal.T @ normal) * degree**0.3
    first = np.linalg.eigvalsh(normal.T @ normal)[-1]
    expected = size[:, None] ** -0.5 * (taken @ kernel) / first
    got = scores_of(block, new_queries(training.interactions))
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_the_checkerboard_is_completed(
    checkerboard: TrainingSet, new_queries: Callable[..., Queries]
) -> None:
    block = SpectralBlock(SpectralConfig(n_factors=2, filter="flat"))
    block.fit(checkerboard)
    scores = scores_of(block, new_queries(checkerboard.interactions))
    scores[checkerboard.interactions.toarray() > 0] = -np.inf
    for user in range(0, 50, 2):  # people of an even row take even items, and one is left
        if user % 10 % 2 == 0:
            assert scores[user].argmax() == user % 10


def test_declared_tags_alone_reach_the_items_of_the_tag(
    training: TrainingSet, strangers: Queries
) -> None:
    block = SpectralBlock(SpectralConfig(n_factors=6))
    block.fit(training)
    best = np.argsort(-scores_of(block, strangers)[2])[:5]
    assert set(best % 3) == {2}


def test_an_item_without_events_gets_its_vector_from_tags(
    training: TrainingSet, new_training: Callable[..., TrainingSet], strangers: Queries
) -> None:
    matrix = training.interactions.toarray()
    matrix[:, 27] = 0
    block = SpectralBlock(SpectralConfig(n_factors=6))
    block.fit(new_training(sp.csr_matrix(matrix), features=training.item_features))
    scores = scores_of(block, strangers)
    assert scores[0, 27] > scores[0, [28, 29]].max()


def test_the_tag_map_finds_vectors_again_where_tags_tell_all() -> None:
    rng = np.random.default_rng(0)
    vectors = np.linalg.qr(rng.standard_normal((20, 3)))[0].astype(np.float32)
    tags = sp.csr_matrix(rng.standard_normal((9, 3)).astype(np.float32) @ vectors.T)
    got = tags.T @ tag_map(tags, vectors, ridge=1e-9)
    np.testing.assert_allclose(got, vectors, atol=1e-3)
