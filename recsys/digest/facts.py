"""Titles, links and excerpts of items, looked up once for a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, BoolArray, Csr, ObjectArray, RowArray, objects
from recsys.core.clock import DAY
from recsys.data import Dataset
from recsys.digest.compose import DigestCaps
from recsys.digest.config import DigestConfig
from recsys.pages import safe_url


@dataclass(frozen=True, eq=False)
class ItemFacts:
    """Columns of the catalog, on the model's item rows.

    Attributes
    ----------
    dataset : Dataset
        Holds the catalog.
    config : DigestConfig
        Says which tags are topics, and what relative addresses are joined to.
    """

    dataset: Dataset
    config: DigestConfig

    @property
    def n_items(self) -> int:
        """Number of items of the model."""
        return len(self.dataset.items)

    @cached_property
    def titles(self) -> ObjectArray:
        """(n_items,) object: text or None."""
        return self.texts("title")

    @cached_property
    def urls(self) -> ObjectArray:
        """(n_items,) object: a safe absolute address or None."""
        base = self.config.base_url
        return objects(safe_url(url, base=base) for url in self.texts("url"))

    @cached_property
    def formats(self) -> ObjectArray:
        """(n_items,) object: text or None."""
        return self.texts("format")

    @cached_property
    def bodies(self) -> ObjectArray:
        """(n_items,) object: the whole text or None."""
        return self.texts("text")

    @cached_property
    def published(self) -> Any:
        """(n_items,) datetime64[us]; NaT where unknown."""
        return self.dataset.catalog.column("published_at")

    @cached_property
    def author_names(self) -> ObjectArray:
        """(n_items,) object: what the catalog calls the author, or None."""
        ids, names = self.column("author_id"), self.texts("author_name")
        return objects(
            name if name is not None else (None if one is None else str(one))
            for one, name in zip(ids, names, strict=True)
        )

    @cached_property
    def author_of(self) -> RowArray:
        """(n_items,) int32: a number for each author, -1 where unknown."""
        makers = self.dataset.users.ids(self.dataset.author_rows)
        codes: dict[str, int] = {}
        out = np.full(self.n_items, NO_ROW, dtype=np.int32)
        for row, (given, maker) in enumerate(zip(self.column("author_id"), makers, strict=True)):
            author = maker if given is None else given  # an author need not be one of the people
            if author is not None:
                out[row] = codes.setdefault(str(author), len(codes))
        return out

    @cached_property
    def topics(self) -> Csr:
        """(n_items, n_topics) csr: the tags of the topic families."""
        catalog = self.dataset.catalog
        families = np.array(catalog.tag_families, dtype=object)
        is_topic = np.isin(families, np.array(self.config.topic_families, dtype=object))
        return sp.csr_matrix(catalog.tags[:, np.flatnonzero(is_topic)])

    @cached_property
    def caps(self) -> DigestCaps:
        """The config's caps over these items."""
        config = self.config
        return DigestCaps(self.author_of, self.topics, config.max_per_author, config.max_per_topic)

    def current(self, as_of: np.datetime64) -> BoolArray:
        """Return (n_items,) bool: active, out already, not expired and not too old at ``as_of``."""
        published, expires = self.published, self.dataset.catalog.column("expires_at")
        out = ~self.dataset.catalog.is_blocked & ~(published > as_of) & ~(expires <= as_of)
        if self.config.max_age_days is not None:
            oldest = as_of - np.timedelta64(round(self.config.max_age_days * 86_400_000_000), "us")
            out &= published >= oldest
        return np.asarray(out, dtype=bool)

    @cached_property
    def _personal(self) -> BoolArray:
        return np.append(self.dataset.people.consent.personalise, False)

    def is_personal(self, user_id: object) -> bool:
        """Say whether the model may, and can, make a list of this person's own."""
        return bool(self._personal[self.dataset.users.row(user_id)])

    def author_name(self, row: int) -> str | None:
        """Return what to call the author of an item: ``author_name`` if there is such a column."""
        if self.author_names[row] is not None:
            return str(self.author_names[row])
        author = int(self.dataset.author_rows[row])
        return None if author == NO_ROW else str(self.dataset.users.id(author))

    def tag_names(self, row: int) -> list[str]:
        """Return the topics of an item, the heaviest first."""
        tags = self.dataset.catalog.tags[row]
        order = np.argsort(-tags.data, kind="stable")
        kinds, names = self.dataset.catalog.tag_families, self.dataset.catalog.tag_names
        at = (int(tags.indices[one]) for one in order)
        return [names[one] for one in at if kinds[one] in self.config.topic_families]

    def column(self, name: str) -> ObjectArray:
        """Return a column as (n_items,) object; all None where the catalog has none."""
        if not self.dataset.catalog.has(name):
            return np.full(self.n_items, None, dtype=object)
        return np.asarray(self.dataset.catalog.column(name), dtype=object)

    def texts(self, name: str) -> ObjectArray:
        """Return a column of texts: what is empty or not text is None."""
        return objects(one if isinstance(one, str) and one else None for one in self.column(name))


def date_text(moment: np.datetime64) -> str:
    """Return the date of a moment, "" for NaT.

    Examples
    --------
    >>> date_text(np.datetime64("2018-09-01T10:00:00", "us"))
    '2018-09-01'
    """
    return "" if np.isnat(moment) else str(moment.astype("datetime64[D]"))


def since(as_of: np.datetime64, max_age_days: float) -> str:
    """Return the filter for items of at most that age, rounded down to the day.

    Examples
    --------
    >>> since(np.datetime64("2018-09-08T10:00:00", "us"), 7)
    'published_at >= 2018-09-01'
    """
    return f"published_at >= {date_text(as_of - max_age_days * DAY)}"
