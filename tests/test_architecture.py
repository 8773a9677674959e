"""The rules of docs/concepts/architecture.md that no linter holds."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "recsys"
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted(folder.parent.name for folder in PACKAGE.glob("*/__init__.py"))

HEAVY = ["faiss", "implicit", "numba", "pandas", "lightfm", "hypothesis", "sklearn", "matplotlib"]
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "base_utils"}


def dotted(path: Path) -> str:
    """recsys/data/ids/id_map.py -> recsys.data.ids.id_map; a folder's __init__ is the folder."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(name: str) -> str:
    """recsys.data.ids.id_map -> data; the root package has no room."""
    return name.split(".")[1] if "." in name else ""


def imports(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each recsys module that a file imports, anywhere in it, with the names it takes from it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import on line {node.lineno}"
            yield str(node.module), [alias.name for alias in node.names]


def library_imports(path: Path) -> list[tuple[str, list[str]]]:
    return [one for one in imports(path) if one[0].partition(".")[0] == "recsys"]


def test_the_rooms_are_found() -> None:
    assert {"core", "data", "serving"} <= set(ROOMS)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_another_room_is_imported_by_its_front_door(path: Path) -> None:
    mine = room_of(dotted(path))
    side_doors = [
        name
        for name, _ in library_imports(path)
        if name.count(".") > 1 and room_of(name) not in {mine, "core"}
    ]
    assert side_doors == []


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_room_does_not_import_the_root_package(path: Path) -> None:
    wrong = [name for name, _ in library_imports(path) if name == "recsys"]
    assert wrong == [] or room_of(dotted(path)) in {"", "cli"}  # "": the root package itself


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_leading_underscore_is_respected(path: Path) -> None:
    mine = room_of(dotted(path))
    private = [
        f"{name}.{what}"
        for name, names in library_imports(path)
        for what in names
        if what.startswith("_") or (room_of(name) != mine and "._" in name)
    ]
    assert private == []


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "__init__.py"], ids=dotted)
def test_each_module_has_its_twin_or_is_imported_by_a_test_of_its_folder(path: Path) -> None:
    folder = ROOT / "tests" / path.relative_to(PACKAGE).parent
    if (folder / f"test_{path.name}").exists():
        return
    used = {
        module
        for test in folder.glob("*.py")
        for name, names in library_imports(test)
        for module in (name, *(f"{name}.{one}" for one in names))
    }
    assert dotted(path) in used, f"write {folder.relative_to(ROOT)}/test_{path.name}"


@pytest.mark.parametrize("room", ROOMS)
def test_each_test_of_a_room_has_its_module(room: str) -> None:
    folder = ROOT / "tests" / room
    strays = [
        str(test.relative_to(ROOT))
        for test in folder.rglob("test_*.py")
        if not test.stem.startswith("test_room_")  # about the whole room
        and not (
            PACKAGE / test.relative_to(ROOT / "tests").with_name(f"{test.stem[5:]}.py")
        ).exists()
    ]
    assert strays == []


def test_no_module_has_a_name_that_admits_anything() -> None:
    assert [dotted(path) for path in MODULES if path.stem.strip("_") in VAGUE_NAMES] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_front_door_only_re_exports(room: str) -> None:
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"recsys.{room} does not say what it is"
    logic = [
        type(node).__name__
        for node in tree.body[1:]
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.FunctionDef)
    ]
    # The one function allowed is PEP 562's: it imports a heavy name when it is asked for.
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert logic == []
    assert set(functions) <= {"__getattr__", "__dir__"}


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "core"])
def test_a_front_door_names_what_is_public(room: str) -> None:
    module = importlib.import_module(f"recsys.{room}")
    assert sorted(set(module.__all__)) == sorted(module.__all__), "a name is there twice"
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_library_loads_nothing_heavy() -> None:
    loaded = run_python(f"import recsys, sys; print([m for m in {HEAVY} if m in sys.modules])")
    assert loaded.strip() == "[]"


def test_importing_the_library_adds_no_log_handler_and_prints_nothing() -> None:
    code = (
        "import logging, recsys, sys\n"
        "names = [None, *(n for n in logging.root.manager.loggerDict if n.startswith('recsys'))]\n"
        "handlers = [h for n in names for h in logging.getLogger(n).handlers]\n"
        "sys.exit(bool(handlers))"
    )
    assert run_python(code) == ""


def test_importing_the_library_leaves_the_environment_and_the_global_rng_alone() -> None:
    code = (
        "import os, random\nimport numpy as np\n"
        "before = dict(os.environ), random.getstate(), str(np.random.get_state())\n"
        "import recsys\n"
        "assert before == (dict(os.environ), random.getstate(), str(np.random.get_state()))"
    )
    assert run_python(code) == ""


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_only_the_command_line_reads_the_environment_or_prints(path: Path) -> None:
    if room_of(dotted(path)) == "cli":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    read = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert called & {"print", "input", "sys.exit", "os.getenv", "logging.basicConfig"} == set()
    assert "os.environ" not in read


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_only_the_command_line_asks_the_system_for_the_time(path: Path) -> None:
    if room_of(dotted(path)) == "cli":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert called & {"datetime.now", "datetime.utcnow", "date.today", "time.time"} == set()


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_no_module_can_run_code_out_of_a_file(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert called & {"eval", "exec", "pickle.load", "pickle.loads"} == set()
    assert [name for name, _ in imports(path) if name in {"pickle", "shelve", "dill"}] == []
