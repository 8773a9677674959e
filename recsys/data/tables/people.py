"""The people: what they declared, muted and consented to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, Csr, ObjectArray, RowArray
from recsys.core.errors import DataError, clip
from recsys.data.ids.id_map import IdMap, same_rows, upserted_rows
from recsys.data.readers.columns import id_column, list_column, word_column
from recsys.data.readers.frames import frame_source
from recsys.data.readers.source import BadRow, OnBadRow, RowReport, Source, rename
from recsys.data.tables.attributes import (
    column_values,
    empty_table,
    filled,
    merged_table,
    read_attributes,
    read_columns,
    rerowed_table,
)
from recsys.data.tables.catalog import refuse_repeated
from recsys.data.tables.tags import TagTable

USER_SORTS: Mapping[str, str] = {
    "declared_tags": "list", "muted_tags": "list", "muted_authors": "list", "communities": "list",
    "consent": "list", "status": "text", "timezone": "text", "joined_at": "time",
}  # fmt: skip

USER_COLUMNS = ("user_id", *USER_SORTS)

USER_STATUS = ("active", "silenced", "banned", "deleted")

SCOPES = ("personalise", "analyse", "digest")

ALL_WORDS, NONE_WORDS = ("all", "yes", "true"), ("none", "no", "false")


@dataclass(frozen=True, slots=True, eq=False)
class Consent:
    """What each person allows.

    Attributes
    ----------
    personalise, analyse, digest : (n_users,) bool
        All true where nothing was said.
    """

    personalise: BoolArray
    analyse: BoolArray
    digest: BoolArray


@dataclass(frozen=True, eq=False)  # eq=False: == on tables is ambiguous
class People:
    """What is known of each person beside events, aligned with their row.

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

    users: IdMap
    table: Any
    tag_table: TagTable
    skipped: tuple[BadRow, ...] = ()
    n_skipped: int = 0
    _columns: dict[str, npt.NDArray[Any]] = field(default_factory=dict, init=False, repr=False)

    def __repr__(self) -> str:
        return f"People({self.n_users} users, {len(self.tag_names)} declared tags)"

    def __post_init__(self) -> None:
        n_users = len(self.users)
        if self.table.num_rows != n_users or self.declared.shape[0] != n_users:
            raise DataError(
                f"{n_users} people must have as many rows; their table has {self.table.num_rows} "
                f"and their tags {self.declared.shape[0]}."
            )

    @classmethod
    def empty(cls) -> People:
        """Return nobody."""
        return cls(IdMap.of(), empty_table(), TagTable.empty(0))

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        columns: Mapping[str, str] | None = None,
        on_bad_row: OnBadRow = "stop",
    ) -> People:
        """Read a file of people.

        Parameters
        ----------
        path : path
            CSV, JSON Lines (either gzipped) or Parquet.
        columns : mapping or None
            Contract name to name in the file.
        on_bad_row : {"stop", "skip"}
            Raise at the first bad row, or leave bad rows out and list them in ``skipped``.

        Raises
        ------
        DataError
            If the file cannot be read or a row breaks the contract: file, line, column, reason.
        """
        from recsys.data.readers.files import read_source

        return _read_people(read_source(path, columns=columns, known=USER_COLUMNS), on_bad_row)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        columns: Mapping[str, str] | None = None,
        on_bad_row: OnBadRow = "stop",
    ) -> People:
        """Take a dataframe of any library, or a mapping of columns; see :meth:`read`.

        Raises
        ------
        DataError
            If a row or a column breaks the contract.
        """
        source = frame_source(frame, name="the frame of users")
        return _read_people(rename(source, dict(columns or {}), known=USER_COLUMNS), on_bad_row)

    @property
    def n_users(self) -> int:
        """How many people there are."""
        return len(self.users)

    @property
    def declared(self) -> Csr:
        """(n_users, n_tags) csr float32: declared interests, weight 1."""
        return self.tag_table.weights

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The name of each column of ``declared``."""
        return self.tag_table.names

    @property
    def names(self) -> tuple[str, ...]:
        """The columns a filter may use: the contract's, then the attributes."""
        extra = (name for name in self.table.column_names if name not in USER_SORTS)
        return (*USER_SORTS, *extra)

    def has(self, name: str) -> bool:
        """Say whether :meth:`column` knows ``name``."""
        return name in USER_SORTS or name in self.table.column_names

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return a column, one entry per person, read-only.

        Returns
        -------
        (n_users,) object, datetime64[us] or float64
            Texts and lists are objects (None, () where not given), times have NaT, numbers NaN.
            ``status`` is "active", and ``consent`` all scopes, where not given.

        Raises
        ------
        DataError
            If there is no such column; the message names the nearest ones.
        """
        if name not in self._columns:
            self._columns[name] = self._read_column(name)
        return self._columns[name]

    def _read_column(self, name: str) -> npt.NDArray[Any]:
        if name == "consent":
            return self._consent_words()
        values = column_values(self.table, name, known=USER_SORTS)
        if name == "status":
            values = filled(values, USER_STATUS[0])
        return values

    def _consent_words(self) -> ObjectArray:
        out = np.empty(self.n_users, dtype=object)
        given = [None] * self.n_users
        if "consent" in self.table.column_names:
            given = self.table.column("consent").to_pylist()
        out[:] = [SCOPES if one is None else tuple(one) for one in given]
        return out

    def tag_mask(self, name: str) -> BoolArray:
        """Return (n_users,) bool: who declared the tag ``name``."""
        return self.tag_table.mask(name)

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
        """What each person allows."""
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

    def aligned(self, users: IdMap) -> People:
        """Return these people in the rows of another map; strangers have the defaults."""
        if users is self.users:
            return self
        rows = same_rows(self.users, users)
        return replace(
            self,
            users=users,
            table=rerowed_table(self.table, rows),
            tag_table=self.tag_table.rerowed(rows),
        )

    def at_rows(self, rows: RowArray) -> People:
        """Return some of the people alone, in that order, at the cost of these."""
        users = IdMap.of(self.users.ids(rows))
        table = rerowed_table(self.table, rows)
        return replace(self, users=users, table=table, tag_table=self.tag_table.at_rows(rows))

    def upserted(self, other: People) -> People:
        """Return these people with others put in: new ones appended, known ones changed.

        What the other does not say of a known person stays as it was, column by column; an empty
        list is something said.

        Raises
        ------
        DataError
            If the ids are of different sorts.
        """
        users, old, new = upserted_rows(self.users, other.users, name="user_id")
        table = merged_table(self.table, other.table, old_rows=old, new_rows=new)
        return replace(self, users=users, table=table, tag_table=_declared(table))

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the declared tags as plain arrays to save; ids and table go on their own."""
        return self.tag_table.to_arrays()

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], *, users: IdMap, table: Any
    ) -> People:
        """Take what :meth:`to_arrays` and :func:`load_table` gave."""
        return cls(users, table, TagTable.from_arrays(arrays))


def _read_people(source: Source, on_bad_row: OnBadRow) -> People:
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
    status = word_column(source, report, "status", words=USER_STATUS)
    columns |= {} if status is None else {"status": status}
    columns |= _consent_column(source, report)
    columns |= read_attributes(source, known=USER_COLUMNS)
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


def _consent_column(source: Source, report: RowReport) -> dict[str, Any]:
    """Read ``consent``: a list of scopes; null = nothing said, [] = nothing allowed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = list_column(source, "consent")
    if lists is None:
        return {}
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
    given = [None if one is None else _scopes(one) for one in lists.to_pylist()]
    return {"consent": pa.array(given, lists.type)}


def _scopes(words: list[str]) -> list[str]:
    lowered = {word.lower() for word in words}
    return list(SCOPES) if lowered & set(ALL_WORDS) else [s for s in SCOPES if s in lowered]
