import pytest

from recsys.core.errors import ConfigError
from recsys.digest import DigestConfig


def test_the_settings_survive_a_json_round_trip() -> None:
    config = DigestConfig(k=5, max_per_topic=None, topic_families=("topic", "level"))
    assert DigestConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    "subject", ["{user_id.__class__}", "{0}", "{}", "{n_items!r}", "{oops}", "{n_items"]
)
def test_a_subject_may_use_the_known_fields_only(subject: str) -> None:
    with pytest.raises(ConfigError, match="subject"):
        DigestConfig(subject=subject)


@pytest.mark.parametrize(
    "wrong",
    [
        {"k": 0},
        {"k": -1},
        {"candidates": 0},
        {"period_days": 0},
        {"base_url": "javascript:x"},
        {"lang": 'en"'},
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        DigestConfig(**wrong)
