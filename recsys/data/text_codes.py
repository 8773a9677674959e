"""Dictionary-encoded text columns: four bytes a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

PARTS = ("codes", "bytes", "offsets")


def encoded(texts: Any) -> Any:
    """Return an Arrow array of texts as one dictionary array with int32 codes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks() if texts.num_chunks != 1 else texts.chunk(0)
    if not pa.types.is_dictionary(texts.type):
        texts = pc.dictionary_encode(texts.cast(pa.large_string()))
    return texts


def joined(columns: Sequence[Any | None], lengths: Sequence[int]) -> Any:
    """Return columns one after the other; an absent one counts as nulls; None if all are."""
    import pyarrow as pa

    if all(column is None for column in columns):
        return None
    parts = [
        pa.nulls(length, pa.large_string()) if column is None else column.dictionary_decode()
        for column, length in zip(columns, lengths, strict=True)
    ]
    return encoded(pa.concat_arrays(parts))


def text_arrays(column: Any) -> dict[str, npt.NDArray[Any]]:
    """Return plain arrays of a dictionary column: codes (-1 = null), bytes, offsets."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False)
    texts = column.dictionary.cast(pa.large_string()).to_pylist()
    raw = [text.encode() for text in texts]
    offsets = np.zeros(len(raw) + 1, np.int64)
    np.cumsum([len(one) for one in raw], out=offsets[1:])
    table = np.frombuffer(b"".join(raw), np.uint8)
    return {"codes": np.array(codes, np.int32), "bytes": table, "offsets": offsets}


def from_text_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Take what :func:`text_arrays` gave, possibly memory-mapped."""
    import pyarrow as pa

    offsets = np.asarray(arrays["offsets"])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.asarray(arrays["bytes"]))]
    texts = pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)
    codes = np.ascontiguousarray(arrays["codes"], dtype=np.int32)
    # not by pa.array: that imports pandas where it is installed, which takes longer than loading
    known = pa.py_buffer(np.packbits(codes >= 0, bitorder="little"))
    rows = pa.Array.from_buffers(pa.int32(), len(codes), [known, pa.py_buffer(codes)])
    return pa.DictionaryArray.from_arrays(rows, texts)
