from pathlib import Path

import pytest
import typer

from recsys.cli.settings import kind_weights, load_config, pairs, read_settings
from recsys.core.config import Config
from recsys.core.errors import ConfigError


class TeaConfig(Config):
    """Settings of tea."""

    minutes: float = 3.0
    """How long."""


@pytest.mark.parametrize(
    "content", [b"minutes = 4\n", b'{"minutes": 4}', b"\xef\xbb\xbfminutes = 4.0"]
)
def test_toml_and_json_say_the_same(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings"
    path.write_bytes(content)
    assert load_config(TeaConfig, path) == TeaConfig(minutes=4.0)


def test_without_a_file_the_defaults_hold() -> None:
    assert load_config(TeaConfig, None) == TeaConfig()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"minutes =", "must be TOML or JSON"),
        (b"{", "must be TOML or JSON"),
        (b"\xff\xfe\x00", "must be TOML or JSON"),
        (b"{" + b'"a":{' * 100_000, "must be TOML or JSON"),
        (b"sugar = 1", "has no setting 'sugar'"),
        (b"minutes = 'long'", r"TeaConfig\.minutes"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "settings"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(TeaConfig, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["none.toml", "."])
def test_a_missing_file_or_a_folder_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="--config must name"):
        read_settings(tmp_path / name)


def test_pairs_are_taken_from_commas_and_from_repeated_options() -> None:
    texts = ["user_id=member, item_id = post", "kind=what=ever"]
    expected = {"user_id": "member", "item_id": "post", "kind": "what=ever"}
    assert pairs(texts, option="--columns", example="a=b") == expected
    assert pairs(None, option="--columns", example="a=b") == {}


@pytest.mark.parametrize("text", ["user_id", "=x", "x=", "a=b,", "x" * 10**6])
def test_what_is_no_pair_is_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        pairs([text], option="--columns", example="user_id=member_id")
    assert len(str(caught.value)) < 200


def test_kinds_have_weights() -> None:
    assert kind_weights(["upvote=3", "view=.5,share=2"]) == {"upvote": 3, "view": 0.5, "share": 2}
    with pytest.raises(typer.BadParameter, match="not a number"):
        kind_weights(["upvote=much"])
