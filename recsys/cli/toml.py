"""Configurations as commented TOML."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from recsys.core.config import Config
from recsys.core.errors import ConfigError

BARE = re.compile(r"[A-Za-z0-9_-]+")
WIDTH = 78


def render_toml(config: Config, *, title: str = "") -> str:
    """Return the settings as commented TOML; loading it gives the same settings.

    Parameters
    ----------
    config : Config
        Configs inside become tables. Settings that are None are left out, with a remark: TOML has
        no null, and None is their default. In the settings of a block, where None may not
        be the default, it is the word "none".
    title : str
        A comment at the top; each of its lines begins a line.

    Raises
    ------
    ConfigError
        If a setting cannot be said in TOML: None where it is not the default.
    """
    heading = [line for part in title.splitlines() for line in _comment(part) or ["#"]]
    lines = [*heading, *([""] if title else []), *_table(config, ())]
    return "\n".join(lines).strip("\n") + "\n"


def _table(config: Config, path: tuple[str, ...]) -> Iterator[str]:
    plain = config.to_dict()
    inner: list[str] = []
    for name, field in type(config).model_fields.items():
        if isinstance(getattr(config, name), Config):
            inner.append(name)
            continue
        yield from _comment(field.description or "")
        yield from _choices(field.annotation)
        yield from _setting(name, plain[name], field.get_default(call_default_factory=True))
        yield ""
    for name in inner:  # TOML wants a table's own settings before the tables in it
        field = type(config).model_fields[name]
        here = (*path, name)
        yield from _comment(field.description or "")
        yield f"[{'.'.join(_key(one) for one in here)}]"
        yield ""
        yield from _table(getattr(config, name), here)


def _setting(name: str, value: Any, default: Any) -> Iterator[str]:
    if value is not None:
        yield f"{_key(name)} = {_value(value, name)}"
    elif default is None:
        yield f"# {name} is not set"
    else:
        raise ConfigError(f"{name} must have a value to be written as TOML; got None. Use JSON.")


def _choices(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from _comment("One of: " + ", ".join(map(str, get_args(annotation))) + ".")


def _comment(text: str) -> list[str]:
    flat = " ".join(text.replace("``", "").split())
    return textwrap.wrap(flat, WIDTH, initial_indent="# ", subsequent_indent="# ")


def _value(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return _array(value, name)
    if value is None and name == "blocks":
        value = "none"  # TOML has no null; BlockSpec reads the word
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        pairs = [f"{_key(str(key))} = {_value(one, name)}" for key, one in value.items()]
        return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
    raise ConfigError(f"{name} cannot be written as TOML: it holds {value!r}. Use JSON.")


def _array(values: list[Any], name: str) -> str:
    each = [_value(one, name) for one in values]
    if values and isinstance(values[0], Mapping):  # such as blocks: one a line
        return "[\n" + "".join(f"  {one},\n" for one in each) + "]"
    return "[" + ", ".join(each) + "]"


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
