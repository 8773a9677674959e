"""The shape of the library: folder sizes, module sizes, cycles, names and constants.

Lists in capitals hold what breaks a rule today. A list may only shrink: a test also fails where an
entry is no longer needed.
"""

import ast
import io
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from recsys.models import BLOCKS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "recsys"
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = [path for path in FILES if path.name != "__init__.py"]

MAX_MODULES = 15
MAX_CODE_LINES = 310
MIN_CODE_LINES = 40

SMALL = {
    "recsys.models.blocks.popularity.forecast",
    "recsys.models.blocks.popularity.item_ages",
    "recsys.models.blocks.tags.new_items",
    "recsys.serving.arguments",
    "recsys.serving.state.exclusions",
}

NAMED_TWICE: set[str] = set()

NEAR_TWINS: set[frozenset[str]] = set()

GERUNDS = {"ranking", "rolling", "weighting"}
"""Names of modules that are nouns of the field, though they end in -ing."""

CYCLES: dict[str, list[list[str]]] = {}

CONSTANTS = {
    "cli": 15,
    "core": 5,
    "data": 14,
    "datasets": 5,
    "digest": 6,
    "evaluation": 4,
    "index": 43,
    "metrics": 3,
    "models": 62,
    "pages": 2,
    "profiles": 9,
    "ranking": 3,
    "serving": 23,
    "testing": 1,
}
"""Numeric constants of modules, by room: a setting that its user may change is a config's."""

PROSE: dict[str, int] = {}
"""Docstrings that begin with a word such as What or Whether, by room."""

DOCS_PROSE = {
    "benchmarks.md": 2,
    "decisions/0001-one-vector-space.md": 1,
    "decisions/0002-frozen-columns.md": 1,
    "decisions/0004-names-of-rooms.md": 1,
    "decisions/0005-weights-learnt-on-time-cuts.md": 1,
    "decisions/0009-blends-held-out.md": 1,
    "decisions/0012-robust-blend-for-sparse-data.md": 4,
    "decisions/0014-order-of-rows.md": 1,
    "decisions/0015-codes-by-length.md": 1,
    "decisions/0016-scans-that-end.md": 1,
    "guides/bring-your-own-events.md": 1,
    "guides/choose-a-model.md": 1,
    "guides/evaluate.md": 1,
    "guides/fit-within-limits.md": 2,
    "guides/observe.md": 4,
    "guides/send-a-digest.md": 3,
    "guides/tune.md": 2,
    "index.md": 1,
    "reference/filters.md": 1,
}
"""Sentences that begin with What, Who or Whom and ask nothing, by page."""

NAMED_ELSEWHERE = {
    "recsys.models.notes": {  # a sentence for the blocks that presets choose; others need none
        "content",
        "affinity",
        "spectral",
        "feature_als",
        "ease",
        "item_knn",
        "cooccurrence",
        "new_items",
        "popularity",
    },
    "recsys.models.blend.floors": {"popularity", "content"},
    "recsys.models.blend.held_out": {"popularity"},
    # the same word for something else: a source of a score, a loss; or a configuration that is run
    "recsys.core.contribution": {"popularity"},
    "recsys.ranking.reasons": {"popularity"},
    "recsys.models.blocks.factors.lightfm": {"bpr"},
    "recsys.cli.commands.bench": {"popularity", "spectral"},
    "recsys.cli.commands.demo": {"popularity"},
}
"""Kinds of blocks that a file names though it is neither theirs nor a recipe."""


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
NAMES = {dotted(path): path for path in FILES}


def code_lines(path: Path) -> int:
    """Lines that hold code: no docstring, comment or blank line."""
    text = path.read_text(encoding="utf-8")
    used: set[int] = set()
    ignored = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in ignored | {tokenize.ENDMARKER}:
            used.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            used.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(used)


def imported(path: Path) -> Iterator[str]:
    """Modules of the library that a file imports, anywhere in it."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "recsys":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in NAMES else str(node.module)


GRAPH = {dotted(path): set(imported(path)) - {dotted(path)} for path in FILES}


def cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Strongly connected components of more than one node [Tarjan1972]."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1:
                found.append(sorted(component))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def depth(graph: Mapping[str, set[str]]) -> int:
    """Nodes on the longest path of an acyclic graph."""
    known: dict[str, int] = {}

    def of(node: str) -> int:
        if node not in known:
            known[node] = 1 + max((of(other) for other in graph[node]), default=0)
        return known[node]

    return max(map(of, graph))


def inside(room: str) -> dict[str, set[str]]:
    """The folders and modules of a room, and which of them import which."""
    prefix = f"recsys.{room}."
    graph: dict[str, set[str]] = defaultdict(set)
    for name, others in GRAPH.items():
        if name.startswith(prefix):
            mine = name.removeprefix(prefix).split(".")[0]
            theirs = {o.removeprefix(prefix).split(".")[0] for o in others if o.startswith(prefix)}
            graph[mine] |= theirs - {mine}
    return graph


def test_cycles_are_found() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


def test_no_two_files_import_each_other_even_late_or_for_a_type_hint() -> None:
    assert cycles(GRAPH) == []


def test_no_two_benchmarks_import_each_other() -> None:
    graph = {}
    for path in (ROOT / "benchmarks").rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        graph[name] = {f"{node.module}.{one.name}" for node in froms for one in node.names}
        graph[name] |= {str(node.module) for node in froms}
    assert cycles({name: others & set(graph) for name, others in graph.items()}) == []


@pytest.mark.parametrize(
    ("room", "most"), [("serving", 8), ("models", 9), ("index", 9), ("data", 6)]
)
def test_a_room_has_few_floors(room: str, most: int) -> None:
    assert cycles(inside(room)) == CYCLES.get(room, [])
    if room in CYCLES:
        pytest.skip("a room with a cycle has no floors")
    assert depth(inside(room)) <= most


def test_no_folder_is_crowded_and_no_subfolder_holds_a_single_module() -> None:
    sizes = Counter(path.parent for path in MODULES)
    assert {str(folder): n for folder, n in sizes.items() if n > MAX_MODULES} == {}
    lonely = [f for f, n in sizes.items() if n < 2 and len(f.relative_to(PACKAGE).parts) > 1]
    assert lonely == []


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_holds_no_more_code_than_can_be_read_at_once(path: Path) -> None:
    assert code_lines(path) <= MAX_CODE_LINES


def small_modules() -> set[str]:
    """Modules too short to stand alone: not shared, not a command, not public, not compiled."""
    out = set()
    for path in MODULES:
        name = dotted(path)
        parts = name.split(".")
        users = {one for one, others in GRAPH.items() if name in others}
        is_public = f"recsys.{parts[1]}" in users or parts[1] == "core"
        is_apart = parts[-1].startswith("_") or "commands" in parts
        if code_lines(path) < MIN_CODE_LINES and len(users) < 2 and not (is_public or is_apart):
            out.add(name)
    return out


def test_no_module_is_a_crumb() -> None:
    assert small_modules() == SMALL


def stem_family(name: str) -> str:
    """`observed` and `observing` -> `observ`; `filters` -> `filter`."""
    return re.sub(r"(s|ed|ing|er|ly|es)$", "", name.strip("_"))


def near_twins() -> set[frozenset[str]]:
    rooms = defaultdict(lambda: defaultdict(set))  # type: ignore[var-annotated]
    for path in MODULES:
        rooms[dotted(path).split(".")[1]][stem_family(path.stem)].add(path.stem)
    groups = [frozenset(names) for room in rooms.values() for names in room.values()]
    return {names for names in groups if len(names) > 1}


def test_no_two_modules_of_a_room_have_nearly_the_same_name() -> None:
    assert near_twins() == NEAR_TWINS


def test_no_module_is_called_by_a_gerund() -> None:
    gerunds = {path.stem for path in MODULES if re.search(r"(ing)$", path.stem)}
    assert gerunds == GERUNDS


def test_no_public_class_or_function_is_defined_twice() -> None:
    defined = Counter(
        node.name
        for path in FILES
        if not {"commands", "testing"} & set(path.parts)  # a command is called as what it runs
        for node in TREES[path].body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    )
    assert {name for name, n in defined.items() if n > 1} == NAMED_TWICE


OPENING = re.compile(r"(What|Who|Whose|Whom|How|Whether|Where|When)\b")


def opens_like_a_question(path: Path) -> Iterator[str]:
    """Names whose docstring begins with a word that gives no term to look up."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Module):
            name = dotted(path)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            name = f"{dotted(path)}.{node.name}"
        else:
            continue
        if OPENING.match(ast.get_docstring(node) or ""):
            yield name


def test_fewer_and_fewer_docstrings_begin_without_a_term() -> None:
    found: Counter[str] = Counter()
    for path in FILES:
        found[dotted(path).split(".")[1] if path.parent != PACKAGE else ""] += len(
            list(opens_like_a_question(path))
        )
    assert {room: n for room, n in found.items() if n > PROSE.get(room, 0)} == {}


def unasked_questions(text: str) -> list[str]:
    """Sentences that begin as a question does, and are none."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    starts = r"(?:^[-*>#\s\d.|]*|(?<=[.!?:] ))"
    return re.findall(starts + r"((?:What|Who|Whom)\b[^.!?|\n]*[.!|\n])", prose, re.MULTILINE)


def test_an_unasked_question_is_found() -> None:
    text = "# Who reads\n\nWho is it? What counts. | What | 3 |\n\nIt is what it is. Whom we met.\n"
    assert unasked_questions(text) == ["Who reads\n", "What counts.", "Whom we met."]


def test_fewer_and_fewer_sentences_of_the_docs_begin_like_a_question() -> None:
    pages = [
        path
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if path.name not in {"api.md", "api-extend.md"}
    ]
    n = {
        path.relative_to(ROOT / "docs").as_posix(): len(
            unasked_questions(path.read_text(encoding="utf-8"))
        )
        for path in pages
    }
    assert {name: count for name, count in n.items() if count > DOCS_PROSE.get(name, 0)} == {}


def numeric_constants(path: Path) -> int:
    n = 0
    for node in TREES[path].body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        names = [
            one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)
        ]
        value = getattr(node, "value", None)
        numbers = [
            one.value
            for one in (ast.walk(value) if isinstance(value, ast.AST) else ())
            if isinstance(one, ast.Constant) and type(one.value) in (int, float)
        ]
        n += sum(bool(re.fullmatch(r"_?[A-Z][A-Z0-9_]*", name)) for name in names if numbers)
    return n


def test_the_number_of_constants_only_falls() -> None:
    counted: Counter[str] = Counter()
    for path in MODULES:
        counted[dotted(path).split(".")[1]] += numeric_constants(path)
    assert {room: n for room, n in counted.items() if n} == CONSTANTS


CONCRETE_BLOCKS = {
    node.name
    for path in (PACKAGE / "models" / "blocks").rglob("*.py")
    for node in TREES[path].body
    if isinstance(node, ast.ClassDef) and node.name.endswith("Block")
}


def test_no_room_asks_whether_a_block_is_of_one_class() -> None:
    asked = [
        f"{dotted(path)}:{node.lineno}"
        for path in FILES
        if not dotted(path).startswith("recsys.models")
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass")
        if CONCRETE_BLOCKS & set(re.findall(r"\w+", ast.unparse(node.args[1])))
    ]
    assert asked == []


def test_a_kind_of_block_is_named_by_its_own_file_the_registry_and_recipes_alone() -> None:
    named = defaultdict(set)
    for path in MODULES:
        name = dotted(path)
        if name == "recsys.models.spec" or name.startswith("recsys.models.presets."):
            continue
        own = {kind for kind, (block, _) in BLOCKS.items() if block.__module__ == name}
        texts = {
            node.value
            for node in ast.walk(TREES[path])
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        if others := texts & set(BLOCKS) - own:
            named[name] = others
    assert named == NAMED_ELSEWHERE
