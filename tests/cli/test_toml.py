import tomllib
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from recsys.cli.toml import render_toml
from recsys.core.config import Config
from recsys.core.errors import ConfigError
from recsys.models import BlockSpec, HybridConfig
from recsys.serving import RecommenderConfig


class Inner(Config):
    """Settings inside."""

    depth: int = 2
    """How deep."""


class Outer(Config):
    """Settings of this test."""

    name: str = "x"
    """What it is called; ``code`` loses its marks."""
    size: Literal["small", "large"] = "small"
    """How big."""
    inner: Inner = Inner()
    """What is inside."""
    share: float = 0.5
    words: tuple[str, ...] = ("a", "b")
    by_name: dict[str, float] = Field(default_factory=dict)
    on: bool = True
    limit: int | None = None
    """None is no limit."""
    must: int | None = 3


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.builds(
        Outer,
        name=names,
        inner=st.builds(Inner, depth=st.integers(-(2**60), 2**60)),
        share=st.floats(allow_nan=False),
        words=st.lists(names).map(tuple),
        by_name=st.dictionaries(names, st.floats(allow_nan=False, allow_infinity=False)),
        limit=st.none() | st.integers(0, 9),
    )
)
def test_what_is_rendered_loads_back(config: Outer) -> None:
    assert Outer(**tomllib.loads(render_toml(config, title="All of it"))) == config


def test_each_setting_stands_under_what_it_means() -> None:
    lines = render_toml(Outer(), title="Title").splitlines()
    assert lines[0] == "# Title"
    assert lines[lines.index('name = "x"') - 1] == "# What it is called; code loses its marks."
    assert lines[lines.index('size = "small"') - 1] == "# One of: small, large."
    assert "# limit is not set" in lines
    assert lines.index("[inner]") > lines.index("on = true")


def test_no_line_is_wider_than_a_terminal() -> None:
    assert max(map(len, render_toml(Outer(), title="word " * 50).splitlines())) <= 78


def test_none_where_it_is_not_the_default_cannot_be_said() -> None:
    with pytest.raises(ConfigError, match="must must have a value"):
        render_toml(Outer(must=None))


def test_blocks_come_back_as_they_were_and_stand_one_a_line() -> None:
    blocks = (
        BlockSpec(kind="popularity", settings={"half_life_days": None}),
        BlockSpec(kind="ease", name="wide", settings={"regularization": 3.0, "tag_weight": 0}),
    )
    config = RecommenderConfig(hybrid=HybridConfig(blocks=blocks))
    text = render_toml(config)
    assert RecommenderConfig(**tomllib.loads(text)) == config
    assert (
        '\n  { kind = "popularity", settings = { half_life_days = "none" }, name = "" },\n' in text
    )


def test_each_line_of_the_title_begins_a_line() -> None:
    assert render_toml(RecommenderConfig(), title="one\n\ntwo").startswith("# one\n#\n# two\n\n")
