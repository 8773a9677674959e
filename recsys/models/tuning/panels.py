"""The people a search is measured on: their scores by block, and what a blend gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import BoolArray, Csr, DoubleArray, FloatMatrix, RowArray
from recsys.core.errors import ConfigError
from recsys.core.rng import named_rng
from recsys.index import top_k
from recsys.metrics import RANKING_METRICS, ranking_metrics
from recsys.models.base import Block, Queries, TrainingSet
from recsys.models.blend.examples import Examples, pooled_examples
from recsys.models.blend.validation import ValidationConfig, validation_parts
from recsys.models.blocks.history_weights import known_queries
from recsys.models.hybrid import SCALE_BATCH, block_scores
from recsys.models.spec import BlockSpec

METRIC = re.compile(rf"(?P<name>{'|'.join(RANKING_METRICS)})@(?P<k>[1-9]\d{{0,3}})")


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """The people measured on one validation part.

    Attributes
    ----------
    training : TrainingSet
        The events before the cut.
    queries : Queries
        What is known of each person then.
    seen, relevant : (n_people, n_items) csr
        What each took before the cut, and after it.
    buckets : (n_people,) int32
        Activity bucket of each.
    held : (n_people,) bool
        People that the search never looks at: what was found is checked on them.
    """

    training: TrainingSet
    queries: Queries
    seen: Csr
    relevant: Csr
    buckets: RowArray
    held: BoolArray


def cut_panels(
    training: TrainingSet,
    validation: ValidationConfig,
    *,
    bucket_edges: Sequence[int],
    held_share: float,
    seed: int,
) -> list[Panel]:
    """Return the panels, latest first; empty where there are too few people.

    Parameters
    ----------
    training : TrainingSet
    validation : ValidationConfig
        How the parts are cut.
    bucket_edges : sequence of int
        Of the activity buckets.
    held_share : float
        Share of the people that is held out, in (0, 1): the same people in every part.
    seed : int
        Draws the parts and the people.
    """
    held_out = named_rng(seed, "held out").random(training.n_users) < held_share
    panels = []
    for part in validation_parts(training, validation, seed=seed):
        queries = known_queries(part.training).take(part.user_rows)
        buckets = np.searchsorted(bucket_edges, queries.n_consumed, side="right")
        panels.append(
            Panel(
                training=part.training,
                queries=queries,
                seen=part.training.interactions[part.user_rows],
                relevant=part.relevant,
                buckets=buckets.astype(np.int32),
                held=held_out[part.user_rows],
            )
        )
    return panels


def standard_scores(block: Block, panel: Panel) -> FloatMatrix:
    """Return the (n_people, n_items) float32 scores of a fitted block, of the usual spread 1."""
    n_people = panel.queries.n_queries
    pieces = [
        block_scores(block, panel.queries.chunk(start, start + SCALE_BATCH))
        for start in range(0, n_people, SCALE_BATCH)
    ]
    scores = np.concatenate(pieces).astype(np.float32, copy=False)
    spread = np.concatenate([piece.var(axis=1) for piece in pieces])
    spread = spread[spread > np.finfo(np.float32).tiny]  # as block_scales does
    return scores if not len(spread) else scores / np.float32(np.sqrt(spread.mean()))


def panel_examples(
    panels: Sequence[Panel],
    scores: Mapping[str, Sequence[FloatMatrix]],
    specs: Sequence[BlockSpec],
) -> Examples:
    """Return the examples of the people who are not held out; each panel is a validation part.

    Parameters
    ----------
    panels : sequence of Panel
    scores : mapping of label to one matrix per panel
        From :func:`standard_scores`.
    specs : sequence of BlockSpec
        The blocks, in the order of the weights.
    """
    pieces = []
    for at, panel in enumerate(panels):
        rows = np.flatnonzero(~panel.held)
        for start in range(0, len(rows), SCALE_BATCH):
            some = rows[start : start + SCALE_BATCH]
            found, relevant = pooled_examples(
                [scores[spec.label][at][some] for spec in specs],
                seen=panel.seen[some],
                relevant=panel.relevant[some],
            )
            part = np.full(len(some), at, dtype=np.int32)
            pieces.append((found, relevant, panel.buckets[some], part))
    return Examples.joined(pieces)


def measure_blend(
    panel: Panel, scores: Sequence[FloatMatrix], weights: DoubleArray, *, metric: str
) -> DoubleArray:
    """Return the (n_people,) float64 metric of each person's list under a blend.

    Parameters
    ----------
    panel : Panel
    scores : sequence of (n_people, n_items) float32
        Of each block, in the order of the weights.
    weights : (n_buckets, n_blocks) float64
    metric : str
        Such as "ndcg@20".
    """
    _, k = parse_metric(metric)
    n_people = panel.queries.n_queries
    ranked = np.full((n_people, k), -1, dtype=np.int32)
    gains = weights[panel.buckets].astype(np.float32)
    for start in range(0, n_people, SCALE_BATCH):
        some = slice(start, start + SCALE_BATCH)
        blend = np.zeros_like(scores[0][some])
        for at, one in enumerate(scores):
            if gains[some, at].any():
                blend += gains[some, at, None] * one[some]
        best = top_k(blend, k, exclude=panel.seen[some]).rows
        ranked[some, : best.shape[1]] = best[:, :k]
    return ranking_metrics(ranked, panel.relevant, ks=[k])[metric]


def parse_metric(metric: str) -> tuple[str, int]:
    """Return the name and the list length of a metric.

    Raises
    ------
    ConfigError
        If it is none.

    Examples
    --------
    >>> parse_metric("ndcg@20")
    ('ndcg', 20)
    """
    found = METRIC.fullmatch(metric)
    if found is None:
        raise ConfigError(
            f"metric must be one of {', '.join(RANKING_METRICS)} with a length, such as ndcg@20; "
            f"got {metric!r}."
        )
    return found["name"], int(found["k"])


def mean_and_error(differences: DoubleArray) -> tuple[float, float]:
    """Return the mean of values of people, and its standard error; 0 for nobody.

    Examples
    --------
    >>> mean_and_error(np.array([0.0, 0.2]))
    (0.1, 0.1)
    """
    n_people = len(differences)
    if n_people < 2:
        return float(differences.sum()), 0.0
    spread = float(differences.std(ddof=1))
    return float(differences.mean()), spread / float(np.sqrt(n_people))
