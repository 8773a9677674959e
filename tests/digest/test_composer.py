from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recsys.core.clock import to_utc
from recsys.data import Catalog, Dataset, EventLog, IdMap
from recsys.digest import DigestConfig
from recsys.digest.composer import Composer
from recsys.digest.received import Received

NOW = to_utc("2018-09-01T09:00:00Z")
Make = Callable[..., Any]


def nothing() -> Received:
    return Received(
        IdMap.of(), np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, "datetime64[us]")
    )


def composer(model: Any, received: Received | None = None, **settings: object) -> Composer:
    return Composer(model, DigestConfig(**settings), NOW, received or nothing())


def test_a_digest_holds_k_items_in_the_models_order_within_caps(model: Any) -> None:
    (digest,), counts = composer(model).compose(["ana"])
    facts = composer(model).facts
    rows = model.dataset.items.rows([one.item_id for one in digest.items])
    assert len(rows) == counts.n_items == 10
    assert (np.diff(rows) > 0).all()
    assert [one.rank for one in digest.items] == list(range(1, 11))
    assert np.bincount(facts.author_of[rows]).max() <= 2
    assert np.asarray((facts.topics[rows] > 0).sum(axis=0)).max() <= 4
    assert digest.shortfall is None


def test_entries_say_title_address_and_why(model: Any) -> None:
    (digest,), _ = composer(model).compose(["ana"])
    first = digest.items[0]
    assert (first.title, first.url) == ("Title 0", "https://example.org/q0")
    assert first.reasons[0].text == "because of q0"
    assert sum(why.value for why in first.reasons) == pytest.approx(first.score, abs=1e-6)


def test_only_the_chosen_items_are_explained(model: Any) -> None:
    composer(model).compose(["ana", "bo"])
    assert [(call.k, call.explain) for call in model.calls] == [(100, False), (10, True)]


def test_reasons_can_be_switched_off(model: Any) -> None:
    (digest,), _ = composer(model, explain=False).compose(["ana"])
    assert not any(call.explain for call in model.calls)
    assert all(one.reasons == () for one in digest.items)


def test_what_a_person_had_does_not_come_again_even_if_the_model_forgets(model: Any) -> None:
    had = Received(
        IdMap.of(["ana"]), np.array([0, 3]), np.array([0, 1, 2], np.int32), np.array([to_utc(0)])
    )
    deaf = type(model)(model.dataset)
    deaf.recommend = lambda ids, k, exclude=None, **rest: model.recommend(ids, k, **rest)
    for one in (model, deaf):
        letters, _ = composer(one, had).compose(["ana", "bo"])
        first = [[entry.item_id for entry in letter.items][:3] for letter in letters]
        assert not {"q0", "q1", "q2"} & {entry.item_id for entry in letters[0].items}
        assert first[1] == ["q0", "q1", "q2"]


def test_who_comes_out_short_is_asked_again_more_widely(model: Any) -> None:
    (digest,), _ = composer(model, candidates=10, max_per_author=1, max_per_topic=None).compose(
        ["ana"]
    )
    assert len(digest.items) == 10
    narrow = composer(model, candidates=10, max_per_author=None, max_per_topic=2)
    (digest,), _ = narrow.compose(["ana"])
    assert [call.k for call in model.calls if not call.explain] == [10, 10, 50]
    assert digest.shortfall is not None


def test_a_short_digest_says_what_held_it_back(model: Any) -> None:
    (digest,), counts = composer(model, max_per_topic=1).compose(["ana"])
    assert digest.shortfall == (
        f"{len(digest.items)} of 10 items: at most 2 per author and 1 per topic hold back "
        f"{60 - len(digest.items)} more."
    )
    assert counts.n_short == 1
    (digest,), _ = composer(model, k=80, max_per_topic=None, max_per_author=None).compose(["ana"])
    assert digest.shortfall == "60 of 80 items: nothing else is left that is new to this person."


def test_with_nothing_to_send_there_is_no_digest(make_model: Make) -> None:
    empty = make_model(Dataset.join(EventLog.from_frame({"user_id": ["ana"], "item_id": ["q1"]})))
    had = Received(
        IdMap.of(["ana"]), np.array([0, 1]), np.array([0], np.int32), np.array([to_utc(0)])
    )
    digests, counts = composer(empty, had).compose(["ana"])
    assert (digests, counts.n_without) == ([], 1)
    (digest,), _ = composer(empty, had, min_items=0).compose(["ana"])
    assert (digest.items, digest.subject) == ((), "0 picks for you")


def test_fewer_than_the_least_worth_sending_are_not_sent(model: Any) -> None:
    digests, counts = composer(model, max_per_topic=1, min_items=9).compose(["ana"])
    assert (digests, counts.n_without, counts.n_digests) == ([], 1, 0)


def test_a_stranger_gets_everyones_list(model: Any) -> None:
    letters, _ = composer(model).compose(["ana", "stranger"])
    assert [letter.known for letter in letters] == [True, False]
    assert len(letters[1].items) == 10


def test_items_that_expire_before_the_run_are_left_out(make_model: Make) -> None:
    catalog = Catalog.from_frame(
        {
            "item_id": ["q1", "q2"],
            "expires_at": ["2018-08-31T00:00:00Z", None],
            "title": ["", "Two"],
        }
    )
    (digest,), _ = composer(make_model(Dataset.join(EventLog.empty(), catalog))).compose(["ana"])
    assert [one.item_id for one in digest.items] == ["q2"]


def test_the_subject_is_filled_in(model: Any) -> None:
    text = "{user_id}, {n_items} on {issue}: {top_title}"
    (digest,), _ = composer(model, subject=text).compose(["ana"])
    assert digest.subject == "ana, 10 on 2018-09-01: Title 0"


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({}, None),
        ({"where": "format = video"}, "format = video"),
        ({"max_age_days": 7}, "published_at >= 2018-08-25"),
        (
            {"where": "a = b or c = d", "max_age_days": 7},
            "(a = b or c = d) and published_at >= 2018-08-25",
        ),
    ],
)
def test_filter_and_age_go_to_the_model_together(
    model: Any, settings: dict[str, Any], where: str | None
) -> None:
    assert composer(model, **settings).where == where


def test_people_in_one_chunk_do_not_change_each_others_digest(model: Any) -> None:
    together, _ = composer(model).compose(["ana", "bo", "cy"])
    alone = [composer(model).compose([one])[0][0] for one in ("ana", "bo", "cy")]
    assert together == alone
