"""Parts of a saved model that do not fit are disliked before native code reads them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recsys
from recsys.core.artifact import read_arrays, read_manifest
from recsys.serving.state.checks import check_arrays, check_snapshot
from tests.serving.state.test_saved import get_array, put_array, refusal
from tests.serving.world import made_up_model, tiny_catalog, tiny_events


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model with sparse and dense parts; no test changes it."""
    config = recsys.RecommenderConfig.from_dict(
        {
            "hybrid": {
                "blocks": [{"kind": one} for one in ("popularity", "content", "ease", "item_knn")],
                "weights": {"ease": [1], "item_knn": [1], "content": [1], "popularity": [1]},
            }
        }
    )
    catalog = tiny_catalog(visible_to=["role = staff", *[None] * 7])
    people = recsys.People.from_frame({"user_id": ["ana"], "role": ["staff"]})
    folder = tmp_path_factory.mktemp("checked") / "model"
    recsys.Recommender.fit(tiny_events(), catalog, users=people, config=config).save(folder)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy of it to harm."""
    shutil.copytree(original, tmp_path / "model")
    return tmp_path / "model"


def test_a_sound_folder_passes(original: Path) -> None:
    manifest = read_manifest(original, kind="recsys-model", major=1)
    check_arrays(read_arrays(original, manifest, prefix=""))
    check_snapshot(recsys.load(original).snapshot)
    check_snapshot(made_up_model("balanced").snapshot)


MATRICES = [
    "pairs/seen/", "pairs/refused/", "people/history/", "profiles/", "blocks/1/features_",
    "blocks/3/", "data/catalog/tags/",
]  # fmt: skip

BREAKS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "an index beyond the end": ("indices", lambda a: np.where(np.arange(len(a)) == 0, 10**6, a)),
    "an index below 0": ("indices", lambda a: np.where(np.arange(len(a)) == 0, -1, a)),
    "too few indices": ("indices", lambda a: a[:-1]),
    "too few values": ("data", lambda a: a[:-1]),
    "values of another type": ("data", lambda a: a.astype(np.float64)),
    "rows that go backwards": ("indptr", lambda a: np.concatenate([a[:1], a[:0:-1]])),
    "rows that end too late": ("indptr", lambda a: np.concatenate([a[:-1], a[-1:] + 9])),
    "no rows": ("indptr", lambda a: a[:0]),
}


@pytest.mark.parametrize("stem", MATRICES)
@pytest.mark.parametrize("harm", BREAKS)
def test_a_broken_sparse_matrix_is_refused(folder: Path, stem: str, harm: str) -> None:
    part, change = BREAKS[harm]
    array = get_array(folder, stem + part)
    put_array(folder, stem + part, change(array).astype(change(array).dtype))
    if array.dtype.kind == "i":
        put_array(folder, stem + part, change(array).astype(array.dtype))
    refusal(folder)


@pytest.mark.parametrize(
    "name",
    [
        "weights", "people/vectors", "scales", "people/buckets", "people/personal",
        "people/age_days", "people/holds", "items/eligible", "items/expression_of",
        "blocks/0/item_factors", "blocks/1/item_factors", "blocks/2/item_weights", "index/vectors",
        "data/authors/rows", "data/events/item_rows",
    ],
)  # fmt: skip
def test_a_part_of_another_length_is_refused(folder: Path, name: str) -> None:
    put_array(folder, name, get_array(folder, name)[:-1])
    refusal(folder)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("people/vectors", "<f8"), ("scales", "<i4"), ("people/buckets", "<f4"),
        ("items/eligible", "|u1"), ("weights", "<f4"), ("people/holds", "|i1"),
        ("blocks/0/item_factors", "<U8"), ("data/users/offsets", "<i4"),
    ],
)  # fmt: skip
def test_a_part_of_another_type_is_refused(folder: Path, name: str, dtype: str) -> None:
    put_array(folder, name, get_array(folder, name).astype(dtype))
    refusal(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("people/buckets", 100), ("people/buckets", -1), ("items/expression_of", 1),
        ("items/expression_of", -2), ("weights", np.nan), ("data/users/order", 99),
        ("data/users/offsets", 10**9), ("data/users/bytes", 255), ("data/events/user_rows", 99),
        ("data/catalog/tag_names.offsets", 10**9), ("data/catalog/tag_names.codes", 99),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused(folder: Path, name: str, value: Any) -> None:
    array = get_array(folder, name)
    array.flat[-1] = value
    put_array(folder, name, array)
    refusal(folder)
