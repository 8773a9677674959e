r"""The digests as one file: JSON Lines, a JSON list or Parquet, by the name's ending.

One record per person::

    user_id, issue, as_of, subject, known, shortfall
    items: [{rank, item_id, title, url, score, reasons: [{text, source, value}]}]

Parquet has the same columns (``items`` is a list of structs) and one row group per chunk.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

from recsys.core.errors import ConfigError
from recsys.core.storage import atomic_file
from recsys.digest.journal import read_part

Write: TypeAlias = "Callable[[IO[bytes], Sequence[Path], bool, bool], None]"


def check_out(path: Path) -> None:
    """Raise unless the ending names a format.

    Raises
    ------
    ConfigError
        If it does not, naming those that do.
    """
    if _ending(path) is None:
        raise ConfigError(
            f"out must end in {', '.join(FORMATS)}; got {path.name!r}. The ending is the format."
        )


@contextmanager
def new_digests(
    path: Path, parts: Sequence[Path], *, int_user_ids: bool, int_item_ids: bool
) -> Iterator[None]:
    """Write all parts as one file, which takes its place when the ``with`` block ends well.

    Parameters
    ----------
    path : Path
        Its ending is the format, see :func:`check_out`.
    parts : sequence of Path
        JSON Lines files, one digest a line; read one at a time.
    int_user_ids, int_item_ids : bool
        Whether Parquet stores them as int64; else as text.
    """
    ending = _ending(path)
    with atomic_file(path, "wb") as file:
        FORMATS[ending or ".jsonl"](file, parts, int_user_ids, int_item_ids)
        yield


def schema(*, int_user_ids: bool, int_item_ids: bool) -> Any:
    """Return the ``pyarrow.Schema`` of the Parquet file."""
    import pyarrow as pa

    def id_type(is_int: bool) -> Any:
        return pa.int64() if is_int else pa.string()

    reason = pa.struct({"text": pa.string(), "source": pa.string(), "value": pa.float32()})
    item = pa.struct(
        {
            "rank": pa.int32(),
            "item_id": id_type(int_item_ids),
            "title": pa.string(),
            "url": pa.string(),
            "score": pa.float32(),
            "reasons": pa.list_(reason),
        }
    )
    return pa.schema(
        {
            "user_id": id_type(int_user_ids),
            "issue": pa.string(),
            "as_of": pa.string(),
            "subject": pa.string(),
            "known": pa.bool_(),
            "items": pa.list_(item),
            "shortfall": pa.string(),
        }
    )


def _write_lines(file: IO[bytes], parts: Sequence[Path], *_: bool) -> None:
    for part in parts:
        with part.open("rb") as source:
            shutil.copyfileobj(source, file, 1 << 20)


def _write_gzip(file: IO[bytes], parts: Sequence[Path], *_: bool) -> None:
    with gzip.GzipFile(fileobj=file, filename="", mode="wb", mtime=0, compresslevel=6) as packed:
        _write_lines(cast("IO[bytes]", packed), parts)


def _write_list(file: IO[bytes], parts: Sequence[Path], *_: bool) -> None:
    before = b"[\n"
    for part in parts:
        with part.open("rb") as source:
            for line in source:
                file.write(before + line.rstrip(b"\n"))
                before = b",\n"
    file.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _write_parquet(
    file: IO[bytes], parts: Sequence[Path], int_user_ids: bool, int_item_ids: bool
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = schema(int_user_ids=int_user_ids, int_item_ids=int_item_ids)
    with pq.ParquetWriter(file, columns, compression="zstd") as writer:
        for part in parts:
            if records := read_part(part):
                writer.write_table(pa.Table.from_pylist(records, schema=columns))


FORMATS: Mapping[str, Write] = {
    ".jsonl": _write_lines,
    ".ndjson": _write_lines,
    ".jsonl.gz": _write_gzip,
    ".json": _write_list,
    ".parquet": _write_parquet,
}


def _ending(path: Path) -> str | None:
    fitting = [ending for ending in FORMATS if path.name.lower().endswith(ending)]
    return max(fitting, key=len, default=None)
