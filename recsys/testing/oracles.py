"""Naive oracles: loops, sets and dicts, written apart from what they check."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from recsys.core.arrays import NO_ROW


def naive_scores(
    queries: Sequence[Sequence[float]], vectors: Sequence[Sequence[float]]
) -> list[list[float]]:
    """Return the inner product of each query with each vector.

    Examples
    --------
    >>> naive_scores([[1, 2]], [[3, 4], [5, 0]])
    [[11, 5]]
    """
    return [[sum(a * b for a, b in zip(q, v, strict=True)) for v in vectors] for q in queries]


def naive_top_k(
    scores: Sequence[Sequence[float]],
    k: int,
    *,
    exclude: Sequence[Collection[int]] | None = None,
    allowed: Collection[int] | None = None,
) -> list[list[int]]:
    """Return the rows of the k best of each line, filled up with -1; ties go to the lower row.

    Parameters
    ----------
    scores : n_queries lists of n_items numbers
        Higher is better.
    k : int
        Length of each answer.
    exclude : n_queries collections of rows, optional
        What a query must not get. None: nothing.
    allowed : collection of rows, optional
        What any query may get. None: all.

    Examples
    --------
    >>> naive_top_k([[0.5, 0.9, 0.9]], 3, exclude=[{1}])
    [[2, 0, -1]]
    """
    answers = []
    for place, line in enumerate(scores):
        hidden = exclude[place] if exclude is not None else ()
        rows = [
            row
            for row in range(len(line))
            if row not in hidden and (allowed is None or row in allowed)
        ]
        rows.sort(key=lambda row, line=line: (-line[row], row))  # type: ignore[misc]
        rows = rows[:k]
        answers.append(rows + [NO_ROW] * (k - len(rows)))
    return answers


def naive_user_metrics(
    ranked: Sequence[int], relevant: Collection[int], k: int, *, n_relevant: int | None = None
) -> dict[str, float]:
    """Return the ranking metrics of one person.

    Parameters
    ----------
    ranked : rows
        Best first; -1 is no item.
    relevant : rows
        The candidates that are relevant.
    k : int
        Places that count.
    n_relevant : int, optional
        How many items are relevant in all, at least one. None: as many as ``relevant`` holds.

    Examples
    --------
    >>> naive_user_metrics([4, 7], {7}, 2)["mrr"]
    0.5
    """
    total = len(relevant) if n_relevant is None else n_relevant
    n_hits = 0
    gain = precision_sum = first = 0.0
    for place in range(1, min(k, len(ranked)) + 1):
        if ranked[place - 1] != NO_ROW and ranked[place - 1] in relevant:
            n_hits += 1
            gain += 1 / math.log2(place + 1)
            precision_sum += n_hits / place
            first = first or 1 / place
    ideal = 0.0
    for place in range(1, min(k, total) + 1):
        ideal += 1 / math.log2(place + 1)
    return {
        "recall": n_hits / total,
        "precision": n_hits / k,
        "ndcg": gain / ideal,
        "map": precision_sum / total,
        "mrr": first,
        "hit_rate": 1.0 if n_hits else 0.0,
    }


def naive_coverage(lists: Sequence[Sequence[int]], n_items: int) -> float:
    """Return the share of items that stand in a list."""
    return len({row for one in lists for row in one if row != NO_ROW}) / n_items


def naive_gini(lists: Sequence[Sequence[int]], n_items: int) -> float:
    """Return the mean difference of how often two items are shown, over twice the mean."""
    shown = Counter(row for one in lists for row in one if row != NO_ROW)
    counts = [shown[row] for row in range(n_items)]
    if not sum(counts):
        return math.nan
    differences = sum(abs(a - b) for a in counts for b in counts)
    return differences / (2 * n_items * sum(counts))


def naive_novelty(ranked: Sequence[int], counts: Sequence[int], n_users: int) -> float:
    """Return the mean bits of the items of one list."""
    bits = [-math.log2(max(counts[row], 1) / n_users) for row in ranked if row != NO_ROW]
    return sum(bits) / len(bits) if bits else math.nan


def naive_diversity(ranked: Sequence[int], features: Sequence[Mapping[int, float]]) -> float:
    """Return 1 less the mean cosine of the pairs of one list that have features."""
    rows = [row for row in ranked if row != NO_ROW and any(features[row].values())]
    pairs = list(combinations(rows, 2))
    if not pairs:
        return math.nan
    return 1 - sum(_cosine(features[a], features[b]) for a, b in pairs) / len(pairs)


def _cosine(a: Mapping[int, float], b: Mapping[int, float]) -> float:
    product = sum(value * b.get(tag, 0.0) for tag, value in a.items())
    return product / (math.hypot(*a.values()) * math.hypot(*b.values()))
