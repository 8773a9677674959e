"""Named generators: the same names give the same draws, other names other draws."""

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from recsys.core.rng import named_rng

seeds = st.integers(min_value=0, max_value=2**64)
names = st.lists(st.text(st.characters(codec="utf-8")) | st.integers(), max_size=3)


def draws(seed: int, *what: object) -> list[float]:
    return [float(x) for x in named_rng(seed, *what).random(4)]


@given(seeds, names)
def test_the_same_seed_and_names_give_the_same_draws(seed: int, what: list[object]) -> None:
    assert draws(seed, *what) == draws(seed, *what)


def test_another_seed_another_name_or_another_order_gives_other_draws() -> None:
    lists = [draws(0, "a", "b"), draws(1, "a", "b"), draws(0, "a"), draws(0, "b", "a"), draws(0)]
    assert len({tuple(one) for one in lists}) == len(lists)


def test_draws_do_not_depend_on_who_drew_before() -> None:
    alone = draws(7, "digest", "bo")
    draws(7, "digest", "ana")
    assert draws(7, "digest", "bo") == alone


def test_another_process_draws_the_same() -> None:
    code = "from recsys.core.rng import named_rng; print(named_rng(3, 'digest', 'ana').random())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(run.stdout) == draws(3, "digest", "ana")[0]
