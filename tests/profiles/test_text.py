import builtins
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import MissingDependencyError
from recsys.profiles import text as text_module
from recsys.profiles.text import clean_text, is_term, is_year, tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Quantum GATES, qubits!", ["quantum", "gates", "qubits"]),
        ("Straße ＦＵＬＬ ﬁne", ["strasse", "full", "fine"]),
        ("naïve café", ["naïve", "café"]),
        ("हिन्दी में लिखना", ["हिन्दी", "में", "लिखना"]),
        ("العَرَبِيَّة لغة", ["العَرَبِيَّة", "لغة"]),
        ("量子计算", ["量子", "子计", "计算"]),
        ("猫", ["猫"]),
        ("面白いデータ", ["面白", "白い", "いデ", "デー", "ータ"]),
        ("한국어 책", ["한국", "국어", "책"]),
        ("ไทย", ["ไท", "ทย"]),
        ("Python编程", ["python", "编程"]),
        ("a 3d b2b 2018 ٢٠١٨ é", ["3d", "b2b"]),
        ("soft\u00adware é", ["software"]),
        ("❤️love é", ["love"]),
    ],
)
def test_words_are_cut_as_their_script_asks(text: str, words: list[str]) -> None:
    assert tokenize(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<p>fish &amp; chips</p>", ["fish", "chips"]),
        ("see https://example.org/a?b=c and www.example.org/d.", ["see", "and"]),
        ("before<pre><code>x = 1</code></pre>after", ["before", "after"]),
        ("keep <code>inline</code> names", ["keep", "inline", "names"]),
        ("one<script>alert()</script> <style>p{}</style>two", ["one", "two"]),
        ("<pre>never closed", ["never", "closed"]),
        ("text ```py\ncode``` more", ["text", "more"]),
        ("text ```never closed", ["text", "never", "closed"]),
        ("one ```two``` three ```four", ["one", "three", "four"]),
        (r"the \frac{alpha}{beta} state", ["the", "alpha", "beta", "state"]),
        ("aa < bb and cc > dd", ["aa", "bb", "and", "cc", "dd"]),
    ],
)
def test_markup_gives_no_words(text: str, words: list[str]) -> None:
    assert tokenize(text) == words


def test_numbers_are_kept_when_asked_for() -> None:
    assert tokenize("since 2018", keep_numbers=True) == ["since", "2018"]


def test_length_bounds_hold_for_words_but_not_for_pairs() -> None:
    assert tokenize("ab abc abcd 量子", min_length=3, max_length=3) == ["abc", "量子"]


@given(st.text(max_size=200))
def test_a_word_of_any_text_is_that_word_again(text: str) -> None:
    for word in tokenize(text):
        assert tokenize(word) == [word]


@given(st.text(alphabet="abZ1_-' .", max_size=60))
def test_the_fast_way_for_ascii_gives_what_the_general_ones_give(text: str) -> None:
    words = tokenize(text, min_length=1)
    assert tokenize(f"{text} é", min_length=1) == [*words, "é"]
    assert tokenize(f"{text} 猫", min_length=1) == [*words, "猫"]


@given(st.text(max_size=100), st.text(max_size=100))
def test_lines_are_cut_on_their_own(one: str, other: str) -> None:
    plain = [part.replace("<", " ").replace("`", " ").replace("&", " ") for part in (one, other)]
    assert tokenize("\n".join(plain)) == tokenize(plain[0]) + tokenize(plain[1])


@pytest.mark.parametrize(
    "hostile", ["<pre>", "<", "```", "&amp;", "www.", "\\", "https://", "<!--"]
)
def test_hostile_repetition_takes_linear_time(hostile: str) -> None:
    started = time.process_time()
    clean_text(hostile * (400_000 // len(hostile)))
    assert time.process_time() - started < 2


def test_a_word_is_no_term_when_it_is_a_number_or_of_odd_length() -> None:
    words = ["ab", "a", "abcdef", "12", "猫"]
    kept = [is_term(word, keep_numbers=False, min_length=2, max_length=5) for word in words]
    assert kept == [True, False, False, False, True]


def test_jieba_cuts_chinese_into_words_and_leaves_the_rest_alone() -> None:
    pytest.importorskip("jieba")
    words = tokenize("我来到北京清华大学 quantum データ", tokenizer="jieba")
    assert words == ["我", "来到", "北京", "清华大学", "quantum", "デー", "ータ"]


def test_without_jieba_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *args: Any, **settings: Any) -> Any:
        if name == "jieba":
            raise ModuleNotFoundError(name="jieba")
        return real(name, *args, **settings)

    text_module._jieba_cut.cache_clear()
    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(MissingDependencyError, match=r"recsys-engine\[text\]"):
        tokenize("北京", tokenizer="jieba")


@given(st.text(max_size=6))
def test_whatever_is_a_year_is_a_number_of_four_digits(word: str) -> None:
    assert not is_year(word) or (len(word) == 4 and word.isnumeric())


def test_years_run_from_1800_to_2199() -> None:
    assert [is_year(word) for word in ("1799", "1800", "2199", "2200")] == [
        False,
        True,
        True,
        False,
    ]
