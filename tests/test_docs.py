"""The pages tell the truth: names exist, links lead somewhere, code runs."""

import ast
import importlib
import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

from recsys.core import errors

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
WRITTEN = [page for page in PAGES if "<!-- Written by" not in page.read_text(encoding="utf-8")]
RUN = [ROOT / "README.md", DOCS / "quickstart.md", *sorted((DOCS / "guides").glob("*.md"))]

FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
KEY_IN_CODE = re.compile(r"\[([A-Z][A-Za-z]*\d{4}[a-z]?)\]_")
KEY_IN_PAGE = re.compile(r"references\.md#([a-z]+\d{4}[a-z]?)")
NOT_RUN = "<!-- not run:"


def script(path: str) -> ModuleType:
    """Load a script of the project that is not a module of the library."""
    spec = importlib.util.spec_from_file_location(Path(path).stem + "_script", ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """As the toc extension of Markdown makes them."""
    text = re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower()
    return re.sub(r"[-\s]+", "-", text)


def anchors(page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    headings = {slug(line) for line in re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)}
    return headings | set(re.findall(r"^::: (\S+)$", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_link_leads_somewhere(page: Path) -> None:
    dead = []
    for target in LINK.findall(prose(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        # A whole module has one entry, and an anchor for each of its names.
        known = {anchor, anchor.rpartition(".")[0]} & anchors(there) if there.exists() else set()
        if not there.exists() or (anchor and not known):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_a_page_has_one_sentence_a_line(page: Path) -> None:
    lines = [line for line in prose(page).splitlines() if not line.startswith(("|", "#", "<!--"))]
    if page.name == "references.md":  # an entry ends in venue, year and address
        lines = []
    assert [line for line in lines if re.search(r"[a-z)`][.!?] [A-Z][a-z]* [a-z]", line)] == []


STATEMENT = re.compile(r"^(?:[#>|*\d.\s-]|\*\*)*(What|Who|Whom|Whose)\b(?P<rest>.*)")


def test_an_opening_that_asks_without_asking_is_found() -> None:
    lines = ("* What it is.", "Whatever.", "What is it?", "## Who is due")
    assert [bool(asks_without_asking(line)) for line in lines] == [True, False, False, True]


def asks_without_asking(line: str) -> bool:
    """Whether a line, cell or heading opens like a question and is none."""
    cells = [cell.strip() for cell in line.split("|")] if line.startswith("|") else [line]
    openings = (STATEMENT.match(cell) for cell in cells)
    return any(opening and "?" not in opening["rest"] for opening in openings)


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_no_sentence_opens_like_a_question_and_is_none(page: Path) -> None:
    assert [line for line in prose(page).splitlines() if asks_without_asking(line)] == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_code_that_is_not_run_can_be_parsed(page: Path) -> None:
    for match in FENCE.finditer(page.read_text(encoding="utf-8")):
        if match["language"] == "python":
            ast.parse(match["code"])


def test_the_files_on_the_page_of_architecture_exist() -> None:
    page = read("concepts/architecture.md").partition("## The path of a page view")[2]
    named = re.findall(r"`((?:serving|data|models|index|digest|ranking)/[\w/]+\.py)`", page)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / "recsys" / name).is_file()] == []


def test_a_release_in_the_changelog_has_each_heading_and_each_entry_once() -> None:
    """Merging by union, as .gitattributes has it, may repeat some."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for release in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in release.splitlines() if line.startswith(("### ", "* "))]
        assert [line for line in set(lines) if lines.count(line) > 1] == []


def code_blocks(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [
        match["code"]
        for match in FENCE.finditer(text)
        if match["language"] == "python"
        and not text[: match.start()].rstrip().splitlines()[-1].startswith(NOT_RUN)
    ]


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_the_code_of_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for number, code in enumerate(code_blocks(page), start=1):
        exec(compile(code, f"{name_of(page)}, block {number}", "exec"), names)  # noqa: S102
    assert len(names) > 2, "the page has no code"


@pytest.mark.parametrize(
    "made", ["reference/api.md", "reference/api-extend.md", "reference/cli.md"]
)
def test_a_page_made_from_the_code_is_fresh(made: str) -> None:
    assert read(made) == script("docs/render.py").PAGES[made](), "run: make pages"


def test_the_page_of_benchmarks_is_fresh() -> None:
    render = script("benchmarks/render.py")
    assert read("benchmarks.md") == render.render(render.load(render.RESULTS)), "run: make pages"


def test_the_page_of_benchmarks_opens_with_a_summary_and_ends_with_its_limits(
    tmp_path: Path,
) -> None:
    render = script("benchmarks/render.py")
    result = {
        "title": "Speed",
        "what_this_does_not_show": ["Two noisy cores."],
        "machine": {"n_cores": 2},
        "columns": ["what", "ms"],
        "rows": [["fit | save", 1.23456], {"what": "load"}],
        "command": "python speed.py",
    }
    (tmp_path / "speed.json").write_text(json.dumps(result))
    text = render.render(render.load(tmp_path))
    assert text.index("## Summary") < text.index("## Speed") < text.index("Two noisy cores.")
    assert "| fit \\| save | 1.235 |" in text
    assert "| load |  |" in text
    assert "Machine: n_cores 2." in text


def test_a_results_file_that_does_not_fit_is_refused_by_name(tmp_path: Path) -> None:
    render = script("benchmarks/render.py")
    (tmp_path / "a.json").write_text(json.dumps({"title": "A", "columns": ["x"], "rows": [[1, 2]]}))
    with pytest.raises(ValueError, match=r"^a\.json: a row must fit the columns"):
        render.load(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps({"title": "A"}))
    with pytest.raises(ValueError, match=r"^a\.json must have title, columns, rows; it lacks"):
        render.load(tmp_path)


def test_each_name_of_the_reference_is_public_and_stands_on_one_page() -> None:
    render = script("docs/render.py")
    listed = [
        f"recsys.{room}.{name}"
        for names in (render.USERS, render.EXTENDERS)
        for room, some in names.items()
        for name in some
    ]
    public = {
        f"recsys.{room}.{name}"
        for room in {*render.USERS, *render.EXTENDERS}
        for name in importlib.import_module(f"recsys.{room}").__all__
    }
    core = [f"recsys.core.{n}" for n in (*render.CORE_FOR_USERS, *render.CORE_FOR_EXTENDERS)]
    assert set(listed) - public == set()
    pages = read("reference/api.md") + read("reference/api-extend.md")
    documented = re.findall(r"^::: (\S+)$", pages, re.MULTILINE)
    assert sorted(documented) == sorted([*listed, *core])
    assert len(documented) == len(set(documented))


def imported_names(code: str) -> set[str]:
    """Full names that a piece of code imports from rooms, core by its modules."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("recsys."):
            is_core = str(node.module).startswith("recsys.core.")
            names = (
                [str(node.module)] if is_core else [f"{node.module}.{n.name}" for n in node.names]
            )
            found |= set(names)
    return found


def test_every_name_that_docs_and_examples_import_is_in_the_reference() -> None:
    pages = read("reference/api.md") + read("reference/api-extend.md")
    documented = set(re.findall(r"^::: (\S+)$", pages, re.MULTILINE))
    code = [block for page in WRITTEN for block in code_blocks(page)]
    code += [path.read_text(encoding="utf-8") for path in (ROOT / "examples").rglob("*.py")]
    assert set().union(*map(imported_names, code)) - documented == set()


def test_every_name_of_the_root_package_is_in_the_reference() -> None:
    page = read("reference/api.md")
    assert [
        name for name in script("docs/render.py").root_names() if f"`recsys.{name}`" not in page
    ] == []


def test_every_error_is_on_the_page_of_errors() -> None:
    page = read("reference/errors.md")
    names = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    assert [name for name in names if f"| `{name}` |" not in page] == []


def command_lines(page: Path) -> list[str]:
    """What follows ``recsys`` in blocks for the shell, and in code within a line."""
    text = page.read_text(encoding="utf-8")
    shell = "\n".join(m["code"] for m in FENCE.finditer(text) if m["language"] == "bash")
    in_blocks = re.findall(r"(?:^|[/ ])recsys ([a-z].*)$", shell, re.MULTILINE)
    return in_blocks + re.findall(r"`recsys ([a-z][^`\n]*)`", prose(page))


def test_each_command_in_the_docs_exists_with_its_options() -> None:
    commands = script("docs/render.py").commands()
    lines = [(name_of(page), line) for page in WRITTEN for line in command_lines(page)]
    for where, line in lines:
        words = shlex.split(line, comments=True)
        name = next((n for n in (" ".join(words[:2]), words[0]) if n in commands), None)
        assert name is not None, f"{where}: recsys {line}"
        known = {one for p in commands[name].params for one in [*p.opts, *p.secondary_opts]}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= known, (where, line)


def test_each_command_is_shown_on_a_page_that_was_written_by_hand() -> None:
    shown = {line.split()[0] for page in WRITTEN for line in command_lines(page)}
    assert {name.split()[0] for name in script("docs/render.py").commands()} - shown == set()


def keys_used() -> set[str]:
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "recsys").rglob("*.py")]
    pages = [page.read_text(encoding="utf-8") for page in PAGES]
    in_code = {key for text in code for key in KEY_IN_CODE.findall(text)}
    lower = {key for text in pages for key in KEY_IN_PAGE.findall(text)}
    return {key.lower() for key in in_code} | lower


def test_each_paper_that_is_cited_has_its_entry_and_each_entry_is_cited() -> None:
    entries = re.findall(r"^## (\w+)$", read("references.md"), re.MULTILINE)
    assert {entry.lower() for entry in entries} == keys_used()
    assert entries == sorted(entries)


def test_each_entry_of_a_paper_has_its_year_and_a_doi_or_says_that_it_has_none() -> None:
    for entry in re.split(r"^## ", read("references.md"), flags=re.MULTILINE)[1:]:
        key, _, body = entry.partition("\n")
        assert re.search(r"\d{4}", key)[0] in body, key  # type: ignore[index]
        assert "https://doi.org/" in body or "DOI)" in body, key


def test_the_pages_need_nothing_from_another_server() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in settings
    assert re.findall(r"https?://", settings) == []


def test_search_works_from_disk_by_a_script_of_our_own() -> None:
    """Without an entry of this name the offline plugin would load one from another server."""
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "  - offline\n" in settings
    named = re.findall(r"polyfills:\n    - (\S*iframe-worker\S*)", settings)
    assert [(DOCS / name).is_file() for name in named] == [True]


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[2]
    missing = [
        page for page in DOCS.rglob("*.md") if page.relative_to(DOCS).as_posix() not in navigation
    ]
    assert missing == []


def test_a_docstring_in_restructuredtext_becomes_markdown() -> None:
    to_markdown = script("docs/docstrings.py").to_markdown
    assert to_markdown("Of :meth:`recsys.data.IdMap.rows`.") == "Of `rows`."
    assert (
        to_markdown("x\n\n.. math:: w = 2^{-a}\n\nwith") == "x\n\n```text\nw = 2^{-a}\n```\n\nwith"
    )


def test_the_scripts_are_loaded_without_leaving_modules_behind() -> None:
    before = set(sys.modules)
    script("benchmarks/render.py")
    assert set(sys.modules) - before == set()
