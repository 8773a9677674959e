r"""Feature-aware iALS: implicit ALS in which tags are the prior of item vectors.

.. math::

    L = \sum_{(u,i) \in S} c_{ui} (w_u^T h_i - 1)^2 + \alpha_0 \sum_{u,i} (w_u^T h_i)^2
      + \sum_u \lambda_u |w_u|^2 + \sum_i \lambda_i |h_i - B^T t_i|^2 + \lambda_B |B|^2

    \lambda_u = \lambda (n_u + \alpha_0 |I|)^\nu, \quad \lambda_i = \lambda (n_i + \alpha_0 |U|)^\nu

with the frequency-scaled regularisation of [iALS2022]_ on [HuKorenVolinsky2008]_. *B* maps tags to
vectors [Gantner2010]_; with no tags this is iALS. An item without events solves the same system:

.. math:: h_i = \left(\alpha_0 W^T W + \sum_u c_{ui} w_u w_u^T + \lambda_i I\right)^{-1}
                \left(\sum_u c_{ui} w_u + \lambda_i B^T t_i\right)

so warm and cold items share one scale. Each side is solved by a few steps of conjugate gradients
[Takacs2011]_ on tiles of rows: the common matrix is one BLAS-3 product per step and tile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse as sp
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from recsys.core.arrays import Csr, FloatArray, FloatMatrix, RowArray, freeze
from recsys.core.contribution import Contribution, Source
from recsys.core.progress import Progress, silent
from recsys.core.rng import named_rng
from recsys.core.threads import for_tiles, n_cores
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.algebra.ridge import ridge_map
from recsys.models.blocks.block_config import Rule, Tags, Times
from recsys.models.blocks.data_size import FLOAT, PAIR, DataSize, Footprint
from recsys.models.blocks.explanation import check_one, linear_parts
from recsys.models.blocks.factors.epochs import EpochConfig, Epochs, hidden_pairs
from recsys.models.blocks.factors.fold_in import (
    gram_bytes,
    gram_matrix,
    person_system,
    solve_people,
)
from recsys.models.blocks.history_weights import history_matrix, scale, training_matrix
from recsys.models.blocks.learned import LearnedBlock

_TILE = 1024


class FeatureALSConfig(EpochConfig):
    """Settings of :class:`FeatureALSBlock`."""

    n_factors: PositiveInt = 128
    """Length of the vectors."""
    regularization: PositiveFloat = 0.001
    """λ, before it is scaled by frequency."""
    unobserved_weight: PositiveFloat = 0.1
    """α0: how much a pair that never happened counts beside one that did."""
    frequency_exponent: NonNegativeFloat = 1.0
    """ν: 0 is one λ for all, 1 scales it with the number of events."""
    n_epochs: PositiveInt = 16
    """Sweeps over both sides, at most."""
    n_steps: PositiveInt = 3
    """Conjugate gradient steps per row and sweep, from the last sweep's vector."""
    use_features: bool = True
    """Whether tags take part."""
    feature_regularization: PositiveFloat = 1.0
    """λ_B over the mean λ_i."""
    declared_weight: NonNegativeFloat = 1.0
    """What declared tags count beside the history; a tag acts as an item of its mean vector."""
    init_scale: PositiveFloat = 0.1
    """Standard deviation of a random start vector's length."""
    seed: NonNegativeInt = 0
    """Fixes the random start."""

    def footprint(self, size: DataSize) -> Footprint:
        """Return the bytes of both sides, and of the tiles in work."""
        width, n_tags = self.n_factors, size.n_tags if self.use_features else 0
        both = FLOAT * width * (size.n_users + size.n_items)
        kept = FLOAT * width * (size.n_items + n_tags) + 16 * width**2
        tiles = n_cores() * 8 * FLOAT * _TILE * width
        tags = FLOAT * width * (8 * n_tags + (3 * size.n_items if n_tags else 0))
        work = both + gram_bytes(width, max(size.n_users, size.n_items))
        return Footprint(kept + work + 6 * PAIR * size.n_pairs + tiles + tags, kept, width)

    def search_rules(self) -> Mapping[str, Rule]:
        """Return the settings that a search may change."""
        return {
            "n_factors": Times(2.0, fits_data=True),
            "unobserved_weight": Times(10.0),
            "regularization": Times(10.0),
            "feature_regularization": Tags(Times(10.0)),
        }


class FeatureALSBlock(LearnedBlock):
    """Implicit ALS with tags, cold items and exact fold-in.

    Parameters
    ----------
    config : FeatureALSConfig, optional
    name : str
        Unique among the blocks of a hybrid.

    Notes
    -----
    Time per sweep: ``n_steps * (4 * nnz * d + 2 * (n_users + n_items) * d**2)`` operations. The
    numbers do not depend on the number of threads.
    """

    def __init__(
        self, config: FeatureALSConfig | None = None, *, name: str = "feature_als"
    ) -> None:
        self.config = FeatureALSConfig() if config is None else config
        super().__init__(name)

    def fit(self, training: TrainingSet, *, progress: Progress = silent) -> None:
        """Alternate between the two sides."""
        config = self.config
        by_user, check = training_matrix(training, config), None
        if config.validation_pairs:
            by_user, check = hidden_pairs(by_user, config, seed=config.seed)
        by_item = by_user.T.tocsr()
        features = training.item_features
        if not config.use_features:
            features = features[:, :0]
        people = self._random(training.n_users, "users")
        items = self._random(training.n_items, "items")
        user_ridge = self._ridges(by_user, training.n_items)
        item_ridge = self._ridges(by_item, training.n_users)
        strength = config.feature_regularization * float(item_ridge.mean())
        tag_map = np.zeros((features.shape[1], config.n_factors), dtype=np.float32)
        epochs = Epochs(self.name, config.n_epochs, config=config, progress=progress)
        enough = False
        while not enough:
            self._sweep(by_user, people, fixed=items, ridge=user_ridge, prior=None)
            prior = features @ tag_map if features.shape[1] else None
            loss = self._sweep(by_item, items, fixed=people, ridge=item_ridge, prior=prior)
            loss += float(user_ridge @ np.einsum("ij,ij->i", people, people))
            loss += strength * float(np.sum(tag_map**2))
            tag_map = ridge_map(
                features,
                items,
                regularization=strength,
                weights=item_ridge,
                start=tag_map,
                n_steps=4,
            )
            if check is None:
                enough = epochs.enough("loss", loss / max(by_user.nnz, 1), falls=True)
            else:
                enough = epochs.enough("hidden pairs", check.auc(people, items))
        self.set_arrays(
            item_factors=items,
            item_gram=gram_matrix(items, scale=config.unobserved_weight),
            user_gram=gram_matrix(people, scale=config.unobserved_weight),
            tag_map=tag_map,
            n_users=np.array(training.n_users, dtype=np.int64),
            n_items=np.array(training.n_items, dtype=np.int64),
        )

    @property
    def item_factors(self) -> FloatMatrix:
        """(n_items, n_factors) float32."""
        return self.array("item_factors")

    def user_factors(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_factors) float32: the exact solution for each history."""
        sources, weights = self._sources(queries)
        return solve_people(
            sources,
            weights,
            gram=self.array("item_gram"),
            ridge=self._query_ridge(queries),
            targets=np.asarray(weights @ sources, dtype=np.float32),
        )

    def cold_item_factors(self, item_features: Csr) -> FloatMatrix:
        """Return (n_new, n_factors) float32: the items' own system, with no events."""
        config = self.config
        width = config.n_factors
        ridge = config.regularization * (
            config.unobserved_weight * float(self.array("n_users"))
        ) ** (config.frequency_exponent)
        if not self.array("tag_map").shape[0]:
            return np.zeros((item_features.shape[0], width), dtype=np.float32)
        system = self.array("user_gram") + ridge * np.eye(width)
        shrink = ridge * np.linalg.inv(system)
        prior = item_features @ self.array("tag_map")
        return np.ascontiguousarray(prior @ shrink, dtype=np.float32)

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the parts of the history's items, then of the declared tags."""
        check_one(query)
        sources, weights = self._sources(query)
        ridge = float(self._query_ridge(query)[0])
        system = person_system(sources, weights, 0, gram=self.array("item_gram"), ridge=ridge)
        targets = np.linalg.solve(system, self.item_factors[item_rows].T.astype(np.float64)).T
        n_items = len(self.item_factors)
        parts = []
        for source, start, stop in (
            (Source.ITEM, 0, n_items),
            (Source.TAG, n_items, len(sources)),
        ):
            own = weights[:, start:stop]
            if source is Source.ITEM or own.nnz:
                parts.append(
                    linear_parts(
                        self.name,
                        own,
                        source=source,
                        sources=sources[start:stop],
                        targets=targets,
                    )
                )
        return parts

    def _sources(self, queries: Queries) -> tuple[FloatMatrix, Csr]:
        """Return the vectors of items (then tags), and what each weighs in each history."""
        history = history_matrix(queries, self.config)
        tag_map = self.array("tag_map")
        if not (self.config.declared_weight and queries.tags.nnz and tag_map.shape[0]):
            return self.item_factors, history
        rows = np.full(queries.n_queries, self.config.declared_weight, dtype=np.float32)
        tags = scale(queries.tags, rows=rows)
        return np.vstack([self.item_factors, tag_map]), sp.hstack([history, tags], format="csr")

    def _query_ridge(self, queries: Queries) -> FloatArray:
        return self._ridges(queries.history, int(self.array("n_items")))

    def _ridges(self, matrix: Csr, n_others: int) -> FloatArray:
        config = self.config
        counts = np.diff(matrix.indptr) + config.unobserved_weight * n_others
        ridges = config.regularization * counts**config.frequency_exponent
        return np.asarray(ridges, dtype=np.float32)

    def _random(self, n_rows: int, side: str) -> FloatMatrix:
        config = self.config
        rng = named_rng(config.seed, "feature_als", side)
        draw = rng.standard_normal((n_rows, config.n_factors), dtype=np.float32)
        draw *= np.float32(config.init_scale / np.sqrt(config.n_factors))
        return draw

    def _sweep(
        self,
        matrix: Csr,
        factors: FloatMatrix,
        *,
        fixed: FloatMatrix,
        ridge: FloatArray,
        prior: FloatMatrix | None,
    ) -> float:
        """Improve ``factors`` in place; return what they leave of the loss, see :class:`_Rows`."""
        losses = np.zeros(-(-len(factors) // _TILE))
        gram = gram_matrix(fixed, scale=self.config.unobserved_weight).astype(np.float32)

        def work(start: int, stop: int) -> None:
            pulled, pull = 0.0, None
            if prior is not None:
                pull = ridge[start:stop, None] * prior[start:stop]
                squares = np.einsum("ij,ij->i", prior[start:stop], prior[start:stop])
                pulled = float(ridge[start:stop] @ squares)
            rows = _Rows(matrix, start, stop, fixed, gram, ridge[start:stop, None])
            left = rows.solve(factors[start:stop], pull, n_steps=self.config.n_steps)
            losses[start // _TILE] = left + pulled

        for_tiles(work, len(factors), tile=_TILE)
        return float(losses.sum() + matrix.data.sum(dtype=np.float64))


class _Rows:
    """The systems of a tile of rows, applied to all of them at once."""

    def __init__(
        self,
        matrix: Csr,
        start: int,
        stop: int,
        fixed: FloatMatrix,
        gram: FloatMatrix,
        ridge: FloatMatrix,
    ) -> None:
        # Read-only views of fixed types: one compilation for all.
        self.indptr = freeze(matrix.indptr[start : stop + 1].astype(np.int64))
        self.indices = freeze(matrix.indices.view())
        self.weights = freeze(matrix.data.view())
        self.fixed, self.gram, self.ridge = fixed, gram, ridge

    def apply(self, directions: FloatMatrix) -> FloatMatrix:
        """Return A_u p_u of each row."""
        from recsys.models.blocks.algebra._compiled import add_gram_products

        out = self._apply_all(directions)
        add_gram_products(self.indptr, self.indices, self.weights, self.fixed, directions, out)
        return out

    def solve(self, answer: FloatMatrix, pull: FloatMatrix | None, *, n_steps: int) -> float:
        r"""Improve ``answer`` in place by ``n_steps`` of conjugate gradients.

        Parameters
        ----------
        answer : (n_rows, n_factors) float32
        pull : (n_rows, n_factors) float32 or None
            What the right side has beside the weighted vectors; None: nothing.
        n_steps : int

        Returns
        -------
        float
            :math:`\sum h^T A h - 2 h^T b`, the loss but for what does not depend on h. Each step
            lowers it by :math:`\alpha \lVert r \rVert^2`, so that *b* is never needed alone.
        """
        from recsys.models.blocks.algebra._compiled import add_residuals

        image = self._apply_all(answer)
        residual: FloatMatrix = np.negative(image)
        if pull is not None:
            residual += pull
        squares: float = add_residuals(
            self.indptr, self.indices, self.weights, self.fixed, answer, residual
        )
        value = -squares - _total(answer, image) - 2 * _total(answer, residual)
        direction = residual.copy()
        power = _dots(residual, residual)
        for _ in range(n_steps):
            image = self.apply(direction)
            step = power / np.maximum(_dots(direction, image), 1e-20)
            answer += step * direction
            residual -= step * image
            value -= float(np.vdot(step, power))
            before, power = power, _dots(residual, residual)
            onward = (power / np.maximum(before, 1e-20)).astype(np.float32)
            direction = residual + onward * direction
        return value

    def _apply_all(self, directions: FloatMatrix) -> FloatMatrix:
        """Return what all pairs and the ridge have in A_u p_u: the same Gram matrix for each."""
        out = directions @ self.gram
        out += self.ridge * directions
        return out


def _total(a: FloatMatrix, b: FloatMatrix) -> float:
    return float(np.einsum("ij,ij->", a, b, dtype=np.float64))


def _dots(a: FloatMatrix, b: FloatMatrix) -> FloatMatrix:
    return np.asarray(np.einsum("ij,ij->i", a, b)[:, None], dtype=np.float32)
