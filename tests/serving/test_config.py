"""The settings of a recommender."""

import json
from typing import get_args

import pytest

import recsys
from recsys.models import BLOCKS
from recsys.serving.config import ModelName


def test_settings_survive_json() -> None:
    config = recsys.RecommenderConfig.from_dict(
        {
            "preset": "fast",
            "kinds": {"upvote": 3},
            "hybrid": {"blocks": [{"kind": "ease", "settings": {"regularization": 9}}]},
            "repeatable": {"offer": 30},
            "seed": 7,
        }
    )
    again = recsys.RecommenderConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config


def test_every_model_but_the_hybrid_is_a_block() -> None:
    assert set(get_args(ModelName)) - {"hybrid"} <= set(BLOCKS)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"preset": "quick"}, "preset"),
        ({"model": "magic"}, "model"),
        ({"seed": -1}, "seed"),
        ({"repeatable": {"offer": 0}}, "repeatable"),
        ({"kinds": {"view": -1}}, "kinds"),
        ({"colour": "red"}, "colour"),
        ({"hybrid": {"blocks": [{"kind": "magic"}]}}, "magic"),
        ({"hybrid": {"blocks": [{"kind": "ease", "settings": {"regularisation": 1}}]}}, "ation"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(recsys.ConfigError, match=named):
        recsys.RecommenderConfig.from_dict(settings)


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(recsys.RecommenderConfig(), "seed", 3)  # noqa: B010  (mypy knows it is refused)
