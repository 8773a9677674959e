"""What new items are met with, told from their tags."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import Ridge

from recsys.models.blocks.popularity.forecast import fit_forecast


def tagged(n_items: int = 60, n_tags: int = 4, seed: int = 0) -> sp.csr_matrix:
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.2, 1, size=(n_items, n_tags))
    return sp.csr_matrix(weights * (rng.random((n_items, n_tags)) < 0.5), dtype=np.float32)


def test_the_line_is_the_ridge_regression_of_scikit_learn() -> None:
    features = tagged()
    weekly = np.random.default_rng(1).gamma(2.0, 3.0, size=60)
    new = np.arange(60) % 3 > 0
    found = fit_forecast(features, weekly, new, regularization=2.5)
    assert found is not None
    known = (features.toarray() > 0).astype(float)
    line = Ridge(alpha=2.5).fit(known[new], np.log1p(weekly[new])).predict(known)
    np.testing.assert_allclose(found.weekly(features), np.expm1(np.maximum(line, 0)), rtol=1e-5)


def test_the_tag_of_hits_promises_more() -> None:
    features = sp.csr_matrix(np.eye(2, dtype=np.float32)[np.arange(60) % 2])
    weekly = np.where(np.arange(60) % 2, 20.0, 1.0)
    found = fit_forecast(features, weekly, np.ones(60, bool), regularization=1.0)
    assert found is not None
    low, high = found.weekly(sp.csr_matrix(np.eye(2, dtype=np.float32)))
    assert high > 5 * low > 0


def test_without_tags_it_is_the_mean_of_the_logarithms() -> None:
    features = sp.csr_matrix((60, 0), dtype=np.float32)
    found = fit_forecast(features, np.full(60, 3.0), np.ones(60, bool), regularization=1.0)
    assert found is not None
    np.testing.assert_allclose(found.weekly(features), 3.0)


def test_few_new_items_forecast_nothing() -> None:
    new = np.arange(60) < 19
    assert fit_forecast(tagged(), np.ones(60), new, regularization=1.0) is None
    assert fit_forecast(tagged(), np.ones(60), new, regularization=1.0, min_items=19) is not None


@pytest.mark.parametrize("seed", range(3))
def test_no_forecast_is_negative(seed: int) -> None:
    weekly = np.random.default_rng(seed).gamma(0.1, 5.0, size=60)
    features = tagged(seed=seed)
    found = fit_forecast(features, weekly, np.ones(60, bool), regularization=0.01)
    assert found is not None
    assert (found.weekly(features) >= 0).all()
