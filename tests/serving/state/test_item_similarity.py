"""The space in which items are alike."""

import numpy as np

import recsys
from tests.serving.world import made_up_model, tiny_catalog, tiny_model


def test_items_have_length_one() -> None:
    vectors = made_up_model().snapshot.similarity.vectors
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_popularity_has_no_say() -> None:
    model = tiny_model(model="popularity")
    found = model.similar_items(["n3"], k=3)
    assert {one[0] for one in found.item_ids[0]} == {"n"}  # by tags, though g1 is the best known


def test_without_taste_or_tags_nothing_is_alike_but_something_is_answered() -> None:
    events = recsys.EventLog.from_frame({"user_id": ["a", "b"], "item_id": ["x", "y"]})
    model = recsys.Recommender.fit(events, config=recsys.RecommenderConfig(model="popularity"))
    assert model.similar_items(["x"], k=1).item_ids.tolist() == [["y"]]


def test_the_projection_of_tags_keeps_their_cosines() -> None:
    catalog = tiny_catalog()
    model = recsys.Recommender.fit(
        recsys.EventLog.empty(), catalog, config=recsys.RecommenderConfig(model="popularity")
    )
    profiles = model.item_profiles.matrix.toarray()
    vectors = model.snapshot.similarity.vectors
    np.testing.assert_allclose(vectors @ vectors.T, profiles @ profiles.T, atol=0.2)


def test_the_index_is_made_once() -> None:
    snapshot = made_up_model().snapshot
    assert snapshot.similarity is snapshot.similarity
