import pytest

import recsys
from recsys.core.errors import DataError
from recsys.evaluation import measure_recall, measure_speed
from recsys.testing import naive_top_k
from tests.serving.world import made_up_model, tiny_catalog


def test_every_number_is_measured() -> None:
    speed = measure_speed(made_up_model(), where="format = video", n_calls=3, n_batch=50)
    record = speed.to_dict()
    assert record["single"]["n_calls"] == record["filtered"]["n_calls"] == 3
    assert record["batch_per_second"] > 0
    assert record["saved_mb"] > 0
    assert record["load_seconds"] > 0
    assert speed.recall == 1.0  # small catalogs are searched exactly


def test_no_filter_no_number() -> None:
    assert measure_speed(made_up_model(), n_calls=1, n_batch=5).filtered is None


def test_speed_needs_somebody_to_ask_for() -> None:
    nobody = recsys.Recommender.fit(
        recsys.EventLog.from_frame({"user_id": [], "item_id": []}), tiny_catalog()
    )
    with pytest.raises(DataError, match="known people"):
        measure_speed(nobody)


@pytest.mark.parametrize("kind", ["exact", "hnsw", "narrow"])
def test_recall_is_the_share_of_the_exact_lists_that_is_found(kind: str) -> None:
    config = recsys.RecommenderConfig.from_dict({"preset": "fast", "index": {"kind": kind}})
    events, catalog, people = recsys.datasets.synthetic_world(40, 60, seed=2)
    model = recsys.Recommender.fit(events, catalog, users=people, config=config)
    ids = model.users.ids().tolist()
    scores = model.score(ids, model.items.ids().tolist())
    seen = [set(model.seen[row].indices.tolist()) for row in range(len(ids))]
    exact = naive_top_k(scores.tolist(), 5, exclude=seen)
    top = model.recommend(ids, k=5, include_own=True)
    hits = [
        len(set(model.items.rows([i for i in line if i is not None]).tolist()) & set(wanted))
        for line, wanted in zip(top.item_ids, exact, strict=True)
    ]
    assert measure_recall(model, ids, k=5) == pytest.approx(sum(hits) / (5 * len(ids)), abs=1e-3)
