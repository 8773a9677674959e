"""Tag vocabulary: names, families and idf weights."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, FloatArray, RowArray, freeze
from recsys.core.errors import DataError

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]

FAMILIES = ("topic", "format", "level", "language", "community", "author", "text")
"""Families filled by the library, in the order in which a name without family is looked up."""

_GAPS = re.compile(r"[\s_]+")


@dataclass(frozen=True, eq=False)  # no slots: the lookups are built at first use
class TagVocabulary:
    """Vocabulary of tags; a tag is a name in a family.

    Attributes
    ----------
    names : tuple of n_tags str
        As the data has them.
    families : tuple of n_tags str
        A name may be in several families, once in each.
    idf : (n_tags,) float32
        How much each tag says; greater than 0.

    Raises
    ------
    DataError
        If the lengths differ or a family has a name twice.

    Examples
    --------
    >>> tags = TagVocabulary(("quantum-gates", "video"), ("topic", "format"), np.ones(2))
    >>> tags.match(["Quantum Gates", "video", "tea"]).tolist()
    [0, 1, -1]
    """

    names: tuple[str, ...]
    families: tuple[str, ...]
    idf: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "idf", freeze(np.array(self.idf, dtype=np.float32)))
        if not len(self.names) == len(self.families) == len(self.idf):
            raise DataError(
                f"names, families and idf must have one length; got {len(self.names)}, "
                f"{len(self.families)} and {len(self.idf)}."
            )
        if len(set(zip(self.families, self.names, strict=True))) != len(self.names):
            raise DataError("a family must have each name once; one is there twice.")

    @classmethod
    def empty(cls) -> TagVocabulary:
        """Return the vocabulary of no tags."""
        return cls((), (), np.zeros(0, dtype=np.float32))

    def __len__(self) -> int:
        return len(self.names)

    def rows(self, names: Iterable[str], *, family: str) -> RowArray:
        """Return the (n,) int32 rows of exact names of one family; -1 where unknown."""
        known = self._by_family.get(family, {})
        return np.fromiter((known.get(name, NO_ROW) for name in names), dtype=np.int32)

    def match(self, names: Iterable[str]) -> RowArray:
        """Return the (n,) int32 rows of names that people typed; -1 where unknown.

        An exact name wins over one that differs in case, spaces or underscores, then the family
        that comes first in ``FAMILIES``, then the lower row.
        """
        first = (self.match_all(name)[:1] for name in names)
        return np.fromiter((int(rows[0]) if len(rows) else NO_ROW for rows in first), np.int32)

    def match_all(self, name: str) -> RowArray:
        """Return the int32 rows of every family's tag of this name, the best match first."""
        rows = self._by_plain_name.get(plain_name(name), ())
        exact = [row for row in rows if self.names[row] == name]
        return np.array(exact + [row for row in rows if self.names[row] != name], dtype=np.int32)

    def family_rows(self, family: str) -> RowArray:
        """Return the int32 rows of one family, ascending."""
        rows = sorted(self._by_family.get(family, {}).values())
        return np.array(rows, dtype=np.int32)

    def to_arrays(self) -> Arrays:
        """Return plain arrays to save: UTF-8 bytes and offsets of the names, family codes, idf."""
        kinds = tuple(dict.fromkeys(self.families))
        code = {kind: at for at, kind in enumerate(kinds)}
        codes = np.array([code[family] for family in self.families], dtype=np.int32)
        return {
            **packed("names", self.names),
            **packed("families", kinds),
            "family_codes": codes,
            "idf": self.idf,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> TagVocabulary:
        """Take what :meth:`to_arrays` gave."""
        kinds = unpacked("families", arrays)
        families = tuple(kinds[code] for code in arrays["family_codes"].tolist())
        return cls(unpacked("names", arrays), families, np.asarray(arrays["idf"]))

    @cached_property
    def _by_family(self) -> dict[str, dict[str, int]]:
        out: dict[str, dict[str, int]] = {}
        for row, (family, name) in enumerate(zip(self.families, self.names, strict=True)):
            out.setdefault(family, {})[name] = row
        return out

    @cached_property
    def _by_plain_name(self) -> dict[str, list[int]]:
        place = {family: at for at, family in enumerate(FAMILIES)}
        # families of the caller's own stand with the topics, before all others
        order = sorted(range(len(self)), key=lambda row: (place.get(self.families[row], 0), row))
        out: dict[str, list[int]] = {}
        for row in order:
            out.setdefault(plain_name(self.names[row]), []).append(row)
        return out


def plain_name(name: str) -> str:
    """Return the normal form of a tag for comparison: case-folded, trimmed, gaps as one hyphen.

    Examples
    --------
    >>> plain_name("  Quantum_Gates ")
    'quantum-gates'
    """
    return _GAPS.sub("-", unicodedata.normalize("NFKC", name).casefold().strip())


def packed(label: str, texts: Sequence[str]) -> Arrays:
    """Return texts as two plain arrays, ``label_bytes`` and ``label_offsets``."""
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(raw) + 1, dtype=np.int64)
    np.cumsum([len(one) for one in raw], out=offsets[1:])
    joined = np.frombuffer(b"".join(raw), dtype=np.uint8)
    return {f"{label}_bytes": joined, f"{label}_offsets": offsets}


def unpacked(label: str, arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[str, ...]:
    """Return the texts of the arrays that :func:`packed` made under the same label."""
    raw = np.asarray(arrays[f"{label}_bytes"]).tobytes()
    offsets = np.asarray(arrays[f"{label}_offsets"]).tolist()
    return tuple(
        raw[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(offsets)
    )
