"""Each kind of extension is added from outside the library, in a short script."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import recsys
from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ArtifactError, ConfigError
from recsys.datasets import synthetic_world
from recsys.index import INDEXES, IndexConfig, VectorIndex
from recsys.ranking import OPERATORS, parse_filter
from recsys.testing import VectorIndexContract

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "examples").rglob("add_a*.py"))


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"examples/extend/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """Leave no extension behind for other tests."""
    yield
    INDEXES.pop("half", None)
    OPERATORS.pop("contains", None)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_an_extension_takes_under_sixty_lines_and_imports_only_public_names(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert "import _" not in text


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_an_extension_is_in_the_guide(path: Path) -> None:
    assert path.name in (ROOT / "docs/guides/extend.md").read_text(encoding="utf-8")


class TestHalfIndex(VectorIndexContract):
    """The index of the example holds to the contract of every index."""

    min_recall = 0.99
    is_exact = False

    def build(self, vectors: FloatMatrix) -> VectorIndex:
        index: VectorIndex = script("add_an_index").HalfIndex(vectors)
        return index


def test_an_index_of_an_unknown_kind_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="kind must be one of auto, exact"):
        IndexConfig(kind="half")
    script("add_an_index")
    events, catalog, _ = synthetic_world(20, 15)
    config = recsys.RecommenderConfig(preset="fast", index=IndexConfig(kind="half"))
    model = recsys.Recommender.fit(events, catalog, config=config)
    model.save(tmp_path / "model")
    same = recsys.load(tmp_path / "model").recommend([events.users.id(0)], k=5)
    assert same.item_ids.tolist() == model.recommend([events.users.id(0)], k=5).item_ids.tolist()
    del INDEXES["half"]
    with pytest.raises((ArtifactError, ConfigError)):
        recsys.load(tmp_path / "model")


def test_a_metric_of_your_own_is_measured_for_each_person() -> None:
    first_rank = script("add_a_metric").first_rank
    relevant = sp.csr_matrix([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    ranked = np.array([[0, 2], [0, 1], [2, -1]], dtype=np.int32)
    assert first_rank(ranked, relevant, 2).tolist() == [2.0, 1.0, 3.0]


def test_an_operator_of_your_own_is_parsed_printed_and_joined() -> None:
    with pytest.raises(ConfigError, match="must have =, !="):
        parse_filter("title contains gate")
    script("add_a_filter_operator")
    items = {"item_id": ["a", "b", "c"], "title": ["A Gate", "Noise", None]}
    catalog = recsys.Catalog.from_frame(items)
    for text, held in [
        ("title contains gate", [True, False, False]),
        ("title CONTAINS (gate, noise)", [True, True, False]),
        ("title not contains gate and item_id != c", [False, True, False]),
    ]:
        where = parse_filter(text)
        assert where.mask(catalog).tolist() == held
        assert parse_filter(str(where)) == where
        assert where.columns >= {"title"}
    with pytest.raises(ConfigError, match="use has"):
        parse_filter("tags contains gate").mask(catalog)
    with pytest.raises(ConfigError, match="nearest: 'title'"):
        parse_filter("titel contains gate").mask(catalog)


def test_a_command_of_your_own_has_the_exit_codes_of_the_others(tmp_path: Path) -> None:
    words = [sys.executable, str(ROOT / "examples/extend/add_a_command.py"), "count", "nothing"]
    done: Any = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_re_ranker_keeps_the_best_first_and_repeats_nothing() -> None:
    diversified = script("add_a_re_ranker").diversified
    events, catalog, people = synthetic_world(40, 30)
    model = recsys.Recommender.fit(
        events, catalog, users=people, config=recsys.RecommenderConfig(preset="fast")
    )
    ids = [events.users.id(row) for row in range(3)]
    plain = model.recommend(ids, k=5).item_ids
    assert diversified(model, ids, k=5, weight=0.0).tolist() == plain.tolist()
    other = diversified(model, ids, k=5, weight=0.9)
    assert other[:, 0].tolist() == plain[:, 0].tolist()
    assert all(len(set(line)) == 5 for line in other.tolist())
