"""Peers are judged by the rules of the library: the same people, candidates and numbers."""

from dataclasses import replace

import numpy as np
import pytest

import recsys
from benchmarks.quality.problem import prepare, with_fallback
from recsys.core.arrays import FloatMatrix, RowArray
from recsys.evaluation import EvaluationOptions, evaluate
from recsys.testing.oracles import naive_user_metrics
from tests.benchmarks.worlds import small_split, two_tastes

ALL_TIME = recsys.RecommenderConfig.from_dict(
    {
        "hybrid": {
            "blocks": [
                {
                    "kind": "popularity",
                    "settings": {"half_life_days": None, "forecast_new": False},
                }
            ],
            "weights": {"popularity": [1.0]},
        }
    }
)


def test_the_judge_gives_the_numbers_of_the_evaluation_for_the_same_scores() -> None:
    split = small_split()
    problem, judge = prepare(split, (5, 10))
    counts = np.bincount(problem.event_items, minlength=problem.n_items).astype(np.float32)

    def scores(user_rows: RowArray) -> FloatMatrix:
        return np.tile(counts, (len(user_rows), 1))

    mine = judge.measure(scores)
    theirs = evaluate(
        split.train, split.test, mask=split.mask, catalog=split.catalog, users=split.people,
        config=ALL_TIME, options=EvaluationOptions(ks=(5, 10), n_resamples=1),
    )  # fmt: skip
    for name, values in mine.items():
        assert values == pytest.approx(theirs.per_user[name]), name


def test_the_judge_agrees_with_the_plain_definitions() -> None:
    problem, judge = prepare(small_split(3), (5,))
    table = np.random.default_rng(0).random(problem.train.shape).astype(np.float32)
    found = judge.measure(lambda user_rows: table[user_rows])
    for at, user in enumerate(judge.user_rows[:12]):
        line = table[user].copy()
        line[judge.hidden[at].indices] = -np.inf
        ranked = np.argsort(-line, kind="stable")[:5].tolist()
        ranked = [item for item in ranked if np.isfinite(line[item])]
        relevant = set(judge.relevant[at].indices.tolist())
        relevant |= {f"outside {n}" for n in range(judge.n_relevant[at] - len(relevant))}
        for name, value in naive_user_metrics(ranked, relevant, 5).items():
            assert found[f"{name}@5"][at] == pytest.approx(value), name


def test_own_train_and_masked_pairs_are_never_listed() -> None:
    problem, judge = prepare(small_split(), (10,))
    lists = judge.lists(lambda user_rows: np.ones((len(user_rows), problem.n_items), np.float32))
    for at, line in enumerate(lists):
        assert not set(line[line >= 0].tolist()) & set(judge.hidden[at].indices.tolist())


def test_taste_is_counted_once_per_pair_and_without_negative_kinds() -> None:
    problem, _ = prepare(small_split(), (5,))
    assert set(problem.train.data.tolist()) == {1.0}
    assert len(problem.event_items) >= problem.train.nnz


def test_without_a_catalog_there_are_no_tags() -> None:
    problem, _ = prepare(replace(small_split(), catalog=None), (5,))
    assert problem.tags is None


def test_people_without_history_get_what_is_popular() -> None:
    problem = two_tastes()
    train = problem.train.tolil()
    train[3] = 0
    problem = replace(problem, train=train.tocsr())
    scores = with_fallback(problem, lambda user_rows: np.zeros((len(user_rows), 20), np.float32))
    found = scores(np.array([2, 3], np.int32))
    assert not found[0].any()
    assert found[1].tolist() == np.asarray(problem.train.sum(axis=0)).ravel().tolist()


def test_some_people_are_judged_as_among_all() -> None:
    problem, judge = prepare(small_split(), (5,))
    table = np.random.default_rng(1).random(problem.train.shape).astype(np.float32)
    some = judge.some(7)
    assert len(some.user_rows) == 7
    places = [judge.user_rows.tolist().index(row) for row in some.user_rows]
    whole = judge.measure(lambda rows: table[rows])["ndcg@5"]
    assert some.measure(lambda rows: table[rows])["ndcg@5"] == pytest.approx(whole[places])
