"""What every preset promises, through the front door."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import recsys
from tests.serving.world import tiny_catalog, tiny_events

PRESETS = ("fast", "balanced", "best")
PEOPLE = ["ana", "bo", "cy", "dee", "eli", "flo", "gus", "hal"]


@pytest.fixture(scope="module", params=PRESETS)
def model(request: pytest.FixtureRequest) -> recsys.Recommender:
    """The tiny community under each preset."""
    config = recsys.RecommenderConfig(preset=request.param)
    return recsys.Recommender.fit(tiny_events(), tiny_catalog(), config=config)


def test_a_saved_model_answers_the_same(model: recsys.Recommender, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = recsys.load(tmp_path / "model", check="full")
    one, other = (each.recommend(PEOPLE, k=5, explain=True) for each in (model, again))
    assert one.item_ids.tolist() == other.item_ids.tolist()
    np.testing.assert_array_equal(one.scores, other.scores)
    assert one.reasons == other.reasons
    assert again.notes == model.notes


def test_the_reasons_sum_to_the_score(model: recsys.Recommender) -> None:
    for user_id in PEOPLE:
        top = model.recommend([user_id], k=5)
        for item_id, score in zip(top.item_ids[0], top.scores[0], strict=True):
            if item_id is None:
                continue
            parts = sum(reason.value for reason in model.explain(user_id, item_id))
            assert parts == pytest.approx(float(score), rel=1e-3, abs=1e-3)


def test_filters_hold_and_lists_are_full_or_say_why(model: recsys.Recommender) -> None:
    where = {"format": "video"}
    catalog = tiny_catalog()
    formats = dict(zip(catalog.items.ids(), catalog.column("format"), strict=True))
    top = model.recommend(PEOPLE, k=3, where=where)
    for row, user_id in enumerate(PEOPLE):
        got = [one for one in top.item_ids[row] if one is not None]
        assert all(formats[one] == "video" for one in got)
        assert len(got) == 3 or top.shortfall[row] is not None, user_id


def test_what_was_seen_or_excluded_does_not_come_back(model: recsys.Recommender) -> None:
    first = model.recommend(PEOPLE, k=2)
    pages = [[one for one in row if one is not None] for row in first.item_ids]
    second = model.recommend(PEOPLE, k=2, exclude=pages)
    for one, other in zip(pages, second.item_ids, strict=True):
        assert not set(one) & set(other)


def test_a_stranger_with_the_same_history_gets_the_same_list(model: recsys.Recommender) -> None:
    events = tiny_events()
    history = sorted({str(i) for u, i in zip(*ids_of(events), strict=True) if u == "ana"})
    folded = model.recommend_for_history([history], k=3)
    assert folded.item_ids[0][0] is not None
    assert not set(folded.item_ids[0]) & set(history)


def ids_of(events: recsys.EventLog) -> tuple[list[str], list[str]]:
    users = events.users.ids(events.user_rows).tolist()
    return users, events.items.ids(events.item_rows).tolist()


def test_the_number_of_threads_changes_no_weight_and_no_list() -> None:
    code = (
        "import hashlib, numpy as np, recsys, warnings\n"
        "from recsys.datasets import synthetic_world\n"
        "warnings.simplefilter('ignore')\n"
        "for at, preset in enumerate(['fast'] * 4 + ['balanced'] * 6):\n"
        "    events, catalog, people = synthetic_world(n_users=90, n_items=120, seed=at)\n"
        "    config = recsys.RecommenderConfig(preset=preset)\n"
        "    model = recsys.Recommender.fit(events, catalog, users=people, config=config)\n"
        "    weights = np.ascontiguousarray(model.snapshot.model.weights)\n"
        "    lists = model.recommend(model.users.ids()[:30].tolist(), k=10).item_ids.tolist()\n"
        "    print(preset, hashlib.sha256(weights).hexdigest(), lists)"
    )
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
    answers = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, **dict.fromkeys(names, n_threads)},
        ).stdout
        for n_threads in ("1", "2")
    ]  # fmt: skip
    assert answers[0].count("\n") == 10
    assert answers[0] == answers[1]
