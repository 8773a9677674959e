"""Configurations from files and options of the command line."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from recsys.core.errors import ConfigError, clip

if TYPE_CHECKING:
    from recsys.core.config import Config
    from recsys.models import TuningConfig
    from recsys.serving import RecommenderConfig

ConfigT = TypeVar("ConfigT", bound="Config")


def load_config(cls: type[ConfigT], path: Path | None) -> ConfigT:
    """Return the configuration in a TOML or JSON file; the defaults for None.

    Raises
    ------
    ConfigError
        If the file cannot be read or a setting is wrong; the message names the file.
    """
    if path is None:
        return cls()
    settings = read_settings(path)
    try:
        return cls(**settings)
    except ConfigError as err:
        raise ConfigError(f"{path}: {err}") from err


def recommender_config(
    path: Path | None, *, preset: str | None, kinds: Mapping[str, float]
) -> RecommenderConfig:
    """Return the settings of the file, overridden by the options."""
    from recsys.serving import RecommenderConfig

    config = load_config(RecommenderConfig, path)
    changes: dict[str, Any] = {} if preset is None else {"preset": preset}
    if kinds:
        changes["kinds"] = {**config.kinds, **kinds}
    changed: RecommenderConfig = config.replace(**changes) if changes else config
    return changed


def tuning_config(
    *, minutes: float | None, option: str = "--minutes", **settings: Any
) -> TuningConfig:
    """Return the settings of a search from options; None is the default.

    Raises
    ------
    typer.BadParameter
        If the minutes are not above 0.
    ConfigError
        If another setting is wrong, or optuna is not installed.
    """
    from recsys.models import TuningConfig, check_optuna

    if minutes is not None and not 0 < minutes < math.inf:
        raise typer.BadParameter(f"must be greater than 0; got {minutes:g}.", param_hint=option)
    check_optuna()
    if settings.get("n_trials") is None and minutes is None:
        settings["minutes"] = TuningConfig().minutes
    else:
        settings["minutes"] = minutes
    return TuningConfig(**settings)


def read_settings(path: Path) -> dict[str, Any]:
    """Return the plain settings in a TOML or JSON file; JSON begins with a brace.

    Raises
    ------
    ConfigError
        If there is no such file, or it is neither.
    """
    if not path.is_file():
        raise ConfigError(f"--config must name a TOML or JSON file; {path} is none.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        is_json = text.lstrip().startswith("{")
        settings = json.loads(text) if is_json else tomllib.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError, tomllib.TOMLDecodeError) as err:
        raise ConfigError(f"{path} must be TOML or JSON in UTF-8; {clip(str(err), 120)}.") from err
    except RecursionError as err:
        raise ConfigError(f"{path} must be TOML or JSON; it is nested too deeply.") from err
    return dict(settings)


def pairs(texts: Sequence[str] | None, *, option: str, example: str) -> dict[str, str]:
    """Return ``["a=b,c=d"]`` as a mapping.

    Raises
    ------
    typer.BadParameter
        If a part is not of the form name=value.
    """
    out: dict[str, str] = {}
    for part in (one for text in texts or () for one in text.split(",")):
        name, sign, value = (one.strip() for one in part.partition("="))
        if not (name and sign and value):
            raise typer.BadParameter(
                f"{clip(repr(part))} is not of the form {example}.", param_hint=option
            )
        out[name] = value
    return out


def kind_weights(texts: Sequence[str] | None) -> dict[str, float]:
    """Return ``["upvote=3"]`` as weights by kind.

    Raises
    ------
    typer.BadParameter
        If a part is not of the form name=number.
    """
    out: dict[str, float] = {}
    for name, value in pairs(texts, option="--kind", example="upvote=3").items():
        try:
            out[name] = float(value)
        except ValueError as err:
            raise typer.BadParameter(
                f"{clip(repr(value))} is not a number.", param_hint="--kind"
            ) from err
    return out
