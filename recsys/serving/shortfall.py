"""Why a list is shorter than asked."""

from __future__ import annotations

import numpy as np

from recsys.core.topk import TopK
from recsys.serving.constraints import Constraints


def shortfalls(
    best: TopK, constraints: Constraints, *, k: int, n_items: int
) -> tuple[str | None, ...]:
    """Return one sentence per short list, and None for full ones.

    Parameters
    ----------
    best : TopK
        The lists found.
    constraints : Constraints
        What each person may see.
    k : int
        The length asked for.
    n_items : int
        Size of the catalog.
    """
    found = best.n_found
    n_left_out = np.diff(constraints.excluded.indptr)
    n_allowed = [int(mask.sum()) for mask in constraints.masks]
    out: list[str | None] = []
    for line, n_found in enumerate(found.tolist()):
        if n_found >= k:
            out.append(None)
            continue
        causes = [f"{n_items} in the catalog"]
        if constraints.candidates is not None:
            causes.append(f"{len(constraints.candidates[line])} candidates given")
        denied = n_items - n_allowed[constraints.mask_of[line]]
        if denied:
            causes.append(f"{denied} filtered, expired, blocked or not for this person")
        if n_left_out[line]:
            causes.append(f"{n_left_out[line]} seen, own, muted or excluded")
        out.append(f"{n_found} of {k} items: {', '.join(causes)}.")
    return tuple(out)
