"""Arguments of callers."""

from typing import Any

import numpy as np
import pytest

import recsys
from recsys.core.errors import ConfigError, DataError
from recsys.serving.arguments import as_config, check_k, check_types


@pytest.mark.parametrize("k", [0, -1, 2.0, True, "3", None])
def test_k_is_a_whole_number_above_zero(k: object) -> None:
    with pytest.raises(ConfigError, match="k must be a whole number"):
        check_k(k)
    assert check_k(np.int64(3)) == 3


def test_a_frame_in_place_of_a_log_is_told_how_to_become_one() -> None:
    with pytest.raises(DataError, match=r"EventLog\.from_frame"):
        check_types({"user_id": []}, None, None)
    check_types(recsys.EventLog.empty(), None, None)


@pytest.mark.parametrize("config", [3, 1.5, True, ["fast"], ("fast",), {"fast"}, b"fast", object()])
def test_a_configuration_of_another_type_is_refused(config: Any) -> None:
    with pytest.raises(ConfigError, match=r"config must be a RecommenderConfig; got "):
        as_config(config)


@pytest.mark.parametrize("config", ["fastest", "", {"preset": "x"}, {"n_factorz": 3}, {1: 2}])
def test_an_unknown_preset_or_setting_is_refused(config: Any) -> None:
    with pytest.raises(ConfigError):
        as_config(config)


@pytest.mark.parametrize("preset", ["fast", "balanced", "best"])
def test_a_preset_and_a_mapping_are_configurations(preset: Any) -> None:
    wanted = recsys.RecommenderConfig(preset=preset)
    assert as_config(preset) == as_config({"preset": preset}) == as_config(wanted) == wanted
    assert as_config(None) == as_config({}) == recsys.RecommenderConfig()


def test_a_fit_takes_the_name_of_a_preset() -> None:
    events = recsys.EventLog.from_frame({"user_id": ["a", "b"], "item_id": ["x", "y"]})
    assert recsys.Recommender.fit(events, config="fast").recommend(["a"], k=1).item_ids[0, 0] == "y"
