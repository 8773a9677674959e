"""``recsys config``: all settings with their descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from recsys.cli.console import say
from recsys.cli.options import Json, PresetOption
from recsys.cli.output import answer, check_json_file

if TYPE_CHECKING:
    from recsys.core.config import Config


For = Annotated[
    Literal["fit", "digest"],
    typer.Option("--for", help="Whose settings: of fit and evaluate, or of digest."),
]


def config(*, preset: PresetOption = None, purpose: For = "fit", json_file: Json = None) -> None:
    """Print all settings as commented TOML, ready for --config."""
    check_json_file(json_file)

    from recsys.cli.toml import render_toml

    settings = _settings(purpose, preset)
    title = f"Settings of recsys {purpose}; use with: recsys {purpose} ... --config FILE"
    text = render_toml(settings, title=title).rstrip("\n")
    answer(settings.to_dict(), json_file=json_file, show=lambda: say(text))


def _settings(purpose: str, preset: str | None) -> Config:
    if purpose == "digest":
        if preset is not None:
            raise typer.BadParameter("digests have no presets.", param_hint="--preset")
        from recsys.digest import DigestConfig

        return DigestConfig()
    from recsys.serving import RecommenderConfig

    return RecommenderConfig() if preset is None else RecommenderConfig(preset=preset)
