import json
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pytest

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ArtifactError
from recsys.index import (
    CodeIndex,
    ExactIndex,
    FaissConfig,
    FaissIndex,
    IndexConfig,
    NarrowIndex,
    build_index,
    choose_index,
    load_index,
)
from recsys.index.codes.tune import Sample
from recsys.testing.contracts import assert_same, grouped_vectors

Kind: TypeAlias = Literal["exact", "hnsw"]

SMALL = FaissConfig(m=8, ef_construction=40)


def test_a_small_catalog_is_searched_exactly() -> None:
    assert isinstance(build_index(grouped_vectors(50, seed=1)), ExactIndex)


def test_the_limit_counts_numbers_not_items() -> None:
    config = IndexConfig(exact_up_to=100, faiss=SMALL)  # 6,400 numbers
    vectors = grouped_vectors(401, seed=1)
    assert isinstance(build_index(vectors[:400], config=config), ExactIndex)
    assert isinstance(build_index(vectors, config=config), CodeIndex)


@pytest.mark.parametrize(("kind", "cls"), [("exact", ExactIndex), ("hnsw", FaissIndex)])
def test_a_kind_by_name_is_that_kind(kind: Kind, cls: type[ExactIndex | FaissIndex]) -> None:
    index = build_index(grouped_vectors(20, seed=1), config=IndexConfig(kind=kind, faiss=SMALL))
    assert isinstance(index, cls)


def test_flat_is_a_former_name_of_exact() -> None:
    built = choose_index(grouped_vectors(20, seed=1), config=IndexConfig(kind="flat"))
    assert isinstance(built.index, ExactIndex)
    assert built.note == "index: exact, which replaces kind flat"


def test_codes_are_fitted_and_judged_on_other_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, float]] = []

    def narrow(exact: ExactIndex, queries: FloatMatrix, sample: Sample, **settings: Any) -> None:
        fitted, judged = {tuple(q) for q in queries}, {tuple(q) for q in sample.queries}
        assert not fitted & judged
        asked.append((len(judged), sample.k, settings["target"]))

    monkeypatch.setattr("recsys.index.choose.tuned_index", narrow)
    config = IndexConfig(exact_up_to=0, n_queries=15, recall_target=0.9)
    built = choose_index(
        grouped_vectors(100, seed=1), config=config, queries=grouped_vectors(40, seed=2)
    )
    assert asked == [(15, 10, 0.9)]
    assert isinstance(built.index, ExactIndex)
    assert built.note == "index: exact, no code finds 0.9 of the best 10"


def test_a_large_catalog_is_coded_and_a_larger_one_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.index.codes.tune._ends_early", lambda *_: False)
    vectors = grouped_vectors(900, seed=1)
    for graph_from, linked in ((1000, False), (900, True)):
        config = IndexConfig(exact_up_to=0, graph_from=graph_from, recall_target=0.9, links=8)
        built = choose_index(vectors, config=config, queries=grouped_vectors(80, seed=2))
        assert isinstance(built.index, CodeIndex)
        assert built.index.has_links is linked
        assert built.measured["recall"] >= 0.9
        assert ("linked" in built.note) is linked
        assert ("scanned on average" in built.note) is not linked


def test_without_queries_items_stand_in() -> None:
    config = IndexConfig(kind="codes", recall_target=0.5)
    assert isinstance(build_index(grouped_vectors(300, seed=1), config=config), CodeIndex)


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_any_saved_index_opens_as_what_it_was(tmp_path: Path, kind: Kind) -> None:
    index = build_index(np.eye(5), config=IndexConfig(kind=kind, faiss=SMALL))  # type: ignore[arg-type]
    index.save(tmp_path / "index")
    assert type(load_index(tmp_path / "index")) is type(index)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="must hold a saved index"):
        load_index(tmp_path / "nothing")


def test_settings_survive_json() -> None:
    config = IndexConfig(kind="hnsw", faiss=FaissConfig(m=8))
    assert IndexConfig.from_dict(config.to_dict()) == config


def test_narrow_is_a_former_name_of_codes(tmp_path: Path) -> None:
    vectors, queries = grouped_vectors(300, seed=1), grouped_vectors(9, seed=2)
    config = IndexConfig(kind="narrow", recall_target=0.9)
    index = build_index(vectors, config=config)
    assert isinstance(index, NarrowIndex)
    assert NarrowIndex is CodeIndex
    index.save(tmp_path / "index")
    path = tmp_path / "index" / "index.json"
    manifest = json.loads(path.read_text()) | {"kind": "narrow", "effort": index.n_candidates}
    former = {"filter_widening": "spread", "min_share_for_graph": "walk_share"}
    manifest |= {old: manifest.pop(name) for name, old in former.items()}
    del manifest["n_candidates"], manifest["n_with_extra"]
    path.write_text(json.dumps(manifest | {"beside": 70}))
    loaded = load_index(tmp_path / "index")
    assert isinstance(loaded, CodeIndex)
    assert loaded.n_with_extra == 70
    assert loaded.filter_widening == index.filter_widening
    assert_same(loaded.search(queries, k=5), index.search(queries, k=5))
