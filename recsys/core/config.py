"""Base class of all configurations."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from recsys.core.errors import ConfigError, clip


class Config(BaseModel):
    """A frozen bundle of settings that survives a JSON round trip.

    Raises
    ------
    ConfigError
        If a setting is unknown, has the wrong type or is out of range; the message names it.

    Examples
    --------
    >>> class TeaConfig(Config):
    ...     minutes: float = 3.0
    >>> TeaConfig(minutes=4).to_dict()
    {'minutes': 4.0}
    >>> TeaConfig(sugar=1)
    Traceback (most recent call last):
        ...
    recsys.core.errors.ConfigError: TeaConfig has no setting 'sugar'; known: minutes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as err:
            raise ConfigError(_one_line(type(self), err)) from err

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Any:
        """Build from plain values, as read from TOML or JSON.

        Raises
        ------
        ConfigError
            If a setting is unknown or wrong.
        """
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON values."""
        return self.model_dump(mode="json")

    def replace(self, **changes: Any) -> Any:
        """Return a copy with some settings changed, checked again."""
        return type(self)(
            **{**{name: getattr(self, name) for name in type(self).model_fields}, **changes}
        )


def _one_line(cls: type[Config], err: ValidationError) -> str:
    first = err.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or cls.__name__
    if first["type"] == "extra_forbidden":
        known = ", ".join(cls.model_fields) if len(first["loc"]) == 1 else "see its reference page"
        return f"{cls.__name__} has no setting {clip(where)!r}; known: {known}."
    inner = first.get("ctx", {}).get("error")
    if isinstance(inner, ConfigError):  # a config inside this one: its message says it all
        return f"{cls.__name__}.{where}: {inner}"
    got = first.get("input")
    shown = str(got) if isinstance(got, PurePath) else repr(got)
    reason = str(first["msg"]).removeprefix("Value error, ")
    more = f" (and {err.error_count() - 1} more)" if err.error_count() > 1 else ""
    return f"{cls.__name__}.{where}: {reason}; got {clip(shown)}{more}."
