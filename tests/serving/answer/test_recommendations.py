"""What the recommender answers."""

import json
from typing import Any
from uuid import UUID

import numpy as np
import pytest

import recsys
from tests.serving.world import tiny_shared


def untimed(users: list[Any], items: list[Any]) -> recsys.Recommender:
    return recsys.Recommender.fit(
        recsys.EventLog.from_frame({"user_id": users, "item_id": items}),
        config=recsys.RecommenderConfig(preset="fast"),
    )


def test_a_frame_has_one_row_per_item_found_and_none_for_the_padding() -> None:
    top = tiny_shared().recommend(["ana", "bo"], k=50)
    frame = top.to_frame().to_pydict()
    n_found = int((top.item_ids != None).sum())  # noqa: E711  (elementwise)
    assert len(frame["item_id"]) == n_found
    assert None not in frame["item_id"]
    assert frame["rank"][:3] == [1, 2, 3]


def test_a_frame_is_of_the_library_the_events_came_from() -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    rows = {"user_id": ["a", "b"], "item_id": ["x", "y"]}
    for library in (pandas, polars):
        model = recsys.Recommender.fit(recsys.EventLog.from_frame(library.DataFrame(rows)))
        assert isinstance(model.recommend(["a"]).to_frame(), library.DataFrame)


def test_a_frame_of_mixed_ids_is_text_instead_of_an_error() -> None:
    top = untimed([1, 2], [10, 20]).recommend([1, "x", None, 2**70], k=1)
    assert set(top.to_frame().to_pydict()["user_id"]) == {"1", "x", None, str(2**70)}


def test_a_frame_of_whole_numbers_stays_one() -> None:
    top = untimed([1, 2], [10, 20]).recommend(np.array([1, 2]), k=1)
    assert top.to_frame().to_pydict()["user_id"] == [1, 2]


def test_reasons_are_a_column_only_where_asked_for() -> None:
    model = tiny_shared()
    assert "reason" not in model.recommend(["ana"]).to_frame().column_names
    assert all(model.recommend(["ana"], explain=True).to_frame().to_pydict()["reason"])


def test_records_are_plain_json_whatever_the_ids() -> None:
    ids = [UUID(int=one) for one in range(3)]
    top = untimed(ids, ids).recommend([ids[0], None, "x", np.int64(7)], k=2, explain=True)
    records = json.loads(json.dumps(top.to_records()))
    assert [one["user_id"] for one in records] == [str(ids[0]), None, "x", 7]
    assert records[0]["items"][0]["item_id"] == str(ids[1])


def test_the_length_of_an_answer_is_its_people_and_k_its_columns() -> None:
    top = tiny_shared().recommend(["ana", "stranger"], k=3)
    assert (len(top), top.k) == (2, 3)


def test_exposures_name_the_request_the_model_and_the_place() -> None:
    top = tiny_shared().recommend(["ana"], k=2)
    frame = top.exposures(surface="home").to_frame().to_pydict()
    assert frame["request_id"] == [top.request_id] * 2
    assert frame["model_version"] == [top.model_version] * 2
    assert frame["surface"] == ["home"] * 2
    assert frame["rank"] == [1, 2]


def test_exposures_happen_when_the_lists_are_for_or_when_the_caller_says() -> None:
    top = tiny_shared().recommend(["ana"], k=1)
    assert top.exposures().shown_at[0] == top.answered_at.astype("datetime64[s]")
    later = top.exposures(shown_at="2030-01-01T00:00:00Z")
    assert later.shown_at[0] == np.datetime64("2030-01-01")


def test_exposures_without_any_time_are_refused_by_name() -> None:
    top = untimed(["a", "b"], ["x", "y"]).recommend(["a"], k=1)
    with pytest.raises(recsys.DataError, match="shown_at must be given"):
        top.exposures()
    assert top.exposures(shown_at=0).n_exposures == 1


def test_people_without_an_id_are_skipped_in_exposures_and_counted() -> None:
    top = tiny_shared().recommend([None, "ana"], k=2)
    log = top.exposures()
    assert (log.n_exposures, log.n_skipped) == (2, 2)


def test_two_answers_never_share_a_request_id() -> None:
    model = tiny_shared()
    assert model.recommend(["ana"]).request_id != model.recommend(["ana"]).request_id


def test_similar_items_become_a_frame_of_pairs() -> None:
    frame = tiny_shared().similar_items(["g1"], k=2).to_frame().to_pydict()
    assert frame["query_id"] == ["g1", "g1"]
    assert frame["rank"] == [1, 2]
    assert max(frame["score"]) <= 1 + 1e-6
