"""The implicit package behind our protocol."""

from collections.abc import Callable

import numpy as np

from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.factors.implicit import ALSBlock, ALSConfig, BPRBlock, BPRConfig


def test_folding_in_is_what_implicit_itself_computes(
    training: TrainingSet, new_queries: Callable[..., Queries]
) -> None:
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    block = ALSBlock(ALSConfig(n_factors=4, weighting="confidence", alpha=3))
    block.fit(training)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=4, regularization=0.05, alpha=3.0)
        model.item_factors = block.item_factors.copy()
        expected = model.recalculate_user(np.arange(5), training.interactions[:5].copy())
    got = block.user_factors(new_queries(training.interactions[:5]))
    np.testing.assert_allclose(got, expected, rtol=1e-2, atol=1e-3)


def test_bpr_people_are_near_those_that_were_trained(
    training: TrainingSet, new_queries: Callable[..., Queries]
) -> None:
    block = BPRBlock(BPRConfig(n_factors=6, n_epochs=50))
    block.fit(training)
    scores = block.user_factors(new_queries(training.interactions)) @ block.item_factors.T
    for user in range(9):
        assert set(np.argsort(-scores[user])[:5] % 3) == {user % 3}
