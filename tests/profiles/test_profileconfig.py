import json

import pytest

from recsys.core.errors import ConfigError
from recsys.profiles.profileconfig import ProfileConfig
from recsys.profiles.terms import TextConfig


def test_settings_survive_json() -> None:
    config = ProfileConfig(family_weights={"mood": 2}, text=TextConfig(tokenizer="jieba", min_df=1))
    assert ProfileConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_families_not_named_keep_their_default() -> None:
    config = ProfileConfig(family_weights={"author": 0})
    assert config.family_weight("author") == 0
    assert config.family_weight("topic") == 1
    assert config.family_weight("mood") == config.other_family_weight


@pytest.mark.parametrize(
    "settings", [{"family_weights": {"topic": -1}}, {"bm25_b": 2}, {"tags_per_user": 0}, {"tea": 1}]
)
def test_wrong_settings_are_refused_by_name(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        ProfileConfig(**settings)


def test_an_unknown_tokenizer_is_refused() -> None:
    with pytest.raises(ConfigError, match="tokenizer"):
        TextConfig(tokenizer="spacy")
