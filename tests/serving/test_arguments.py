"""Arguments of callers."""

from typing import Any

import numpy as np
import pytest

import recsys
from recsys.core.errors import ConfigError, DataError
from recsys.serving.arguments import check_config, check_k, check_types


@pytest.mark.parametrize("k", [0, -1, 2.0, True, "3", None])
def test_k_is_a_whole_number_above_zero(k: object) -> None:
    with pytest.raises(ConfigError, match="k must be a whole number"):
        check_k(k)
    assert check_k(np.int64(3)) == 3


def test_a_frame_in_place_of_a_log_is_told_how_to_become_one() -> None:
    with pytest.raises(DataError, match=r"EventLog\.from_frame"):
        check_types({"user_id": []}, None, None)
    check_types(recsys.EventLog.empty(), None, None)


@pytest.mark.parametrize("config", ["fast", {"preset": "fast"}, 3])
def test_a_configuration_of_another_type_is_refused(config: Any) -> None:
    with pytest.raises(ConfigError, match=r"config must be a RecommenderConfig; got "):
        check_config(config)
