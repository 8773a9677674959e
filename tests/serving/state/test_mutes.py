"""Mutes are evaluated on read, from what items are said to be."""

from typing import Any

import numpy as np
import pytest

import recsys
from recsys.serving.state.mutes import Mutes, muting_people
from tests.serving.world import FAST, tiny_catalog, tiny_events, tiny_model


def people(**columns: list[Any]) -> recsys.People:
    return recsys.People.from_frame({"user_id": ["ana", "bo"], **columns})


def muted(model: recsys.Recommender, user: Any) -> set[Any]:
    rows = model.view.muted_rows(model.users.row(user))
    assert (np.diff(rows) > 0).all()
    hidden = set(model.items.ids(rows).tolist())
    shown = model.recommend([user], k=99, exclude_seen=False, include_own=True).item_ids[0]
    assert not hidden & set(shown.tolist())
    return hidden


def test_mutes_cover_tags_and_authors() -> None:
    model = tiny_model(users=people(muted_tags=["circuits", None], muted_authors=[None, "gus"]))
    assert muted(model, "ana") == {"g2"}
    assert muted(model, "bo") == {"g4"}
    assert muted(model, "cy") == set()


def test_a_muted_author_is_found_whatever_the_sort_of_the_ids() -> None:
    events = recsys.EventLog.from_frame(
        {"user_id": [1, 2], "item_id": ["x", "y"], "kind": ["ask", "view"]}
    )
    users = recsys.People.from_frame({"user_id": [2], "muted_authors": ["1"]})
    model = recsys.Recommender.fit(events, users=users, config=recsys.RecommenderConfig(**FAST))
    assert muted(model, 2) == {"x"}


def test_blanks_around_an_author_do_not_count() -> None:
    catalog = tiny_catalog(author_id=[" zed", "zed ", *[None] * 6])
    model = tiny_model(catalog, people(muted_authors=[[" zed"], None]))
    assert muted(model, "ana") == {"g1", "g2"}


def test_an_item_joins_and_leaves_a_mute_with_its_tags_and_its_author() -> None:
    model = tiny_model(users=people(muted_tags=["errors", None], muted_authors=["flo", None]))
    assert muted(model, "ana") == {"n2"}
    model = model.observe(items={"item_id": ["n2", "g1"], "tags": ["noise", "gates|Errors"]})
    assert muted(model, "ana") == {"g1"}
    model = model.observe(items={"item_id": ["n3", "late"], "author_id": ["flo", "flo"]})
    assert muted(model, "ana") == {"g1", "n3", "late"}
    assert muted(recsys.Recommender(model.snapshot), "ana") == {"g1", "n3", "late"}
    model = model.observe(users={"user_id": ["ana"], "muted_tags": [[]]})
    assert muted(model, "ana") == {"n3", "late"}


def test_a_tag_that_the_fit_did_not_know_mutes_too() -> None:
    model = tiny_model(users=people(muted_tags=["politics", None]))
    assert muted(model, "ana") == set()
    later = model.observe(items={"item_id": ["q9", "g1"], "tags": ["politics", "gates|Politics"]})
    assert muted(later, "ana") == {"q9", "g1"}
    later = model.observe(users={"user_id": ["zed"], "muted_tags": ["fresh"]})
    later = later.observe(items={"item_id": ["q9"], "tags": ["fresh"]})
    assert muted(later, "zed") == {"q9"}


def test_a_tag_of_a_family_without_weight_mutes_too() -> None:
    tags = {"item_id": ["g1", "g2"], "tag": ["spoilers", "gates"], "family": ["warning", "topic"]}
    config = recsys.RecommenderConfig(**FAST, profiles={"family_weights": {"warning": 0.0}})
    model = recsys.Recommender.fit(
        tiny_events(),
        recsys.Catalog.from_frame(item_tags=tags),
        users=people(muted_tags=["Spoilers", None]),
        config=config,
    )
    assert muted(model, "ana") == {"g1"}


@pytest.mark.parametrize(("title", "expected"), [("gates", {"g1"}), ("spoilers", {"n1"})])
def test_a_word_of_a_text_mutes_only_where_no_item_has_the_tag(
    title: str, expected: set[str]
) -> None:
    frame = {
        "item_id": ["g1", "n1", "n2", "n3"],
        "tags": ["gates", None, None, None],
        "title": [None, title, "something else", "other words"],
    }
    config = recsys.RecommenderConfig(**FAST, profiles={"text": {"min_df": 1}})
    model = recsys.Recommender.fit(
        tiny_events(),
        recsys.Catalog.from_frame(frame),
        users=people(muted_tags=[title, None]),
        config=config,
    )
    assert muted(model, "ana") == expected


def test_the_rule_of_a_person_is_read_from_their_row() -> None:
    table = people(muted_tags=["a|b", None])
    assert Mutes.of(table, 0) == Mutes(["a", "b"])
    assert Mutes.of(table, 1) == Mutes()
    assert muting_people(table).tolist() == [True, False]
    assert muting_people(people()).tolist() == [False, False]
