"""Term counts of a corpus, and selection of the terms that discriminate between texts."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from recsys.core.arrays import BoolArray, Csr
from recsys.core.config import Config
from recsys.profiles.text import (
    MAX_LENGTH,
    MIN_LENGTH,
    TokenizerName,
    is_term,
    is_year,
    word_cutter,
)

_CHUNK = 20_000
_FREQUENT_FLOOR = 5


class TextConfig(Config):
    """Settings of term extraction from texts."""

    tokenizer: TokenizerName = "unicode"
    """ "unicode", or "jieba" for Chinese words (the extra ``text``)."""
    keep_numbers: bool | Literal["years"] = "years"
    """Keep words of digits as terms; "years" keeps the years of titles (1800 to 2199), however
    many have one: release years discriminate between items, other numbers rarely do."""
    min_length: PositiveInt = MIN_LENGTH
    """Fewest characters of a word."""
    max_length: PositiveInt = MAX_LENGTH
    """Most characters of a word."""
    min_df: PositiveInt = 2
    """Fewest texts that contain a term; a word of a single text relates it to no other."""
    max_df: float = Field(default=0.2, gt=0, le=1)
    """Largest share of texts that contain a term; replaces a list of stop words."""
    n_terms: NonNegativeInt = 20_000
    """Largest vocabulary of terms, most frequent first; 0 leaves text out."""
    terms_per_item: PositiveInt = 40
    """Most terms of one item; the heaviest are kept."""
    title_weight: NonNegativeFloat = 3.0
    """Count of a word in the title; a word in the text counts 1."""
    max_characters: PositiveInt = 50_000
    """Characters of a text that are read; the rest is ignored."""


@dataclass(frozen=True, slots=True, eq=False)
class TermCounts:
    """Counts of terms.

    Attributes
    ----------
    terms : tuple of str
        In the order of the columns.
    counts : (n_texts, n_terms) csr float32
        How often each text has each term.
    """

    terms: tuple[str, ...]
    counts: Csr


def count_terms(
    titles: Sequence[str | None], texts: Sequence[str | None], config: TextConfig
) -> TermCounts:
    """Count all terms of titles and texts, frequent and rare ones alike.

    Parameters
    ----------
    titles, texts : (n_texts,) sequences
        None or "" where there is none.
    config : TextConfig
        ``min_df``, ``max_df`` and ``n_terms`` are not applied here: see :func:`select_terms`.

    Notes
    -----
    About 5 million words a second and core; memory is bounded by the distinct pairs of text and
    term. A term's column is the order in which it was first met.

    Examples
    --------
    >>> found = count_terms(["Quantum gates"], ["Gates, gates"], TextConfig(title_weight=1))
    >>> found.terms, found.counts.toarray().tolist()
    (('quantum', 'gates'), [[1.0, 3.0]])
    """
    codes = _Codes()
    parts = [_count(titles, codes, config), _count(texts, codes, config)]
    in_titles, in_texts = (_widened(part, len(codes)) for part in parts)
    years = _years(codes) if config.keep_numbers == "years" else np.zeros(len(codes), bool)
    in_texts.data[years[in_texts.indices]] = 0  # a year in a text is a mention, not a date
    years &= np.bincount(in_titles.indices, minlength=len(codes)) > 0
    counts = (in_titles * np.float32(config.title_weight)) + in_texts
    counts.eliminate_zeros()
    valid = np.fromiter(
        (
            is_term(
                term,
                keep_numbers=config.keep_numbers is True,
                min_length=config.min_length,
                max_length=config.max_length,
            )
            for term in codes
        ),
        dtype=np.bool_,
        count=len(codes),
    )
    return _columns(TermCounts(tuple(codes), counts), np.flatnonzero(valid | years))


def select_terms(found: TermCounts, config: TextConfig) -> TermCounts:
    """Select the discriminating terms, in alphabetical order.

    A term stays when at least ``min_df`` texts have it and at most the share ``max_df`` of the
    texts that have any term; in a small corpus five texts are never too many, and a year never has
    too many. Of more than ``n_terms`` the ones of most texts stay, ties by the alphabet.

    Parameters
    ----------
    found : TermCounts
        As counted.
    config : TextConfig
        ``min_df``, ``max_df`` and ``n_terms`` are used.
    """
    df = np.bincount(found.counts.indices, minlength=len(found.terms))
    n_texts = int((np.diff(found.counts.indptr) > 0).sum())
    kept = np.flatnonzero(_is_telling(df, n_texts, config, years=_years(found.terms)))
    by_alphabet = kept[np.argsort(np.array(found.terms, dtype=object)[kept], kind="stable")]
    by_df = by_alphabet[np.argsort(-df[by_alphabet], kind="stable")][: config.n_terms]
    return _columns(found, by_alphabet[np.isin(by_alphabet, by_df)])


def _is_telling(
    df: npt.NDArray[np.int64], n_texts: int, config: TextConfig, *, years: BoolArray
) -> BoolArray:
    most = max(config.max_df * n_texts, _FREQUENT_FLOOR)
    return (df >= config.min_df) & ((df <= most) | years)


def _years(terms: Iterable[str]) -> BoolArray:
    return np.array([is_year(term) for term in terms], dtype=np.bool_)


def _columns(found: TermCounts, kept: npt.NDArray[np.int64]) -> TermCounts:
    terms = tuple(found.terms[column] for column in kept.tolist())
    target = np.full(len(found.terms), -1, dtype=np.int32)
    target[kept] = np.arange(len(kept), dtype=np.int32)
    counts = found.counts.tocoo()
    columns = target[counts.col]
    stay = columns >= 0
    shape = (found.counts.shape[0], len(kept))
    matrix = sp.csr_matrix((counts.data[stay], (counts.row[stay], columns[stay])), shape=shape)
    return TermCounts(terms, matrix.astype(np.float32))


class _Codes(dict[str, int]):
    """Dict that gives each new word the next number."""

    def __missing__(self, word: str) -> int:
        code = self[word] = len(self)
        return code


def _count(texts: Iterable[str | None], codes: _Codes, config: TextConfig) -> list[Csr]:
    return [_count_chunk(chunk, codes, config) for chunk in _chunks(texts)]


def _chunks(texts: Iterable[str | None]) -> Iterator[list[str | None]]:
    rest = iter(texts)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _count_chunk(texts: Sequence[str | None], codes: _Codes, config: TextConfig) -> Csr:
    words_of = word_cutter(config.tokenizer)
    code_of = codes.__getitem__
    found = array("i")
    ends = array("q", [0])
    for text in texts:
        if text:
            found.extend(map(code_of, words_of(text[: config.max_characters])))
        ends.append(len(found))
    indices = np.array(found, dtype=np.int32)
    ones = np.ones(len(indices), dtype=np.float32)
    counts = sp.csr_matrix(
        (ones, indices, np.array(ends, dtype=np.int64)), shape=(len(texts), max(len(codes), 1))
    )
    counts.sum_duplicates()
    return counts


def _widened(chunks: Sequence[Csr], n_terms: int) -> Csr:
    for chunk in chunks:
        chunk.resize((chunk.shape[0], n_terms))
    if not chunks:
        return sp.csr_matrix((0, n_terms), dtype=np.float32)
    return sp.vstack(chunks, format="csr")
