from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import pytest

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ArtifactError
from recsys.index import (
    ExactIndex,
    FaissConfig,
    FaissIndex,
    IndexConfig,
    TunedSearch,
    VectorIndex,
    build_index,
    load_index,
)
from recsys.testing.contracts import grouped_vectors

Kind: TypeAlias = Literal["exact", "hnsw", "flat"]

SMALL = FaissConfig(m=8, ef_construction=40)


def test_a_small_catalog_is_searched_exactly() -> None:
    assert isinstance(build_index(grouped_vectors(50, seed=1)), ExactIndex)


def test_the_limit_counts_numbers_not_items() -> None:
    config = IndexConfig(exact_up_to=100, faiss=SMALL)  # 6,400 numbers
    vectors = grouped_vectors(401, seed=1)
    assert isinstance(build_index(vectors[:400], config=config), ExactIndex)
    assert isinstance(build_index(vectors, config=config), FaissIndex)


@pytest.mark.parametrize(("kind", "cls"), [("exact", ExactIndex), ("hnsw", FaissIndex)])
def test_a_kind_by_name_is_that_kind(kind: Kind, cls: type[ExactIndex | FaissIndex]) -> None:
    index = build_index(grouped_vectors(20, seed=1), config=IndexConfig(kind=kind, faiss=SMALL))
    assert isinstance(index, cls)


def test_flat_is_faiss_without_a_graph() -> None:
    index = build_index(grouped_vectors(20, seed=1), config=IndexConfig(kind="flat"))
    assert isinstance(index, FaissIndex)
    assert index.config.kind == "flat"


def test_the_graph_is_tuned_on_the_queries_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, float]] = []

    def tune(
        index: VectorIndex, exact: VectorIndex, queries: FloatMatrix, *, k: int, target: float
    ) -> TunedSearch:
        asked.append((len(queries), k, target))
        return TunedSearch(77, 0.99, needs_exact=False)

    monkeypatch.setattr("recsys.index.choose.tune_search", tune)
    config = IndexConfig(exact_up_to=0, n_queries=30, recall_target=0.9, faiss=SMALL)
    index = build_index(
        grouped_vectors(100, seed=1), config=config, queries=grouped_vectors(40, seed=2)
    )
    assert asked == [(30, 10, 0.9)]
    assert isinstance(index, FaissIndex)
    assert index.config.ef_search == 77


def test_a_graph_that_finds_too_little_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        "recsys.index.choose.tune_search", lambda *_, **__: TunedSearch(4096, 0.5, needs_exact=True)
    )
    config = IndexConfig(exact_up_to=0, faiss=SMALL)
    assert isinstance(build_index(grouped_vectors(100, seed=1), config=config), ExactIndex)
    assert "finds 0.500 of the best 10" in caplog.text


@pytest.mark.parametrize("kind", ["exact", "hnsw", "flat"])
def test_any_saved_index_opens_as_what_it_was(tmp_path: Path, kind: Kind) -> None:
    index = build_index(np.eye(5), config=IndexConfig(kind=kind, faiss=SMALL))  # type: ignore[arg-type]
    index.save(tmp_path / "index")
    assert type(load_index(tmp_path / "index")) is type(index)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="must hold a saved index"):
        load_index(tmp_path / "nothing")


def test_settings_survive_json() -> None:
    config = IndexConfig(kind="hnsw", faiss=FaissConfig(storage="int8"))
    assert IndexConfig.from_dict(config.to_dict()) == config
