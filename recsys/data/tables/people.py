"""User table: declared tags, mutes, consent and attributes of each user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, Csr, ObjectArray
from recsys.core.errors import clip
from recsys.data.ids.id_map import IdMap
from recsys.data.readers.columns import as_text, check_listed_ids, id_column, listed, word_column
from recsys.data.readers.readable import ReadableTable
from recsys.data.readers.source import BadRow, OnBadRow, RowReport, SourceTable
from recsys.data.readers.times import plain_array
from recsys.data.tables.attributes import (
    AttributeTable,
    ColumnSort,
    empty_table,
    read_attributes,
    read_columns,
)
from recsys.data.tables.catalog import refuse_repeated
from recsys.data.tables.tags import TagTable

USER_SORTS: Mapping[str, ColumnSort] = {
    "declared_tags": "list", "muted_tags": "list", "muted_authors": "list", "communities": "list",
    "consent": "list", "status": "text", "timezone": "text", "joined_at": "time",
}  # fmt: skip

USER_COLUMNS = ("user_id", *USER_SORTS)

USER_STATUS = ("active", "silenced", "banned", "deleted")

SCOPES = ("personalise", "analyse", "digest")

ALL_WORDS, NONE_WORDS = ("all", "yes", "true"), ("none", "no", "false")


@dataclass(frozen=True, slots=True, eq=False)
class Consent:
    """Consent of each person.

    Attributes
    ----------
    personalise, analyse, digest : (n_users,) bool
        All true where nothing was said.
    """

    personalise: BoolArray
    analyse: BoolArray
    digest: BoolArray


@dataclass(frozen=True, eq=False)  # eq=False: == on tables is ambiguous
class People(AttributeTable, ReadableTable):
    """Declared tags and columns of each user, aligned with their row.

    Attributes
    ----------
    users : IdMap
        The ids.
    table : pyarrow.Table of n_users rows
        The contract's columns that were given, and attributes.
    tag_table : TagTable
        Declared tags.
    skipped, n_skipped : tuple of BadRow, int
        Rows left out because they break the contract.

    Examples
    --------
    >>> people = People.from_frame({"user_id": ["ana", "bo"], "declared_tags": ["gates", None],
    ...                             "consent": [None, "digest"]})
    >>> people.tag_names, people.consent.personalise.tolist()
    (('gates',), [True, False])
    """

    ids_field: ClassVar[str] = "users"
    label: ClassVar[str] = "{} people"
    sorts: ClassVar[Mapping[str, ColumnSort]] = USER_SORTS
    contract: ClassVar[tuple[str, ...]] = USER_COLUMNS
    frame_name: ClassVar[str] = "the frame of users"

    users: IdMap
    table: Any
    tag_table: TagTable
    skipped: tuple[BadRow, ...] = ()
    n_skipped: int = 0
    _columns: dict[str, npt.NDArray[Any]] = field(default_factory=dict, init=False, repr=False)

    def __repr__(self) -> str:
        return f"People({self.n_users} users, {len(self.tag_names)} declared tags)"

    def __post_init__(self) -> None:
        self._check_rows()

    @classmethod
    def empty(cls) -> People:
        """Return nobody."""
        return cls(IdMap.of(), empty_table(), TagTable.empty(0))

    @classmethod
    def _of(cls, source: SourceTable, on_bad_row: OnBadRow) -> People:
        return _read_people(source, on_bad_row)

    @property
    def n_users(self) -> int:
        """Number of people."""
        return len(self.users)

    @property
    def declared(self) -> Csr:
        """(n_users, n_tags) csr float32: declared interests, weight 1."""
        return self.tag_table.weights

    def _read_column(self, name: str) -> npt.NDArray[Any]:
        return self._consent_words() if name == "consent" else super()._read_column(name)

    def _consent_words(self) -> ObjectArray:
        out = np.empty(self.n_users, dtype=object)
        given = [None] * self.n_users
        if "consent" in self.table.column_names:
            given = self.table.column("consent").to_pylist()
        out[:] = [SCOPES if one is None else tuple(one) for one in given]
        return out

    @property
    def status(self) -> ObjectArray:
        """(n_users,) str: "active", "silenced", "banned" or "deleted"."""
        return self.column("status")

    @property
    def is_gone(self) -> BoolArray:
        """(n_users,) bool: who is banned or deleted."""
        return np.asarray((self.status == "banned") | (self.status == "deleted"), np.bool_)

    @property
    def consent(self) -> Consent:
        """Consent of each person."""
        import pyarrow as pa
        import pyarrow.compute as pc

        allowed = {scope: np.ones(self.n_users, np.bool_) for scope in SCOPES}
        if "consent" in self.table.column_names:
            lists = self.table.column("consent").combine_chunks()
            given = np.asarray(lists.is_valid())
            rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
            words = pc.index_in(
                pc.list_flatten(lists), value_set=pa.array(SCOPES, pa.large_string())
            )
            codes = words.to_numpy(zero_copy_only=False)
            for code, scope in enumerate(SCOPES):
                allowed[scope] = ~given
                allowed[scope][rows[codes == code]] = True
        return Consent(**allowed)

    @property
    def muted_tags(self) -> ObjectArray:
        """(n_users,) tuples of str: tags each person does not want."""
        return self.column("muted_tags")

    @property
    def muted_authors(self) -> ObjectArray:
        """(n_users,) tuples of str: ids, as text, of authors each person does not want."""
        return self.column("muted_authors")

    @property
    def communities(self) -> ObjectArray:
        """(n_users,) tuples of str: ids, as text, of the communities each person is in."""
        return self.column("communities")

    def upserted(self, other: People) -> People:
        """Return these people with others put in; see :meth:`AttributeTable.upserted`."""
        merged = super().upserted(other)
        return replace(merged, tag_table=_declared(merged.table))

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], *, users: IdMap, table: Any
    ) -> People:
        """Take what :meth:`to_arrays` and :func:`load_table` gave."""
        return cls(users, table, TagTable.from_arrays(arrays))


def _read_people(source: SourceTable, on_bad_row: OnBadRow) -> People:
    import pyarrow as pa

    source.require("user_id")
    report = RowReport(source, on_bad_row)
    ids = id_column(source, report, "user_id")
    refuse_repeated(source, report, "user_id", codes=ids.codes)
    columns = read_columns(
        source,
        report,
        texts=("timezone",),
        times=("joined_at",),
        lists=("declared_tags", "muted_tags", "muted_authors", "communities"),
    )
    for name in ("muted_authors", "communities"):
        if name in columns:
            check_listed_ids(report, name, columns[name])
    status = word_column(source, report, "status", words=USER_STATUS)
    columns |= {} if status is None else {"status": status}
    columns |= _consent_column(source, report)
    columns |= read_attributes(source, known=USER_COLUMNS, report=report)
    keep, skipped, n_skipped = report.finish()
    users, _ = ids.mapped(keep, name="user_id")
    table = pa.table(columns) if columns else empty_table(source.n_rows)
    table = table if keep is None else table.filter(pa.array(keep))
    return People(users, table, _declared(table), skipped, n_skipped)


def _declared(table: Any) -> TagTable:
    if "declared_tags" not in table.column_names:
        return TagTable.empty(table.num_rows)
    lists = table.column("declared_tags").combine_chunks()
    return TagTable.of_lists(lists, n_rows=table.num_rows)


def _consent_column(source: SourceTable, report: RowReport) -> dict[str, Any]:
    """Read ``consent``: a list of scopes; null = nothing said, [] = nothing allowed."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as pt

    if not source.has("consent"):
        return {}
    label = f"{source.name}, column {source.file_name('consent')}"
    given = plain_array(source.column("consent"))
    lists = listed(as_text(given, name=label) if pt.is_boolean(given.type) else given, name=label)
    coded = pc.dictionary_encode(pc.utf8_lower(pc.list_flatten(lists)))
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    words = coded.dictionary.to_pylist()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    known = np.array([word in (*SCOPES, *ALL_WORDS, *NONE_WORDS) for word in words], np.bool_)
    wrong = ~known[codes] if len(words) else np.zeros(0, np.bool_)

    def reason(at: int) -> str:
        strange = [one for one in lists[at].as_py() if one.lower() not in (*SCOPES, *ALL_WORDS)]
        return f"must name {', '.join(SCOPES)}, all or none; got {clip(repr(strange[0]))}."

    report.bad(np.unique(rows[wrong]), "consent", reason)
    scopes = [None if one is None else _scopes(one) for one in lists.to_pylist()]
    return {"consent": pa.array(scopes, lists.type)}


def _scopes(words: list[str]) -> list[str]:
    lowered = {word.lower() for word in words}
    return list(SCOPES) if lowered & set(ALL_WORDS) else [s for s in SCOPES if s in lowered]
