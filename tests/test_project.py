"""The shell of the project: version, commands, licences, settings."""

import ast
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import recsys

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[><=!~; ]", one)[0] for one in requirements}


def test_the_newest_release_in_the_changelog_is_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1] == PROJECT["version"]


def test_the_package_knows_its_version() -> None:
    assert recsys.__version__ == PROJECT["version"]


def test_each_release_in_the_changelog_has_its_date() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## (\[\d.*)$", changelog, re.MULTILINE)
    assert [line for line in releases if not re.fullmatch(r"\[\S+\] - \d{4}-\d\d-\d\d", line)] == []


def test_the_installed_distribution_has_the_version_of_the_project() -> None:
    try:
        installed = metadata.version("recsys-engine")
    except metadata.PackageNotFoundError:
        pytest.skip("recsys-engine is not installed here; `make test` installs it")
    assert installed == PROJECT["version"]


def test_the_readme_gives_both_commands_each_on_one_line() -> None:
    assert "\npython3 -m venv .venv && .venv/bin/pip install . && .venv/bin/recsys demo\n" in README
    assert "\nmake test\n" in README


def test_ci_is_executable_and_calls_the_test_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert re.search(r"^make test$", script.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_tests_do_not_touch_the_environment_of_the_demo() -> None:
    assert "VENV := .venv-dev" in MAKEFILE
    assert "VENV := .venv\n" not in MAKEFILE


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
def test_make_alone_lists_the_commands() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    for command in ("setup", "format", "check", "test", "docs", "bench"):
        assert re.search(rf"^make {command} ", done.stdout, re.MULTILINE), command


def test_the_core_packages_are_those_of_the_contract() -> None:
    contract = {"numpy", "scipy", "pydantic", "implicit", "faiss-cpu", "numba", "narwhals"}
    contract |= {"pyarrow", "jinja2", "typer", "rich"}
    assert contract <= requirement_names(PROJECT["dependencies"])
    assert requirement_names(PROJECT["dependencies"]) - contract == {"threadpoolctl"}


def test_the_extras_are_those_of_the_contract() -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(extras) == {"lightfm", "text", "report", "tune", "spark", "all", "dev"}
    everything = re.search(r"\[(.+)\]", extras["all"][0])
    assert everything is not None
    assert set(everything[1].split(",")) == set(extras) - {"all", "dev"}


def imported_packages() -> set[str]:
    """Every package that the library imports, itself and Python's own left out."""
    found = set()
    for path in (ROOT / "recsys").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).partition(".")[0])
        found |= set(re.findall(r'(?:(?<!\.)\brequire|import_module)\(\s*"(\w+)', text))
    return found - set(sys.stdlib_module_names) - {"recsys"}


def test_what_the_library_imports_is_what_it_asks_for() -> None:
    names = {"faiss-cpu": "faiss", "lightfm-next": "lightfm"}
    extras = PROJECT["optional-dependencies"]
    core = {names.get(one, one) for one in requirement_names(PROJECT["dependencies"])}
    optional = {
        names.get(one, one)
        for extra, requirements in extras.items()
        if extra not in {"all", "dev"}
        for one in requirement_names(requirements)
    }
    kit = {"hypothesis", "pytest"}  # recsys.testing is for tests, which have them
    assert imported_packages() <= core | optional | kit
    assert core <= imported_packages()


def test_a_commercial_reader_finds_each_licence_named() -> None:
    assert PROJECT["license"].startswith("Apache-2.0")
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("Apache License")
    for data, licence in (("community", "CC-BY-SA"), ("movies", "MIT")):
        folder = ROOT / "recsys" / "datasets" / "files" / data
        assert list(folder.glob("LICENSE*")), f"{data} has no licence beside it"
        assert licence in PROJECT["license"]


def test_every_ignored_lint_rule_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("\nignore = [\n")[2].partition("\n]")[0]
    assert [line for line in block.splitlines() if "#" not in line] == []


def test_tests_treat_warnings_as_errors() -> None:
    assert PYPROJECT["tool"]["pytest"]["ini_options"]["filterwarnings"][0] == "error"


def test_no_file_of_the_project_is_large() -> None:
    done = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this is not a git checkout")
    files = [ROOT / name for name in done.stdout.split("\0") if name]
    assert [f.name for f in files if f.exists() and f.stat().st_size > 3_000_000] == []
