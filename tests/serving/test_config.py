"""The settings of a recommender."""

import json

import pytest

import recsys
from recsys.models import BLOCKS


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


@pytest.mark.parametrize("model", ["hybrid", *BLOCKS])
def test_every_block_is_a_model(model: str) -> None:
    assert recsys.RecommenderConfig(model=model).model == model


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
