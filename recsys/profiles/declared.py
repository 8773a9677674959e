"""Declared and muted tags of people in the vocabulary of the item profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import (
    Csr,
    freeze_csr,
)
from recsys.data import (
    People,
)
from recsys.profiles.items import ItemProfiles
from recsys.profiles.users import declared_profile
from recsys.profiles.vocabulary import TagVocabulary, plain_name


@dataclass(frozen=True, slots=True, eq=False)
class DeclaredTags:
    """Declared tags that the vocabulary knows, and those it does not.

    Attributes
    ----------
    matrix : (n_users, n_tags) csr float32
        Weights as declared.
    unknown : tuple of str
        Declared tags that no item has; most declared first.
    n_unknown : tuple of int
        How many people declared each of them.
    """

    matrix: Csr
    unknown: tuple[str, ...]
    n_unknown: tuple[int, ...]


def match_declared(declared: Csr, names: Sequence[str], tags: TagVocabulary) -> DeclaredTags:
    """Translate declared tags into the vocabulary.

    Parameters
    ----------
    declared : (n_users, n_names) csr float32
        Weights, greater than 0 where stored.
    names : (n_names,) sequence of str
        As people typed them; matched by :meth:`TagVocabulary.match`. Of several spellings of one
        tag the heaviest counts.
    tags : TagVocabulary
        What the items have.

    Examples
    --------
    >>> tags = TagVocabulary(("gates",), ("topic",), np.ones(1))
    >>> found = match_declared(sp.csr_matrix([[1.0, 1.0]]), ["Gates", "tea"], tags)
    >>> found.matrix.toarray().tolist(), found.unknown, found.n_unknown
    ([[1.0]], ('tea',), (1,))
    """
    rows = tags.match(names)
    entries = sp.csr_matrix(declared).tocoo()
    target = rows[entries.col] if len(rows) else np.zeros(0, dtype=np.int32)
    known = target >= 0
    matrix = _heaviest(
        entries.row[known], target[known], entries.data[known], (declared.shape[0], len(tags))
    )
    counts = np.bincount(entries.col, minlength=len(names))[: len(names)]
    strange = np.flatnonzero((rows < 0) & (counts > 0)).tolist()
    unknown = sorted((-int(counts[column]), names[column]) for column in strange)
    return DeclaredTags(
        matrix, tuple(name for _, name in unknown), tuple(-count for count, _ in unknown)
    )


def muted_matrix(muted: Iterable[Sequence[str] | None], tags: TagVocabulary) -> Csr:
    """Return the (n_users, n_tags) csr float32 of ones where a person muted a tag.

    Parameters
    ----------
    muted : one sequence of names per person, or None
        A name mutes the tag of that name in every family; the word of texts only where no other
        family has it. Unknown names are left out.
    tags : TagVocabulary
        What the items have.

    Examples
    --------
    >>> tags = TagVocabulary(("video", "video"), ("topic", "format"), np.ones(2))
    >>> muted_matrix([["Video"], None], tags).toarray().tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """
    rows_of: dict[str, list[int]] = {}
    indices: list[int] = []
    indptr = [0]
    for names in muted:
        mine: set[int] = set()
        for name in names or ():
            key = plain_name(name)
            if key not in rows_of:
                rows_of[key] = _meant(name, tags)
            mine.update(rows_of[key])
        indices += sorted(mine)
        indptr.append(len(indices))
    ones = np.ones(len(indices), dtype=np.float32)
    shape = (len(indptr) - 1, len(tags))
    return freeze_csr(sp.csr_matrix((ones, indices, indptr), shape=shape, dtype=np.float32))


def _meant(name: str, tags: TagVocabulary) -> list[int]:
    rows: list[int] = tags.match_all(name).tolist()
    return [row for row in rows if tags.families[row] != "text"] or rows


def _heaviest(rows: object, columns: object, weights: object, shape: tuple[int, int]) -> Csr:
    rows, columns, weights = np.asarray(rows), np.asarray(columns), np.asarray(weights)
    order = np.lexsort((-weights, columns, rows))
    rows, columns, weights = rows[order], columns[order], weights[order]
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    places = (rows[first], columns[first])
    return freeze_csr(sp.csr_matrix((weights[first], places), shape=shape, dtype=np.float32))


def declared_tags(people: People, profiles: ItemProfiles) -> Csr:
    """Return the (n_users, n_tags) csr of declared tags, weighted like the tags of an item."""
    found = match_declared(people.declared, people.tag_names, profiles.tags)
    return declared_profile(found.matrix, profiles)
