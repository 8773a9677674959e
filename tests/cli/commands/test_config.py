import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Literal

import pytest

from recsys.cli.settings import load_config
from recsys.digest import DigestConfig
from recsys.serving import RecommenderConfig

Run = Callable[..., "CompletedProcess[str]"]


@pytest.mark.parametrize("preset", ["fast", "balanced", "best"])
def test_the_printed_toml_loads_back_to_the_same_settings(
    run: Run, tmp_path: Path, preset: Literal["fast", "balanced", "best"]
) -> None:
    done = run("config", "--preset", preset)
    assert done.returncode == 0
    path = tmp_path / "config.toml"
    path.write_text(done.stdout, encoding="utf-8")
    assert load_config(RecommenderConfig, path) == RecommenderConfig(preset=preset)


def test_the_settings_of_a_digest_load_back_too(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(run("config", "--for", "digest").stdout, encoding="utf-8")
    assert load_config(DigestConfig, path) == DigestConfig()


def test_every_setting_is_there_with_a_comment(run: Run) -> None:
    lines = run("config").stdout.splitlines()
    for name in RecommenderConfig.model_fields:
        at = next(
            at for at, line in enumerate(lines)
            if line.startswith((f"{name} =", f"[{name}]", f"# {name} is not set"))
        )  # fmt: skip
        assert lines[at - 1].startswith("# "), name


def test_json_has_the_same_settings(run: Run) -> None:
    plain = json.loads(run("config", "--preset", "fast", "--json", "-").stdout)
    assert plain == RecommenderConfig(preset="fast").to_dict()
    printed = tomllib.loads(run("config", "--preset", "fast").stdout)
    assert printed["preset"] == plain["preset"]
