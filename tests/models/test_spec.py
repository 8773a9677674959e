"""Blocks by name."""

import pytest

from recsys.core.errors import ConfigError
from recsys.models.blocks.neighbours.ease import EASEBlock, EASEConfig
from recsys.models.blocks.neighbours.item_knn import ItemKNNConfig
from recsys.models.blocks.popularity.popularity import PopularityBlock
from recsys.models.spec import BLOCKS, BlockSpec, check_labels, register_block


@pytest.mark.parametrize("kind", BLOCKS)
def test_each_kind_builds_its_block_under_its_name(kind: str) -> None:
    if kind == "lightfm":
        pytest.importorskip("lightfm")
    block = BlockSpec(kind=kind, name="mine").build()
    assert isinstance(block, BLOCKS[kind][0])
    assert block.name == "mine"


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_spec_survives_plain_values(kind: str) -> None:
    spec = BlockSpec(kind=kind)
    assert BlockSpec.from_dict(spec.to_dict()) == spec


def test_settings_reach_the_block() -> None:
    spec = BlockSpec(kind="ease", settings={"regularization": 7.0})
    assert spec.block_config().to_dict()["regularization"] == 7.0


def test_the_kind_is_the_name_unless_one_is_given() -> None:
    assert BlockSpec(kind="ease").label == "ease"
    assert BlockSpec(kind="ease", name="wide").label == "wide"


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"kind must be one of popularity, .*got 'magic'"):
        BlockSpec(kind="magic")


def test_an_unknown_setting_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="has no setting 'size'"):
        BlockSpec(kind="ease", settings={"size": 3})


def kinds_with(fact: str) -> set[str]:
    return {kind for kind in BLOCKS if getattr(BlockSpec(kind=kind).block_class, fact)}


def test_a_block_says_what_it_learns_from() -> None:
    every = set(BLOCKS)
    assert every - kinds_with("is_personal") == kinds_with("counts_events") == {"popularity"}
    assert every - kinds_with("learns_from_events") == {"content"}
    tags = {"affinity", "content", "new_items"}
    assert every - kinds_with("is_collaborative") == {"popularity", *tags}


def test_a_kind_is_registered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(BLOCKS, "ease")
    for _ in range(2):  # a module may be imported again
        register_block("ease", EASEBlock, EASEConfig)
    assert isinstance(BlockSpec(kind="ease").build(), EASEBlock)
    with pytest.raises(ConfigError, match="'ease' is EASEBlock already"):
        register_block("ease", PopularityBlock, EASEConfig)


def test_names_must_differ() -> None:
    check_labels((BlockSpec(kind="ease"), BlockSpec(kind="ease", name="other")))
    with pytest.raises(ConfigError, match="'ease' occurs twice"):
        check_labels((BlockSpec(kind="ease"), BlockSpec(kind="popularity", name="ease")))


def test_a_setting_is_known_by_its_former_name_and_given_once() -> None:
    spec = BlockSpec(kind="item_knn", settings={"n_neighbours": 7})
    assert spec == BlockSpec(kind="item_knn", settings={"n_neighbors": 7})
    assert spec.settings == {"n_neighbors": 7}
    assert spec.block_config().to_dict()["n_neighbors"] == 7
    assert ItemKNNConfig.rp3beta(n_neighbours=7) == ItemKNNConfig.rp3beta(n_neighbors=7)
    with pytest.raises(ConfigError, match="n_neighbours is called n_neighbors now"):
        BlockSpec(kind="item_knn", settings={"n_neighbours": 7, "n_neighbors": 8})


def test_the_word_none_is_none() -> None:
    spec = BlockSpec(kind="popularity", settings={"half_life_days": "none"})
    assert spec.settings == {"half_life_days": None}
