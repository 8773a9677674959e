"""Consistency checks of a saved model: native code would read beyond array ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.artifact import check_csr
from recsys.core.errors import ArtifactError
from recsys.models import ItemItemBlock, VectorBlock
from recsys.serving.state.access import PAIRS
from recsys.serving.state.snapshot import Snapshot

Arrays = Mapping[str, npt.NDArray[Any]]

PLAIN = "biufM"
"""Kinds of dtype that a saved array may have: truth, numbers and times."""

DTYPES = {
    "weights": "<f8",
    "people/vectors": "<f4",
    "scales": "<f8",
    "people/buckets": "|i1",
    "people/personal": "|b1",
    "people/holds": "|b1",
    "people/age_days": "<f4",
    "items/eligible": "|b1",
    "items/expression_of": "<i4",
}
"""What requests read as it is."""


def check_arrays(arrays: Arrays) -> None:
    """Check the dtypes, and that each sparse matrix kept in parts is one.

    Parameters
    ----------
    arrays : mapping of name to array
        All arrays of the folder.

    Raises
    ------
    ArtifactError
        If one is of another dtype, or the parts of a matrix do not fit.
    """
    for name, array in arrays.items():
        wanted = DTYPES.get(name)
        if array.dtype.kind not in PLAIN or (wanted and array.dtype != np.dtype(wanted)):
            shown = wanted or "of plain numbers"
            raise ArtifactError(
                f"the saved array {name!r} must be {shown}; it is {array.dtype.str}. Refit."
            )
        if name.endswith("indptr") and not name.startswith("data/"):  # data/ checks its own
            stem = name.removesuffix("indptr")
            _check_matrix(stem, arrays)


def _check_matrix(stem: str, arrays: Arrays) -> None:
    parts = [arrays[stem + part] for part in ("data", "indices", "indptr")]
    if f"{stem}shape" in arrays:
        n_rows, n_columns = arrays[f"{stem}shape"].tolist()
    else:
        n_rows, n_columns = len(parts[2]) - 1, _n_columns(stem, arrays)
    check_csr(stem.rstrip("/_"), parts, shape=(n_rows, n_columns))


def _n_columns(stem: str, arrays: Arrays) -> int:
    """Return the width of a matrix that was saved without its shape."""
    if stem == "profiles/":  # items by tags
        return len(arrays["profiles/idf"])
    if stem.endswith("features_"):  # content: items by tags
        return len(arrays[stem.replace("features_", "tag_factors")])
    return len(arrays[f"{stem}indptr"]) - 1  # a kernel: items by items


def check_snapshot(snapshot: Snapshot) -> None:
    """Check that all parts of a loaded snapshot speak of the same people, items, tags and blocks.

    Raises
    ------
    ArtifactError
        If one does not; the message names it.
    """
    found = _shapes(snapshot)
    for name, (shape, wanted) in found.items():
        if shape != wanted:
            raise ArtifactError(
                f"the saved part {name!r} must have shape {wanted}; it has {shape}. Refit."
            )
    table, model = snapshot.visibility, snapshot.model
    if not np.isfinite(model.weights).all():
        raise ArtifactError("the saved array 'weights' must be finite; it is not. Refit.")
    _check_range("people/buckets", snapshot.states.buckets, 0, model.n_buckets)
    _check_range("items/expression_of", table.expression_of, -1, table.holds.shape[1])


def _shapes(snapshot: Snapshot) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return the shape that each part has and the one that it must have, by name."""
    users, items, tags = snapshot.n_users, snapshot.n_items, snapshot.item_profiles.n_tags
    queries, states, model = snapshot.queries, snapshot.states, snapshot.model
    blocks, factors = len(model.blocks), model.item_factors.shape[1]
    index, table = snapshot.index, snapshot.visibility
    out = {
        "weights": (model.weights.shape, (model.n_buckets, blocks)),
        "index": ((index.n_items, index.n_factors), (items, factors)),
        "profiles": (snapshot.item_profiles.matrix.shape, (items, tags)),
        "people/history": (queries.history.shape, (users, items)),
        "people/age_days": (queries.age_days.shape, (queries.history.nnz,)),
        "people/tags": (queries.tags.shape, (users, tags)),
        "people/vectors": (states.vectors.shape, (users, factors)),
        "scales": (model.scales.shape, (blocks,)),
        "people/buckets": (states.buckets.shape, (users,)),
        "people/personal": (snapshot.personal.shape, (users,)),
        "people/holds": (table.holds.shape, (users + 1, table.holds.shape[-1])),
        "items/eligible": (snapshot.eligible.shape, (items,)),
        "items/expression_of": (table.expression_of.shape, (items,)),
        "items": ((len(snapshot.dataset.catalog.items),), (items,)),
    }
    for name, saved in PAIRS.items():
        out[f"pairs/{saved}"] = (getattr(snapshot, name).shape, (users, items))
    for at, block in enumerate(model.blocks):
        if isinstance(block, VectorBlock):
            out[f"blocks/{at}"] = (block.item_factors.shape[:1], (items,))
        elif isinstance(block, ItemItemBlock):  # it knows the items of the fit
            known = block.n_known_items
            out[f"blocks/{at}"] = ((known,), (snapshot.lineage.n_items,))
    return out


def _check_range(name: str, array: npt.NDArray[Any], low: int, end: int) -> None:
    if len(array) and (int(array.min()) < low or int(array.max()) >= end):
        raise ArtifactError(
            f"the saved array {name!r} must lie in {low}..{end - 1}; "
            f"it spans {array.min()}..{array.max()}. Refit."
        )
