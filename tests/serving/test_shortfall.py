"""Why a list is short."""

import numpy as np
import scipy.sparse as sp

from recsys.core.topk import TopK
from recsys.serving.constraints import Constraints
from recsys.serving.shortfall import shortfalls
from tests.serving.world import tiny_catalog, tiny_model


def found(*rows: list[int]) -> TopK:
    table = np.array(rows, dtype=np.int32)
    return TopK(table, np.where(table < 0, -np.inf, 1.0).astype(np.float32))


def constraints(excluded: list[list[float]], mask: list[bool], **more: object) -> Constraints:
    rows = np.array(excluded, dtype=np.float32)
    candidates = more.get("candidates")
    return Constraints(
        sp.csr_matrix(rows),
        [np.array(mask)],
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
