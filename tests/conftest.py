"""What every test shares: hypothesis profiles, and tests that need the public data sets."""

import os

import pytest
from hypothesis import HealthCheck, settings

# "ci" repeats itself exactly, "nightly" looks further: HYPOTHESIS_PROFILE=nightly make unit
settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "nightly", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, by name, what needs data that is not on this machine."""
    if os.environ.get("RECSYS_DATA"):
        return
    skip = pytest.mark.skip(reason="RECSYS_DATA does not name the folder of the public data sets")
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(skip)
