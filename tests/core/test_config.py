"""Configurations: plain values that survive JSON, refused with one clear line when wrong."""

import json
import pickle
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, NonNegativeInt, PositiveFloat, ValidationError, field_validator

from recsys.core.config import Config
from recsys.core.errors import ConfigError


class KettleConfig(Config):
    """Settings of a kettle."""

    litres: PositiveFloat = 1.0
    """How much it holds."""
    mode: Literal["boil", "warm"] = "boil"


class KitchenConfig(Config):
    kettle: KettleConfig = KettleConfig()
    n_cups: NonNegativeInt = 2
    steps: tuple[int, ...] = (1, 2)
    names: dict[str, float] = Field(default_factory=dict)
    shop: str | None = None

    @field_validator("steps")
    @classmethod
    def _rising(cls, steps: tuple[int, ...]) -> tuple[int, ...]:
        if list(steps) != sorted(steps):
            raise ValueError("steps must rise")
        return steps


kitchens = st.builds(
    KitchenConfig,
    kettle=st.builds(
        KettleConfig,
        litres=st.floats(min_value=1e-6, max_value=1e6),
        mode=st.sampled_from(["boil", "warm"]),
    ),
    n_cups=st.integers(min_value=0, max_value=100),
    steps=st.lists(st.integers(-5, 5)).map(lambda steps: tuple(sorted(steps))),
    names=st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)),
    shop=st.none() | st.text(),
)


@given(kitchens)
def test_a_config_survives_a_json_round_trip(config: KitchenConfig) -> None:
    assert KitchenConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_a_config_survives_pickling() -> None:
    config = KitchenConfig(n_cups=5)
    assert pickle.loads(pickle.dumps(config)) == config


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        KettleConfig(liters=2)  # type: ignore[call-arg]
    assert str(caught.value) == "KettleConfig has no setting 'liters'; known: litres, mode."


def test_a_wrong_setting_inside_another_config_is_named_with_its_path() -> None:
    with pytest.raises(ConfigError) as caught:
        KitchenConfig.from_dict({"kettle": {"liters": 2}})
    assert str(caught.value) == (
        "KitchenConfig.kettle: KettleConfig has no setting 'liters'; known: litres, mode."
    )


def test_a_wrong_value_is_named_with_what_came() -> None:
    with pytest.raises(ConfigError, match=r"^KettleConfig\.litres: .* greater than 0; got -1\.$"):
        KettleConfig(litres=-1)


def test_the_message_of_a_validator_is_kept_without_decoration() -> None:
    with pytest.raises(
        ConfigError, match=r"^KitchenConfig\.steps: steps must rise; got \(2, 1\)\.$"
    ):
        KitchenConfig(steps=(2, 1))


def test_further_mistakes_are_counted() -> None:
    with pytest.raises(ConfigError, match=r"\(and 1 more\)\.$"):
        KettleConfig(litres=-1, mode="freeze")


def test_a_huge_value_does_not_fill_the_message() -> None:
    with pytest.raises(ConfigError) as caught:
        KettleConfig(litres="x" * 1_000_000)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def test_a_path_is_shown_as_it_is_written() -> None:
    with pytest.raises(ConfigError, match=r"got some/where\.$"):
        KettleConfig(litres=Path("some/where"))


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        KettleConfig().litres = 2.0  # type: ignore[misc]


def test_replace_gives_a_checked_copy_and_leaves_the_original() -> None:
    config = KitchenConfig(n_cups=3)
    assert config.replace(n_cups=4) == KitchenConfig(n_cups=4)
    assert config.n_cups == 3
    with pytest.raises(ConfigError, match="n_cups"):
        config.replace(n_cups=-1)


def test_the_text_below_a_setting_is_its_description() -> None:
    assert KettleConfig.model_fields["litres"].description == "How much it holds."
