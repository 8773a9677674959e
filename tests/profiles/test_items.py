import json
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.data import Catalog
from recsys.profiles.items import ItemProfiles, build_item_profiles
from recsys.profiles.profileconfig import ProfileConfig
from recsys.profiles.terms import TextConfig

EVERY_WORD = ProfileConfig(text=TextConfig(min_df=1))


def catalog_of(**columns: Any) -> Catalog:
    n_items = len(next(iter(columns.values())))
    return Catalog.from_frame({"item_id": [f"q{i}" for i in range(n_items)], **columns})


def weights_of(profiles: ItemProfiles, row: int) -> dict[tuple[str, str], float]:
    line = profiles.matrix[[row]].tocoo()
    keys = list(zip(profiles.tags.families, profiles.tags.names, strict=True))
    return {keys[at]: value for at, value in zip(line.col, line.data.tolist(), strict=True)}


@pytest.fixture
def mixed() -> Catalog:
    return catalog_of(
        title=["Quantum gates", "Noise in gates", None, "量子计算"],
        text=["How do gates work?", None, None, "量子"],
        tags=["gates|circuits", "gates|noise", None, "gates"],
        format=["video", "article", None, "video"],
        author_id=["ana", "bo", None, "ana"],
        language=["en", "en", None, "zh"],
        community_id=["physics", None, None, "physics"],
        level=[1, 2, None, 1],
    )


def test_every_family_that_the_catalog_speaks_of_is_there(mixed: Catalog) -> None:
    tags = build_item_profiles(mixed, EVERY_WORD).tags
    assert list(dict.fromkeys(tags.families)) == [
        "topic", "format", "level", "language", "community", "author", "text",
    ]  # fmt: skip
    assert ("level", "1") in set(zip(tags.families, tags.names, strict=True))


def test_rows_have_length_one_or_are_empty(mixed: Catalog) -> None:
    lengths = sp.linalg.norm(build_item_profiles(mixed, EVERY_WORD).matrix, axis=1)
    assert lengths == pytest.approx([1, 1, 0, 1], abs=1e-6)


def test_features_of_the_same_catalog_are_the_profiles_themselves(mixed: Catalog) -> None:
    profiles = build_item_profiles(mixed, EVERY_WORD)
    again = profiles.features_of(mixed)
    assert (again != profiles.matrix).nnz == 0


def test_a_new_item_is_described_in_the_old_vocabulary(mixed: Catalog) -> None:
    profiles = build_item_profiles(mixed, EVERY_WORD)
    new = Catalog.from_frame(
        {"item_id": ["new", "bare"], "tags": ["gates|tea", "tea"], "author_id": ["ana", "cy"]}
    )
    features = profiles.features_of(new)
    assert features.shape == (2, profiles.n_tags)
    known = {profiles.tags.names[at] for at in features[[0]].indices}
    assert known == {"gates", "ana"}
    assert features[[1]].nnz == 0


def test_weights_are_the_formula_by_hand() -> None:
    catalog = catalog_of(tags=["a|b", "a"], format=["video", "video"])
    profiles = build_item_profiles(catalog, ProfileConfig(family_weights={"format": 0.5}))
    idf_a, idf_b = np.log(1 + 0.5 / 2.5), np.log(1 + 1.5 / 1.5)
    raw = np.array([idf_a / np.sqrt(2), idf_b / np.sqrt(2), 0.5 * idf_a])
    expected = raw / np.linalg.norm(raw)
    got = weights_of(profiles, 0)
    assert list(got) == [("topic", "a"), ("topic", "b"), ("format", "video")]
    assert list(got.values()) == pytest.approx(expected.tolist(), rel=1e-5)


def test_tags_alone_are_enough() -> None:
    tags = {"item_id": ["q1", "q2", "q2"], "tag": ["a", "a", "b"], "weight": [1.0, 1.0, 3.0]}
    profiles = build_item_profiles(Catalog.from_frame(item_tags=tags))
    assert profiles.matrix.shape == (2, 2)
    assert weights_of(profiles, 1)["topic", "b"] > weights_of(profiles, 1)["topic", "a"]


def test_text_alone_is_enough() -> None:
    profiles = build_item_profiles(
        catalog_of(text=["gates and noise", "noise and tea", "tea", "gates"])
    )
    assert set(profiles.tags.families) == {"text"}
    similar = (profiles.matrix @ profiles.matrix.T).toarray()
    assert similar[0, 3] > similar[0, 2]


def test_nothing_at_all_gives_a_matrix_without_tags() -> None:
    for catalog in (Catalog.empty(), catalog_of(url=["u", "v"])):
        profiles = build_item_profiles(catalog)
        assert profiles.n_tags == 0
        assert profiles.matrix.shape == (catalog.n_items, 0)
        assert profiles.features_of(catalog).shape == (catalog.n_items, 0)


def test_a_family_of_weight_zero_is_left_out(mixed: Catalog) -> None:
    config = ProfileConfig(family_weights={"text": 0, "author": 0})
    families = set(build_item_profiles(mixed, config).tags.families)
    assert {"topic", "format"} <= families
    assert not families & {"text", "author"}


def test_a_louder_family_takes_more_of_the_row() -> None:
    catalog = catalog_of(tags=["a", "b"], format=["video", "article"])
    shares = [
        weights_of(build_item_profiles(catalog, ProfileConfig(family_weights={"format": w})), 0)[
            "format", "video"
        ]
        for w in (0.1, 1.0, 3.0)
    ]
    assert shares == sorted(shares)
    assert shares[1] == pytest.approx(np.sqrt(0.5), rel=1e-5)


def test_a_language_that_every_item_has_says_almost_nothing() -> None:
    catalog = catalog_of(language=["en"] * 30, tags=[f"t{i // 2}" for i in range(30)])
    assert weights_of(build_item_profiles(catalog), 0)["language", "en"] < 0.01


def test_a_family_named_in_the_tags_file_joins_its_column() -> None:
    items = {"item_id": ["q1", "q2"], "format": ["video", "article"]}
    tags = {"item_id": ["q1", "q2"], "tag": ["video", "calm"], "family": ["format", "mood"]}
    profiles = build_item_profiles(Catalog.from_frame(items, item_tags=tags))
    pairs = list(zip(profiles.tags.families, profiles.tags.names, strict=True))
    assert sorted(pairs) == [("format", "article"), ("format", "video"), ("mood", "calm")]
    assert weights_of(profiles, 0) == pytest.approx({("format", "video"): 1.0})


def test_an_item_has_its_heaviest_terms_only() -> None:
    text = " ".join(f"word{chr(97 + i)}" for i in range(20))
    config = ProfileConfig(text=TextConfig(min_df=1, terms_per_item=5))
    profiles = build_item_profiles(catalog_of(text=[text, "worda wordb"]), config)
    assert np.diff(profiles.matrix.indptr).tolist() == [5, 2]
    assert sp.linalg.norm(profiles.matrix, axis=1) == pytest.approx([1, 1], abs=1e-6)


def test_ids_of_any_sort_name_authors() -> None:
    one = UUID(int=1)
    for author, name in ((42, "42"), (one, str(one))):
        profiles = build_item_profiles(catalog_of(author_id=[author, None]))
        assert profiles.tags.names == (name,)


def test_without_idf_common_tags_weigh_as_much_as_rare_ones() -> None:
    catalog = catalog_of(tags=["a|b", "a"])
    got = weights_of(build_item_profiles(catalog, ProfileConfig(use_idf=False)), 0)
    assert got["topic", "a"] == pytest.approx(got["topic", "b"])


def test_saving_and_loading_changes_nothing(mixed: Catalog) -> None:
    profiles = build_item_profiles(mixed, EVERY_WORD)
    arrays = profiles.to_arrays()
    assert all(array.dtype.kind in "uif" for array in arrays.values())
    config = ProfileConfig.from_dict(json.loads(json.dumps(profiles.config.to_dict())))
    again = ItemProfiles.from_arrays(arrays, config)
    assert (again.matrix != profiles.matrix).nnz == 0
    assert again.tags.names == profiles.tags.names
    assert (again.features_of(mixed) != profiles.matrix).nnz == 0


def test_the_matrix_is_read_only_and_of_the_house_types(mixed: Catalog) -> None:
    matrix = build_item_profiles(mixed).matrix
    assert (matrix.dtype, matrix.indices.dtype) == (np.float32, np.int32)
    assert not matrix.data.flags.writeable


def test_the_order_of_items_does_not_matter(mixed: Catalog) -> None:
    profiles = build_item_profiles(mixed, EVERY_WORD)
    turned = mixed.aligned(type(mixed.items).of(["q3", "q1", "q0", "q2"]))
    other = build_item_profiles(turned, EVERY_WORD)
    for row, same in enumerate([3, 1, 0, 2]):
        assert weights_of(other, row) == pytest.approx(weights_of(profiles, same), rel=1e-5)
