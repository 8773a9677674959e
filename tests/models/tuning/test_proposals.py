from __future__ import annotations

import math
import sys

import pytest

from recsys.core.errors import MissingDependencyError
from recsys.models.blocks.block_config import Choice
from recsys.models.tuning.proposals import Settings, check_optuna, propose
from recsys.models.tuning.space import Number, Space

SPACE: Space = {
    "strength": Number(0.1, 10, log=True),
    "power": Number(0, 1),
    "length": Number(10, 200, log=True, whole=True),
    "kind": Choice((None, 14.0, 60.0)),
}
START: Settings = {"strength": 1.0, "power": 0.5, "length": 64, "kind": None}


def worth(settings: Settings) -> float:
    """Highest at strength 4, power 0.8 and kind 14."""
    away = math.log(settings["strength"] / 4) ** 2 + (settings["power"] - 0.8) ** 2
    return float(-away - 0.2 * (settings["kind"] != 14.0))


def search(n_trials: int, *, seed: int = 0) -> list[tuple[Settings, float]]:
    tried = [(START, worth(START))]
    for _ in range(n_trials):
        found = propose(SPACE, tried, seed=seed, name="block")
        assert found is not None
        tried.append((found, worth(found)))
    return tried


def test_proposals_lie_within_their_ranges() -> None:
    for settings, _ in search(12):
        assert 0.1 <= settings["strength"] <= 10
        assert 0 <= settings["power"] <= 1
        assert 10 <= settings["length"] <= 200
        assert isinstance(settings["length"], int)
        assert settings["kind"] in (None, 14.0, 60.0)


def test_proposals_get_closer_to_what_is_best() -> None:
    values = [value for _, value in search(25)]
    assert max(values) > -0.1 > values[0]


def test_the_same_seed_proposes_the_same() -> None:
    assert search(6) == search(6)


def test_another_seed_proposes_other_settings() -> None:
    assert search(3)[1:] != search(3, seed=1)[1:]


def test_nothing_is_proposed_twice() -> None:
    space: Space = {"kind": Choice((1.0, 2.0, 3.0))}
    tried: list[tuple[Settings, float]] = [({"kind": 1.0}, 0.0)]
    while (found := propose(space, tried, seed=0, name="small")) is not None:
        assert found not in [settings for settings, _ in tried]
        tried.append((found, 0.0))
    assert len(tried) > 1


def test_first_each_setting_is_changed_alone() -> None:
    tried = search(3)
    for turn, (settings, _) in enumerate(tried[1:], start=1):
        before = max(tried[:turn], key=lambda one: one[1])[0]
        assert sum(settings[name] != before[name] for name in SPACE) == 1


def test_without_optuna_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'recsys-engine\[tune\]'"):
        check_optuna()


def test_optuna_keeps_its_own_loudness() -> None:
    import optuna

    before = optuna.logging.get_verbosity()
    search(1)
    assert optuna.logging.get_verbosity() == before
