"""What a peer is, and all of them by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benchmarks.quality.problem import Problem, Scores

Params = dict[str, Any]

SEED = 0

MODULES = ("peers_popularity", "peers_implicit", "peers_irspack", "peers_lightfm", "peers_rectools")


@dataclass(frozen=True, slots=True)
class Peer:
    """A model of somebody else, and the small search it is given.

    Attributes
    ----------
    name : str
        As in the results.
    package : str
        The distribution whose version is recorded.
    grid : function of a Problem
        Settings in the order they are tried; the first is taken where no search is possible.
    fit : function of a Problem and settings
        Returns the scores; the import of the library is not part of it.
    uses_tags : bool
        Whether it learns from tags where there are any.
    skip : function of a Problem
        Why it cannot be run on such a problem; empty where it can.
    measured_fit : function or None
        For a peer that lives in another process: returns the scores, seconds and memory itself.
    """

    name: str
    package: str
    grid: Callable[[Problem], Sequence[Params]]
    fit: Callable[[Problem, Params], Scores]
    uses_tags: bool = False
    skip: Callable[[Problem], str] = lambda problem: ""  # noqa: ARG005
    measured_fit: Callable[[Problem, Params], tuple[Scores, dict[str, float]]] | None = None

    @property
    def version(self) -> str:
        """Of the package; empty where it is not installed."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return ""


def all_peers() -> dict[str, Peer]:
    """Return every peer; their libraries are imported when they are fitted."""
    found: dict[str, Peer] = {}
    for name in MODULES:
        module = import_module(f"benchmarks.quality.{name}")
        found |= {peer.name: peer for peer in module.PEERS}
    return found


def variants(*choices: Params) -> list[Params]:
    """Return the given settings, each merged over the first: the first is the base.

    Examples
    --------
    >>> variants({"a": 1, "b": 2}, {"b": 3})
    [{'a': 1, 'b': 2}, {'a': 1, 'b': 3}]
    """
    base = choices[0]
    return [{**base, **other} for other in choices]
