import pytest

from recsys.core.errors import ConfigError
from recsys.evaluation import measure_latency


def test_each_call_is_numbered_and_the_warm_up_is_not_timed() -> None:
    asked: list[int] = []
    taken = measure_latency(asked.append, n_calls=5, warm_up=2)
    assert asked == [0, 1, 2, 3, 4, 5, 6]
    assert taken.n_calls == 5


def test_percentiles_are_in_order_and_the_slow_call_is_the_largest() -> None:
    def call(at: int) -> None:
        if at == 7:
            sum(range(300_000))

    taken = measure_latency(call, n_calls=30, warm_up=0)
    assert 0 <= taken.p50_ms <= taken.p95_ms <= taken.p99_ms <= taken.max_ms
    assert taken.max_ms > 2 * taken.p50_ms


@pytest.mark.parametrize("how", [{"n_calls": 0}, {"warm_up": -1}])
def test_numbers_that_make_no_sense_are_refused(how: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="n_calls must be at least 1"):
        measure_latency(lambda _: None, **how)
