"""Optional packages: absence becomes help, a broken package stays a broken package."""

import math
from pathlib import Path

import pytest

from recsys.core.errors import MissingDependencyError
from recsys.core.optional import require


def test_an_installed_package_is_returned() -> None:
    assert require("math", extra="text", needed_by="a test") is math


@pytest.mark.parametrize("module", ["no_such_package", "no_such_package.inner"])
def test_an_absent_package_is_named_with_the_command_that_installs_it(module: str) -> None:
    with pytest.raises(MissingDependencyError) as caught:
        require(module, extra="lightfm", needed_by="LightFMBlock")
    assert str(caught.value) == (
        "LightFMBlock needs the package 'no_such_package'. "
        "Install it with: pip install 'recsys-engine[lightfm]'"
    )


def test_a_module_that_an_installed_package_lacks_is_let_through() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"json\.no_such_module") as caught:
        require("json.no_such_module", extra="text", needed_by="a test")
    assert not isinstance(caught.value, MissingDependencyError)


def test_an_import_that_breaks_inside_an_installed_package_is_let_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recsys_test_broken.py").write_text("import absent_inner_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="absent_inner_package") as caught:
        require("recsys_test_broken", extra="text", needed_by="a test")
    assert not isinstance(caught.value, MissingDependencyError)
