"""Repeated text as codes."""

import subprocess
import sys

import pyarrow as pa

from recsys.data.text_codes import encoded, from_text_arrays, joined, text_arrays

TEXTS = ["s1", None, "s2", "s1", "é"]


def test_a_column_survives_being_saved() -> None:
    back = from_text_arrays(text_arrays(encoded(pa.array(TEXTS))))
    assert back.to_pylist() == TEXTS


def test_an_empty_column_survives_too() -> None:
    assert from_text_arrays(text_arrays(encoded(pa.array([], pa.string())))).to_pylist() == []


def test_chunks_and_codes_are_taken_as_they_come() -> None:
    assert encoded(pa.chunked_array([["a"], ["b", "a"]])).to_pylist() == ["a", "b", "a"]
    coded = encoded(pa.array(TEXTS))
    assert encoded(coded) is coded


def test_an_absent_column_counts_as_nulls() -> None:
    assert joined([encoded(pa.array(["a"])), None], [1, 2]).to_pylist() == ["a", None, None]
    assert joined([None, None], [1, 2]) is None


def test_texts_come_back_without_pandas() -> None:
    code = (
        "import sys, numpy as np\n"
        "from recsys.data.text_codes import from_text_arrays\n"
        "column = from_text_arrays({'codes': np.array([1, -1, 0], np.int32),"
        " 'bytes': np.frombuffer(b'abc', np.uint8), 'offsets': np.array([0, 1, 3])})\n"
        "column.validate(full=True)\n"
        "assert column.to_pylist() == ['bc', None, 'a'], column\n"
        "assert 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
