"""Asked before it is taken."""

import pytest

from recsys.core.errors import ConfigError
from recsys.core.memory import available_bytes, check_memory, readable


def test_what_does_not_fit_is_refused_with_both_numbers() -> None:
    with pytest.raises(ConfigError, match=r"needs 4\.0 GB and 1\.0 MB are available\. Smaller\."):
        check_memory(4 * 10**9, what="It", hint="Smaller.", available=10**6)


def test_what_fits_passes() -> None:
    check_memory(1, what="It", hint="")


def test_the_machine_tells_a_plausible_number() -> None:
    assert available_bytes() > 10**6


def test_sizes_are_readable() -> None:
    assert [readable(n) for n in (12, 1200, 3_400_000)] == ["12 bytes", "1.2 kB", "3.4 MB"]
