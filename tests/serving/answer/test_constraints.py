"""Who may be shown what."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import recsys
from recsys.core.topk import TopK
from recsys.index import exclusion
from recsys.ranking import parse_filter
from recsys.serving.answer.constraints import Constraints, ListRequest, constrain, shortfalls
from recsys.serving.answer.queries import ask_users
from recsys.serving.state.csr_rows import rows_of
from recsys.serving.state.filter_cache import Allowed
from tests.serving.world import made_up_model, tiny_catalog, tiny_model, tiny_shared


def rules(ids: list[Any], model: recsys.Recommender | None = None, **asked: Any) -> Constraints:
    snapshot = (model or tiny_shared()).snapshot
    return constrain(snapshot, ask_users(snapshot, ids), ListRequest(k=3, **asked))


def excluded(found: Constraints, row: int = 0) -> set[str]:
    indptr, indices = found.excluded
    return set(tiny_shared().items.ids(indices[indptr[row] : indptr[row + 1]]).tolist())


def test_everything_that_a_person_must_not_see_is_excluded() -> None:
    assert excluded(rules(["hal"])) == {"n1", "g1"}
    assert excluded(rules(["gus"])) == {"g4"}
    assert excluded(rules(["stranger"])) == set()


def test_what_a_person_refused_stays_out_whatever_is_asked() -> None:
    assert excluded(rules(["hal"], exclude_seen=False, include_own=True)) == {"n1"}


def test_own_items_stay_out_unless_asked_for() -> None:
    assert excluded(rules(["gus"], exclude_seen=False)) == {"g4"}
    assert excluded(rules(["gus"], exclude_seen=False, include_own=True)) == set()


def test_exclusions_of_the_caller_are_added() -> None:
    found = rules(["hal", "stranger"], exclude=[["g2"], ["n3", "n3"]])
    assert excluded(found, 0) == {"n1", "g1", "g2"}
    assert excluded(found, 1) == {"n3"}


@pytest.mark.parametrize("nothing", [None, [], [[], []], ()])
def test_excluding_nothing_changes_nothing(nothing: Any) -> None:
    plain, with_nothing = rules(["ana", "bo"]), rules(["ana", "bo"], exclude=nothing)
    assert plain.excluded[0].tolist() == with_nothing.excluded[0].tolist()
    assert plain.excluded[1].tolist() == with_nothing.excluded[1].tolist()


def test_no_candidates_is_not_the_same_as_all_candidates() -> None:
    model = tiny_shared()
    assert not model.recommend(["stranger"], k=3, candidates=[]).item_ids.any()
    assert model.recommend(["stranger"], k=3, candidates=None).item_ids.all()


def test_one_person_may_have_no_candidates_while_another_has_some() -> None:
    top = tiny_shared().recommend(["ana", "dee"], k=2, candidates=[[], ["n3", "n3", "g1"]])
    assert top.item_ids[0].tolist() == [None, None]
    assert set(top.item_ids[1]) == {"n3", "g1"}


@pytest.mark.parametrize("where", [None, "", {}, [None, ""], [{}, None]])
def test_an_empty_filter_lets_everything_pass(where: Any) -> None:
    model = tiny_shared()
    top = model.recommend(["ana", "bo"], k=8, where=where)
    assert top.item_ids.tolist() == model.recommend(["ana", "bo"], k=8).item_ids.tolist()


def test_a_parsed_filter_is_taken_as_it_is() -> None:
    top = tiny_shared().recommend(["stranger"], k=8, where=parse_filter("format = video"))  # type: ignore[arg-type]
    assert set(top.item_ids[0]) == {"g2", "n1", "new", None}


@pytest.mark.parametrize("where", [5, 5.0, object(), {1, 2}, [5, "x = 1"]])
def test_what_is_no_filter_is_refused(where: Any) -> None:
    with pytest.raises(recsys.ConfigError, match="where must be text, a mapping"):
        tiny_shared().recommend(["ana", "bo"], where=where)


def test_equal_filters_are_worked_out_once() -> None:
    found = rules(
        ["ana", "bo", "cy", "dee"], where=["format = video", None, "format = video", None]
    )
    assert len(found.allowed) == 2
    assert found.allowed_of.tolist() == [0, 1, 0, 1]


def test_a_filter_never_brings_back_what_is_not_eligible() -> None:
    model = tiny_model(tiny_catalog(status=["blocked", *[None] * 7]))
    found = rules(["stranger"], model, where="item_id = g1 or item_id = g2")
    assert found.allowed[0].mask.tolist() == [False, True, *[False] * 6]


def test_unknown_people_have_empty_rows() -> None:
    matrix = tiny_shared().snapshot.seen
    found = rows_of(matrix, np.array([-1, 0, -1], np.int32))
    assert np.diff(found.indptr).tolist() == [0, matrix[0].nnz, 0]


@given(data=st.data())
def test_a_list_obeys_all_rules_at_once(data: st.DataObject) -> None:
    model = made_up_model()
    items = model.items.ids().tolist()
    some = st.lists(st.sampled_from(items), max_size=30)
    ids = data.draw(st.lists(st.sampled_from([*model.users.ids().tolist(), "?"]), max_size=4))
    candidates = [data.draw(some) for _ in ids]
    exclude = [data.draw(some) for _ in ids]
    top = model.recommend(ids, k=7, candidates=candidates, exclude=exclude)
    for row, one in enumerate(ids):
        user = model.users.row(one)
        seen = set() if user < 0 else set(model.items.ids(model.seen[user].indices).tolist())
        own = {
            item
            for item, who in zip(items, model.dataset.author_rows, strict=True)
            if who == user >= 0
        }
        allowed = set(candidates[row]) - set(exclude[row]) - seen - own
        allowed &= set(model.items.ids(np.flatnonzero(model.snapshot.eligible)).tolist())
        shown = [item for item in top.item_ids[row] if item is not None]
        assert len(shown) == len(set(shown)) == min(7, len(allowed))
        assert set(shown) <= allowed


def found(*rows: list[int]) -> TopK:
    table = np.array(rows, dtype=np.int32)
    return TopK(table, np.where(table < 0, -np.inf, 1.0).astype(np.float32))


def constraints(excluded: list[list[float]], mask: list[bool], **more: object) -> Constraints:
    rows = np.array(excluded, dtype=np.float32)
    candidates = more.get("candidates")
    return Constraints(
        exclusion(sp.csr_matrix(rows), shape=rows.shape),
        [Allowed.of(np.array(mask))],
        np.zeros(len(rows), np.int32),
        candidates,  # type: ignore[arg-type]
    )


def test_a_full_list_has_no_shortfall() -> None:
    rules = constraints([[0, 0, 0]], [True] * 3)
    assert shortfalls(found([2, 0]), rules, k=2, n_items=3) == (None,)


def test_every_cause_is_counted() -> None:
    rules = constraints([[1, 1, 0, 0]], [True, True, True, False])
    (why,) = shortfalls(found([2, -1, -1]), rules, k=3, n_items=4)
    assert why == (
        "1 of 3 items: 4 in the catalog, 1 filtered, expired, blocked or not for this person, "
        "2 seen, own, muted or excluded."
    )


def test_candidates_are_a_cause() -> None:
    rules = constraints([[0, 0]], [True] * 2, candidates=[np.array([1], np.int32)])
    (why,) = shortfalls(found([1, -1]), rules, k=2, n_items=2)
    assert why == "1 of 2 items: 2 in the catalog, 1 candidates given."


def test_a_catalog_that_has_all_expired_says_so() -> None:
    model = tiny_model(tiny_catalog(expires_at=["2024-01-01"] * 8))
    top = model.recommend(["ana", "stranger"], k=3)
    assert not top.item_ids.any()
    assert top.shortfall[1] == (
        "0 of 3 items: 8 in the catalog, 8 filtered, expired, blocked or not for this person."
    )


def test_two_long_filters_of_one_call_are_told_apart() -> None:
    many = [f"x{at}" for at in range(5000)]  # numpy shortens the text of a long array
    filters = [{"title": np.array([*many, one, *many])} for one in ("On g1", "On n1")]
    top = tiny_shared().recommend(["stranger", "another"], k=1, where=filters)
    assert top.item_ids[:, 0].tolist() == ["g1", "n1"]
