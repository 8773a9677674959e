"""Links among codes, and the order of codes and links in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, FloatMatrix, RowArray, freeze
from recsys.core.errors import ArtifactError
from recsys.core.rng import named_rng
from recsys.index.codes.code import ItemCodes
from recsys.index.hnsw.links import one_level_links

N_IN_LINKS = 3
"""In-links that every item is to have, where there is room."""

MAX_ENTRY_POINTS = 256
"""Entry points are the square root of the items, and no more than this: from 4 to 1000 of 100k
items, the recall was the same. Half of them have the largest norms: where most items are nearly
equal, entry points drawn among all lead nowhere."""

NO_ROWS: RowArray = freeze(np.array([], np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class CodeGraph:
    """Links among codes, or the order of the codes alone.

    Attributes
    ----------
    links : (n_items, n_links) int32
        Places of large inner products and of like directions; -1 ends a line. No column: every
        search is a scan.
    entry_points : (n_entry_points,) int32
        Places of the items from which a search may start.
    rows : (n_items,) int32
        The item at each place, where a place is a line of ``links`` and of the codes. Empty: places
        are rows, as in indexes saved in format 1.
    places : (n_items,) int32
        The place of each item; empty if ``rows`` is.

    Notes
    -----
    Items are in the order of their norms. Searches for large products visit codes of large norm
    mostly, and so the memory they read lies close together: at 1M codes of 32 numbers a graph
    search with 64 candidates took 66 microseconds, against 108 in the order of the rows.
    """

    links: RowArray
    entry_points: RowArray
    rows: RowArray = field(default_factory=lambda: NO_ROWS)
    places: RowArray = field(default_factory=lambda: NO_ROWS)

    @classmethod
    def build(
        cls, code: ItemCodes, *, m: int, ef_construction: int, seed: int
    ) -> tuple[ItemCodes, CodeGraph]:
        """Link the codes of at least one item.

        Returns
        -------
        tuple of ItemCodes and CodeGraph
            The codes by place, and their links; see :class:`IndexConfig` for the settings.
        """
        ordered, order = cls.in_order(code)
        rows, places = order.rows, order.places
        # linked in the order of the rows: where most items are nearly equal, a graph linked in the
        # order of norms, ascending, found .60 of the best 10 at most, this one .999
        codes = code.of_items()
        by_row = one_level_links(codes, m=m, ef_construction=ef_construction, deterministic=True)
        links = np.where(by_row < 0, NO_ROW, places[by_row])[rows]
        add_in_links(links, codes[rows])
        entry_points = _entry_points(len(codes), seed=seed)
        return ordered, cls(freeze(links), freeze(entry_points), rows, places)

    @classmethod
    def in_order(cls, code: ItemCodes) -> tuple[ItemCodes, CodeGraph]:
        """Return the codes by place, and their order without links."""
        rows: RowArray = np.argsort(code.norms(), kind="stable").astype(np.int32)
        places = np.empty_like(rows)
        places[rows] = np.arange(len(rows), dtype=np.int32)
        no_links = np.zeros((len(rows), 0), np.int32)
        return code.taken(rows), cls(freeze(no_links), NO_ROWS, freeze(rows), freeze(places))

    @property
    def has_links(self) -> bool:
        """True if the graph has links."""
        return bool(self.links.shape[1])

    @property
    def arrays(self) -> tuple[RowArray, RowArray, RowArray, RowArray]:
        """All arrays, as compiled code takes them."""
        return self.links, self.entry_points, self.rows, self.places

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what has to be saved."""
        names = ("links", "hubs", "rows", "places")
        return dict(zip(names, self.arrays, strict=True))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], *, n_items: int) -> CodeGraph:
        """Build from the arrays of :meth:`to_arrays`, possibly mapped; format 1 has no order.

        Raises
        ------
        ArtifactError
            If the arrays do not fit together. The numbers in them are checked where they are used.
        """
        graph = cls(
            arrays["links"],
            arrays["hubs"],
            arrays.get("rows", NO_ROWS),
            arrays.get("places", NO_ROWS),
        )
        is_whole = all(array.dtype == np.int32 for array in graph.arrays)
        is_shaped = [array.ndim for array in graph.arrays] == [2, 1, 1, 1]
        in_order = len(graph.rows) == len(graph.places) and len(graph.rows) in (0, n_items)
        if not (is_whole and is_shaped and in_order and len(graph.links) == n_items):
            raise ArtifactError("the saved graph of an index is damaged. Save it again.")
        return graph


def _entry_points(n_items: int, *, seed: int) -> RowArray:
    """Return places of entry points: half with the largest norms, half drawn at random."""
    n_points = min(int(np.ceil(np.sqrt(n_items))), MAX_ENTRY_POINTS)
    others, largest = np.split(np.arange(n_items), [n_items - n_points // 2])
    rng = named_rng(seed, "index", "hubs")
    drawn = rng.choice(others, n_points - len(largest), replace=False)
    return np.concatenate([np.sort(drawn), largest]).astype(np.int32)


def add_in_links(links: RowArray, vectors: FloatMatrix) -> None:
    """Add links to items that few others link to, the largest norms first.

    Parameters
    ----------
    links : (n_items, n_links) int32
        Changed in place: the items that a line leads to lead back, where they have room.
    vectors : (n_items, n_factors) float32

    Notes
    -----
    Among many nearly equal items, those without interactions, a graph links each to the first of
    them, and leaves out the others near. Measured on a made-up community of a million items, 3,400
    codes among 200,000 of them: more than half of the items had no in-link, and a search with 1,024
    candidates found .980 of the best 10; with three in-links .980 with 64 candidates and 1.0 with
    256.
    """
    from recsys.index.codes._in_links import link_back

    norms = np.einsum("if,if->i", vectors, vectors, dtype=np.float64)
    order = freeze(np.argsort(-norms, kind="stable").astype(np.int32))
    n_in_links = np.bincount(links[links >= 0], minlength=len(links))
    link_back(links, order, n_in_links.astype(np.int64), N_IN_LINKS)


NO_GRAPH = CodeGraph(freeze(np.zeros((0, 0), np.int32)), NO_ROWS)
"""No links: every search is a scan."""
