"""A recommender as a folder, and back."""

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

import recsys
from recsys.core.artifact import write_manifest
from recsys.datasets import synthetic_world
from recsys.models import BLOCKS
from recsys.serving.state import saved
from tests.fixtures.make_model import FOLDERS, answers
from tests.serving.world import FAST, made_up_model, tiny_catalog, tiny_events, tiny_shared

SORTS: dict[str, Callable[[str], Any]] = {
    "text": lambda one: f"Zoë {one}",
    "int": lambda one: int(one[1:]) * 10**12,
    "uuid": lambda one: UUID(int=int(one[1:]) + 2**100),
}


@cache
def model_with(sort: str, preset: str) -> recsys.Recommender:
    """Fit on a made-up world whose ids are of one sort."""
    events, catalog, _ = synthetic_world(60, 40, seed=5)
    new = SORTS[sort]
    frame = events.to_frame().to_pydict()
    for name in ("user_id", "item_id"):
        frame[name] = [new(one) for one in frame[name]]
    tags = catalog.tags.tocoo()
    names = [catalog.tag_names[at] for at in tags.col.tolist()]
    items = catalog.items.ids(tags.row.astype(np.int32)).tolist()
    return recsys.Recommender.fit(
        recsys.EventLog.from_frame({key: column for key, column in frame.items() if any(column)}),
        recsys.Catalog.from_frame(
            {"item_id": [new(one) for one in catalog.items]},
            item_tags={"item_id": [new(one) for one in items], "tag": names},
        ),
        config=recsys.RecommenderConfig.from_dict({"preset": preset}),
    )


def tree(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    write_manifest(folder, manifest)


def put_array(folder: Path, name: str, array: Any, *, allow_pickle: bool = False) -> None:
    """Replace an array, and make the manifest agree: what somebody hostile would do."""
    path = folder / f"{name}.npy"
    np.save(path, array, allow_pickle=allow_pickle)
    entry = {
        "size": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "dtype": array.dtype.str,
        "shape": list(array.shape),
    }
    edit_manifest(folder, lambda manifest: manifest["files"].update({f"{name}.npy": entry}))


def get_array(folder: Path, name: str) -> Any:
    return np.load(folder / f"{name}.npy")


def refusal(folder: Path) -> str:
    """Return the one line with which a folder is disliked."""
    with pytest.raises(recsys.ArtifactError) as caught:
        recsys.load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model that no test changes."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    made_up_model("balanced").save(folder)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy of it to harm."""
    shutil.copytree(original, tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("preset", ["fast", "balanced"])
@pytest.mark.parametrize("sort", SORTS)
def test_a_round_trip_changes_no_answer(sort: str, preset: str, tmp_path: Path) -> None:
    model = model_with(sort, preset)
    model.save(tmp_path / "m")
    again = recsys.load(tmp_path / "m")
    people, items = [*model.users.ids().tolist(), "stranger"], model.items.ids().tolist()
    one, other = (each.recommend(people, k=7, explain=True) for each in (model, again))
    assert one.item_ids.tolist() == other.item_ids.tolist()
    assert one.scores.tolist() == other.scores.tolist()
    assert one.shortfall == other.shortfall
    assert one.reasons == other.reasons
    assert (one.model_version, one.answered_at) == (other.model_version, other.answered_at)
    histories = [items[:3], items[5:6], []]
    folded = [each.recommend_for_history(histories, k=5).scores.tolist() for each in (model, again)]
    assert folded[0] == folded[1]
    alike = [each.similar_items(items, k=5) for each in (model, again)]
    assert alike[0].item_ids.tolist() == alike[1].item_ids.tolist()
    for user in people[:5]:
        tables = [each.profile(user).to_frame() for each in (model, again)]
        assert tables[0].equals(tables[1])


def test_people_and_filters_survive_a_round_trip(original: Path) -> None:
    model, again = made_up_model("balanced"), recsys.load(original)
    for name in ("seen", "disliked", "own"):
        assert (getattr(model.snapshot, name) != getattr(again.snapshot, name)).nnz == 0
    assert again.snapshot.visibility.holds.tolist() == model.snapshot.visibility.holds.tolist()
    assert (again.config, again.notes) == (model.config, model.notes)
    assert again.dataset.people.table.equals(model.dataset.people.table)


def test_the_same_fit_has_the_same_bytes(tmp_path: Path) -> None:
    config = recsys.RecommenderConfig(**FAST)
    for name in ("one", "two"):
        recsys.Recommender.fit(tiny_events(), tiny_catalog(), config=config).save(tmp_path / name)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_saving_what_was_loaded_gives_the_same_bytes(original: Path, tmp_path: Path) -> None:
    recsys.load(original).save(tmp_path / "again")
    assert tree(tmp_path / "again") == tree(original)


def test_a_loaded_model_can_be_saved_over_itself(folder: Path) -> None:
    model = recsys.load(folder)
    before = model.recommend(["u1"]).item_ids.tolist()
    model.save(folder)
    assert model.recommend(["u1"]).item_ids.tolist() == before
    assert recsys.load(folder).recommend(["u1"]).item_ids.tolist() == before


def test_loaded_arrays_are_read_only_and_mapped(original: Path) -> None:
    snapshot = recsys.load(original).snapshot
    parts = [
        snapshot.states.vectors, snapshot.states.buckets, snapshot.personal, snapshot.eligible,
        snapshot.queries.history.data, snapshot.queries.age_days, snapshot.seen.data,
        snapshot.seen.indices, snapshot.model.item_factors, snapshot.model.weights,
        snapshot.dataset.events.user_rows, snapshot.item_profiles.matrix.data,
        snapshot.visibility.expression_of,
    ]  # fmt: skip
    assert [part.flags.writeable for part in parts] == [False] * len(parts)
    assert is_mapped(snapshot.states.vectors)
    assert is_mapped(snapshot.seen.data)
    assert is_mapped(snapshot.model.item_factors)


def is_mapped(array: Any) -> bool:
    """Say whether an array is a view, of a view, of a file."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


def test_the_folder_holds_no_pickle(original: Path) -> None:
    for path in original.rglob("*.npy"):
        np.load(path, allow_pickle=False)
    assert {path.suffix for path in original.rglob("*") if path.is_file()} == {
        ".npy", ".json", ".arrow",
    }  # fmt: skip


def test_the_manifest_describes_every_file(original: Path) -> None:
    manifest = json.loads((original / "manifest.json").read_text(encoding="utf-8"))
    described = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    found = tree(original)
    del found["manifest.json"]
    assert described == found
    assert manifest["format_version"] == [1, 2]


def test_a_fresh_process_answers_the_same(original: Path) -> None:
    code = (
        "import json, sys, recsys\n"
        "model = recsys.load(sys.argv[1])\n"
        "top = model.recommend(['u0', 'u1', 'stranger'], k=4, explain=True)\n"
        "assert 'pickle' not in getattr(model, '__dict__', {})\n"
        "print(json.dumps([top.item_ids.tolist(), top.scores.tolist(),"
        " [[r.text for r in one] for one in top.reasons[0]]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(original)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    top = made_up_model("balanced").recommend(["u0", "u1", "stranger"], k=4, explain=True)
    assert top.reasons is not None
    texts = [[reason.text for reason in one] for one in top.reasons[0]]
    assert json.loads(done.stdout) == [top.item_ids.tolist(), top.scores.tolist(), texts]


def test_events_may_stay_behind(tmp_path: Path) -> None:
    config = recsys.RecommenderConfig(**FAST, keep_events=False)
    model = recsys.Recommender.fit(tiny_events(), tiny_catalog(), config=config)
    model.save(tmp_path / "m")
    again = recsys.load(tmp_path / "m")
    assert again.dataset.events.n_events == 0
    everyone = [*model.users.ids(), "stranger"]
    one, other = model.recommend(everyone, k=5), again.recommend(everyone, k=5, explain=True)
    assert one.item_ids.tolist() == other.item_ids.tolist()
    assert one.scores.tolist() == other.scores.tolist()
    assert again.profile("ana").to_frame().equals(model.profile("ana").to_frame())


@pytest.mark.parametrize("kind", BLOCKS)
def test_each_block_alone_survives_a_round_trip(kind: str, tmp_path: Path) -> None:
    if kind == "lightfm":
        pytest.importorskip("lightfm")
    blocks = [{"kind": kind}] if kind == "popularity" else [{"kind": kind}, {"kind": "popularity"}]
    config = {"hybrid": {"blocks": blocks, "weights": {kind: [1.0]}}}
    model = recsys.Recommender.fit(
        tiny_events(), tiny_catalog(), config=recsys.RecommenderConfig.from_dict(config)
    )
    model.save(tmp_path / "m")
    people = [*model.users.ids().tolist(), "stranger"]
    one, other = (
        each.recommend(people, k=4, recent=["g1", "n2"])
        for each in (model, recsys.load(tmp_path / "m"))
    )
    assert one.item_ids.tolist() == other.item_ids.tolist()
    assert one.scores.tolist() == other.scores.tolist()


def test_a_model_without_people_survives_a_round_trip(tmp_path: Path) -> None:
    model = recsys.Recommender.fit(recsys.EventLog.empty(), tiny_catalog())
    model.save(tmp_path / "m")
    one, other = (each.recommend(["ana"]) for each in (model, recsys.load(tmp_path / "m")))
    assert one.item_ids.tolist() == other.item_ids.tolist()


# --- saving


def test_a_failing_save_leaves_the_old_folder_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    before = tree(folder)
    monkeypatch.setattr(saved, "write_manifest", full)
    with pytest.raises(recsys.DataError, match=r"must be possible to write; No space left"):
        tiny_shared().save(folder)
    assert tree(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_an_interrupted_first_save_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(saved, "write_manifest", stop)
    with pytest.raises(KeyboardInterrupt):
        tiny_shared().save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_new_model_takes_the_place_of_an_old_one(folder: Path) -> None:
    tiny_shared().save(folder)
    assert recsys.load(folder).version == tiny_shared().version
    assert set(tree(folder)) - {"manifest.json"} == set(saved.verify_folder(folder)["files"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("thesis.txt", "ten years"),
        ("manifest.json", '{"name": "a web page"}'),
        ("manifest.json", '{"format": "other"}'),
        ("manifest.json", "[]"),
        ("manifest.json", "not JSON"),
    ],
)
def test_a_strangers_folder_is_never_overwritten(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(recsys.DataError, match="must be empty, new or a"):
        tiny_shared().save(tmp_path)
    assert (tmp_path / name).read_text() == text


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(recsys.DataError, match="it is a file"):
        tiny_shared().save(tmp_path / "file")


def test_missing_parents_are_made(tmp_path: Path) -> None:
    tiny_shared().save(tmp_path / "a" / "b" / "m")
    assert recsys.load(tmp_path / "a" / "b" / "m").version == tiny_shared().version


# --- harm


FILES = [
    "people/vectors.npy", "people/history/indptr.npy", "pairs/seen/indices.npy", "weights.npy",
    "profiles/data.npy", "data/users/bytes.npy", "data/catalog.arrow", "data/dataset.json",
    "index/index.json", "index/vectors.npy", "blocks/0/item_factors.npy", "manifest.json",
]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["missing", "empty", "cut", "longer", "zeroed"])
def test_a_harmed_file_is_refused_by_name(folder: Path, name: str, harm: str) -> None:
    path = folder / name
    raw = path.read_bytes()
    path.unlink()
    harmed = {
        "empty": b"",
        "cut": raw[: len(raw) // 2],
        "longer": raw + b"\0",
        "zeroed": bytes(len(raw)),
    }
    if harm != "missing":
        path.write_bytes(harmed[harm])
    assert path.name in refusal(folder)


@pytest.mark.parametrize(
    "text",
    [
        "[]", "null", "5", '"x"', "{}", '{"format": "recsys-model"}', "[" * 100_000, "\0", "NaN",
        '{"format": "recsys-model", "format_version": [1, 0], "files": ["a"]}',
        '{"format": "recsys-model", "format_version": [1, 0], "files": {"a": 5}}',
        '{"format": "recsys-model", "format_version": [1, 0], "files": 5}',
        '{"format": "recsys-model", "format_version": [1e999], "files": {}}',
        '{"format": "recsys-model", "format_version": [], "files": {}}',
        '{"format": "recsys-model", "format_version": [1, 0], "files": {}}',
    ],
)  # fmt: skip
def test_a_manifest_that_makes_no_sense_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    refusal(folder)


@pytest.mark.parametrize("key", ["config", "blocks", "bucket_edges", "version", "now", "notes"])
@pytest.mark.parametrize("value", ["absent", None, 5, "x", [], {}, [5], [[]], {"x": 1}])
def test_a_changed_entry_is_refused_or_harmless(folder: Path, key: str, value: Any) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest.pop(key)
        if value != "absent":
            manifest[key] = value

    edit_manifest(folder, change)
    try:
        model = recsys.load(folder)
    except recsys.ArtifactError as err:
        assert "\n" not in str(err)  # noqa: PT017  (either way is fine)
    else:
        assert model.recommend(["u0"], k=3).item_ids.all()


@pytest.mark.parametrize(
    "name", ["../outside.npy", "/etc/passwd", "a/../../b.npy", "C:\\x.npy", "a\\b.npy", "", "a//b"]
)
def test_a_path_outside_the_folder_is_refused(folder: Path, name: str) -> None:
    entry = {"size": 1, "sha256": "0", "dtype": "<f4", "shape": [1]}
    edit_manifest(folder, lambda manifest: manifest["files"].update({name: entry}))
    assert "outside the folder" in refusal(folder)


def test_a_path_outside_the_data_is_refused(folder: Path) -> None:
    path = folder / "data" / "dataset.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    description["arrays"].append("../../outside")
    np.save(folder.parent / "outside.npy", np.zeros(1))
    path.write_text(json.dumps(description), encoding="utf-8")
    entry = {"size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    edit_manifest(folder, lambda manifest: manifest["files"].update({"data/dataset.json": entry}))
    assert "must lie in the folder" in refusal(folder)


def test_a_newer_major_version_is_refused_with_the_cure(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(format_version=[2, 0]))
    assert "newer than 1.x" in refusal(folder)
    assert "Update recsys-engine" in refusal(folder)


def test_a_newer_minor_version_is_read(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(format_version=[1, 9], hint="new"))
    assert recsys.load(folder).recommend(["u0"]).known.all()


@pytest.mark.parametrize("harm", ["dtype", "shape"])
def test_an_array_that_is_not_as_described_is_refused(folder: Path, harm: str) -> None:
    values = {"dtype": "<f8", "shape": [3, 3]}
    name = "people/vectors.npy"
    edit_manifest(folder, lambda manifest: manifest["files"][name].update({harm: values[harm]}))
    assert "vectors.npy must be" in refusal(folder)


def test_objects_in_an_array_are_never_unpickled(folder: Path) -> None:
    put_array(folder, "people/buckets", np.array([print, {}], dtype=object), allow_pickle=True)
    assert "buckets.npy is damaged" in refusal(folder)


def test_a_mask_of_numbers_is_refused(folder: Path) -> None:
    put_array(folder, "items/eligible", get_array(folder, "items/eligible").astype(np.int64))
    assert "'items/eligible' must be" in refusal(folder)


# --- the golden example


each_format = pytest.mark.parametrize("example", FOLDERS, ids=lambda one: one.name)


@each_format
def test_the_model_of_each_format_gives_the_answers_it_gave(example: Path) -> None:
    wanted = json.loads(example.with_name(f"{example.name}.json").read_text(encoding="utf-8"))
    found = answers(recsys.load(example, check="full"))
    for name in ("scores", "folded_scores"):
        for got, expected in zip(found.pop(name), wanted.pop(name), strict=True):
            assert got == pytest.approx(expected, abs=1e-3)
    assert json.loads(json.dumps(found)) == wanted


def test_a_model_of_an_older_format_says_that_it_must_be_fitted_anew_to_observe() -> None:
    event = {"user_id": ["ana"], "item_id": ["n2"], "occurred_at": ["2024-03-12T12:00:00Z"]}
    events = recsys.EventLog.from_frame(event)
    with pytest.raises(recsys.ArtifactError, match=r"format 1\.1 or newer; .* Fit anew"):
        recsys.load(FOLDERS[0]).observe(events)
    seen = recsys.load(FOLDERS[1]).observe(events).recommend(["ana"], k=8)
    assert "n2" not in seen.item_ids[0].tolist()


@each_format
def test_the_golden_example_is_small(example: Path) -> None:
    assert sum(path.stat().st_size for path in example.rglob("*") if path.is_file()) < 200_000


# --- damage, bit by bit


def flipped(raw: bytes, at: int, bit: int) -> bytes:
    out = bytearray(raw)
    out[at] ^= 1 << bit
    return bytes(out)


def test_one_changed_bit_of_the_manifest_is_always_found(folder: Path) -> None:
    path = folder / "manifest.json"
    raw = path.read_bytes()
    rng = np.random.default_rng(0)
    places = [*range(110), *rng.integers(110, len(raw), 150).tolist()]
    for at, bit in zip(places, rng.integers(0, 8, len(places)).tolist(), strict=True):
        path.write_bytes(flipped(raw, at, bit))
        with pytest.raises(recsys.ArtifactError):
            saved.verify_folder(folder, check="fast")


def test_a_manifest_of_today_without_its_checksum_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for unsigned in (manifest, {key: one for key, one in manifest.items() if key != "sha256"}):
        path.write_text(json.dumps(unsigned), encoding="utf-8")
        assert "damaged or was edited" in refusal(folder)


@pytest.mark.parametrize(
    "name", ["items/eligible", "people/buckets", "index/vectors", "data/events/user_rows"]
)
def test_a_changed_bit_in_the_header_of_an_array_gives_a_model_or_one_error(
    folder: Path, name: str
) -> None:
    path = folder / f"{name}.npy"
    raw = path.read_bytes()
    rng = np.random.default_rng(1)
    for at in range(0, 128, 2):
        path.write_bytes(flipped(raw, at, int(rng.integers(8))))
        with contextlib.suppress(recsys.ArtifactError):
            recsys.load(folder)


# --- a reader and a writer of one folder


def test_a_load_while_the_folder_is_replaced_is_of_one_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [made_up_model("fast"), tiny_shared()]
    models[0].save(tmp_path / "m")
    usual, turns = saved._load, iter([1, 0, 1])

    def interrupted(path: Path, manifest: Any) -> Any:
        following = next(turns, None)
        if following is not None:
            models[following].save(tmp_path / "m")
        return usual(path, manifest)

    monkeypatch.setattr(saved, "_load", interrupted)
    assert recsys.load(tmp_path / "m").version == models[1].version


def test_a_folder_that_never_stays_as_it_is_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = saved._load

    def interrupted(path: Path, manifest: Any) -> Any:
        tiny_shared().save(folder)
        return usual(path, manifest)

    monkeypatch.setattr(saved, "_load", interrupted)
    assert "must stay as it is while it is read" in refusal(folder)


def test_a_process_that_saves_again_and_again_never_gives_a_mixture(tmp_path: Path) -> None:
    code = (
        "import sys, recsys\n"
        "models = [recsys.load(one) for one in sys.argv[2:]]\n"
        "print('ready', flush=True)\n"
        "for at in range(40):\n"
        "    models[at % 2].save(sys.argv[1])\n"
    )
    answers = {}
    for name, preset in (("a", "fast"), ("b", "balanced")):
        model = made_up_model(preset)
        model.save(tmp_path / name)
        answers[model.version] = model.recommend(["u0", "u1"], k=3).scores.tolist()
    shutil.copytree(tmp_path / "a", tmp_path / "m")
    paths = [str(tmp_path / name) for name in "mab"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *paths], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        n_loaded = 0
        while writer.poll() is None or n_loaded < 10:
            model = recsys.load(tmp_path / "m")
            assert model.recommend(["u0", "u1"], k=3).scores.tolist() == answers[model.version]
            n_loaded += 1
    assert writer.returncode == 0
