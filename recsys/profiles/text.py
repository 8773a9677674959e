"""Tokenisation in any language, without a list of stop words.

Scripts that put spaces between words give words; scripts that do not (Han, kana, Thai and its
neighbours), and Hangul, whose particles stick to the word, give pairs of characters.
"""

from __future__ import annotations

import html
import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeAlias

from recsys.core.optional import require

TokenizerName: TypeAlias = Literal["unicode", "jieba"]

MIN_LENGTH = 2
MAX_LENGTH = 40
FIRST_YEAR, LAST_YEAR = 1800, 2199

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
_THAI_LAO_BURMESE_KHMER = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ecf\u1000-\u103f\u1780-\u17d3"
)
_PAIRED_RANGES = _HAN + _KANA + _HANGUL + _THAI_LAO_BURMESE_KHMER

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_PLAIN_WORD = re.compile(r"[^\W_]+")
_PAIRED = re.compile(f"[{_PAIRED_RANGES}]")
# One range, for a miss in the bitmap of `re` tries all ranges above U+FFFF one by one.
_RARE_SCRIPTS = "\U00010000-\U0001efff"
_HAN_RUN = re.compile(f"([{_HAN}]+)")
_BLOCK_TAG = re.compile(r"<(/?)(pre|script|style)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_SCHEMES = ("https://", "http://", "ftp://")
_URL = re.compile(r"www\.\S+")
_LATEX_COMMAND = re.compile(r"\\[a-zA-Z]+")


def tokenize(
    text: str,
    *,
    tokenizer: TokenizerName = "unicode",
    keep_numbers: bool = False,
    min_length: int = MIN_LENGTH,
    max_length: int = MAX_LENGTH,
) -> list[str]:
    """Return the words of ``text`` in order, case-folded, compatibility forms made one (NFKC).

    Parameters
    ----------
    text : str
        May hold HTML; tags, URLs, blocks of code and LaTeX commands give no words.
    tokenizer : {"unicode", "jieba"}
        "jieba" cuts runs of Han characters into Chinese words (the extra ``text``).
    keep_numbers : bool
        Keep words of digits only.
    min_length, max_length : int
        Characters of a word; pairs of characters and Chinese words are kept at any length.

    Raises
    ------
    MissingDependencyError
        If ``tokenizer`` is "jieba" and that package is not installed.

    Examples
    --------
    >>> tokenize("<p>How do <b>qubits</b> work? See https://example.org in 2018.</p>")
    ['how', 'do', 'qubits', 'work', 'see', 'in']
    >>> tokenize("量子计算 with Ｐｙｔｈｏｎ")
    ['量子', '子计', '计算', 'with', 'python']
    """
    return [
        word
        for word in word_cutter(tokenizer)(text)
        if is_term(word, keep_numbers=keep_numbers, min_length=min_length, max_length=max_length)
    ]


def is_term(word: str, *, keep_numbers: bool, min_length: int, max_length: int) -> bool:
    """Return whether a word can be a term, by its length and characters."""
    if _PAIRED.match(word):
        return True
    if not min_length <= len(word) <= max_length:
        return False
    return keep_numbers or not word.isnumeric()


def is_year(word: str) -> bool:
    """Return whether a word is a year from 1800 to 2199.

    Examples
    --------
    >>> [is_year(word) for word in ("1927", "2049", "512", "90210", "1080p")]
    [True, True, False, False, False]
    """
    return len(word) == 4 and word.isdecimal() and FIRST_YEAR <= int(word) <= LAST_YEAR


def word_cutter(tokenizer: TokenizerName) -> Callable[[str], list[str]]:
    """Return the function that cuts a text into all its words, numbers and single letters too.

    Raises
    ------
    MissingDependencyError
        If ``tokenizer`` is "jieba" and that package is not installed.
    """
    if tokenizer == "jieba":
        return _jieba_words
    return _unicode_words


def clean_text(text: str) -> str:
    """Return ``text`` without markup, URLs, blocks of code and LaTeX commands, in linear time.

    Examples
    --------
    >>> clean_text("<pre>x = 1</pre>Fish &amp; chips").strip()
    'Fish & chips'
    """
    if "<" in text:
        text = _TAG.sub(" ", _without_blocks(text))
    if "&" in text:
        text = html.unescape(text)
    if "```" in text:
        text = _without_fences(text)
    if "://" in text:
        for scheme in _SCHEMES:  # a pattern that begins with a literal is searched 10 times faster
            text = text.replace(scheme, "www.")
    if "www." in text:
        text = _URL.sub(" ", text)
    if "\\" in text:
        text = _LATEX_COMMAND.sub(" ", text)
    return text


def _without_blocks(text: str) -> str:
    # One pass over the tags: a lazy `<pre>.*?</pre>` is quadratic where the end is missing.
    kept, kept_until, opened_at, name = [], 0, -1, ""
    for tag in _BLOCK_TAG.finditer(text):
        closes, tag_name = tag.group(1), tag.group(2).lower()
        if opened_at < 0 and not closes:
            opened_at, name = tag.start(), tag_name
        elif opened_at >= 0 and closes and tag_name == name:
            kept.append(text[kept_until:opened_at])
            kept_until, opened_at = tag.end(), -1
    return " ".join([*kept, text[kept_until:]])


def _without_fences(text: str) -> str:
    parts = text.split("```")
    if len(parts) % 2 == 0:  # the last fence is never closed: what follows is text
        return " ".join([*parts[:-1:2], parts[-1]])
    return " ".join(parts[::2])


def _unicode_words(text: str) -> list[str]:
    return _words(text, _pairs)


def _jieba_words(text: str) -> list[str]:
    return _words(text, _chinese_words)


def _words(text: str, cut: Callable[[str], list[str]]) -> list[str]:
    text = clean_text(text)
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    text = _fold(text)
    if not _special_pattern().search(text):
        return _PLAIN_WORD.findall(text)
    words: list[str] = []
    for run in _run_pattern().findall(text):
        if _PAIRED.match(run):
            words += cut(run)
        else:
            words.append(run)
    return words


def _fold(text: str) -> str:
    # Soft hyphens are invisible; folding may undo NFKC (İ, ŉ), hence twice.
    folded = unicodedata.normalize("NFKC", text.replace("\u00ad", "")).casefold()
    return unicodedata.normalize("NFKC", folded)


def _pairs(run: str) -> list[str]:
    if len(run) < 2:
        return [run] if run else []
    return [run[i : i + 2] for i in range(len(run) - 1)]


def _chinese_words(run: str) -> list[str]:
    words: list[str] = []
    for i, part in enumerate(_HAN_RUN.split(run)):
        words += _jieba_cut()(part) if i % 2 else _pairs(part)
    return words


# Combining marks belong to words, which `\w` denies: it would cut हिन्दी in three. Listing the
# characters of words costs four times the time of `\w`, so only texts that need it pay.
@lru_cache(maxsize=1)
def _special_pattern() -> re.Pattern[str]:
    return re.compile(f"[{_PAIRED_RANGES}{_ranges(_is_mark)}{_RARE_SCRIPTS}]")


@lru_cache(maxsize=1)
def _run_pattern() -> re.Pattern[str]:
    return re.compile(f"[{_PAIRED_RANGES}]+|[{_ranges(_is_word_character)}{_RARE_SCRIPTS}]+")


def _ranges(belongs: Callable[[str], bool]) -> str:
    codes = [code for code in range(0x10000) if belongs(chr(code))]
    starts = [code for before, code in pairwise([-2, *codes]) if code != before + 1]
    ends = [code for code, after in pairwise([*codes, -2]) if after != code + 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


def _is_word_character(character: str) -> bool:
    return _is_mark(character) or (character.isalnum() and not _PAIRED.match(character))


def _is_mark(character: str) -> bool:
    is_emoji_variant = "\ufe00" <= character <= "\ufe0f"
    is_mark = unicodedata.category(character) in ("Mn", "Mc")
    return is_mark and not is_emoji_variant and not _PAIRED.match(character)


@lru_cache(maxsize=1)
def _jieba_cut() -> Callable[[str], list[str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba 0.42 has invalid escapes and asks pkg_resources
        jieba = require("jieba", extra="text", needed_by="tokenizer 'jieba'")
    jieba.setLogLevel("WARNING")  # jieba 0.42 reports the building of its dictionary on stderr
    tokenizer = jieba.Tokenizer()

    def cut(run: str) -> list[str]:
        return [str(word) for word in tokenizer.lcut(run)]

    return cut
