from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError
from recsys.profiles import terms as terms_module
from recsys.profiles.terms import TextConfig, count_terms, select_terms
from recsys.profiles.text import tokenize

words = st.sampled_from(["gate", "qubit", "noise", "tea", "die", "und", "量子", "12", "é"])
texts = st.lists(st.lists(words, max_size=8).map(" ".join) | st.none(), max_size=12)


@given(texts)
def test_counts_are_those_of_a_plain_counter(corpus: list[str | None]) -> None:
    config = TextConfig(title_weight=2)
    found = count_terms(corpus, corpus[::-1], config)
    for row, (title, text) in enumerate(zip(corpus, corpus[::-1], strict=True)):
        expected: Counter[str] = Counter()
        for weight, one in ((2, title), (1, text)):
            for word in tokenize(one or ""):
                expected[word] += weight
        got = found.counts[[row]].toarray().ravel()
        named = zip(found.terms, got.tolist(), strict=True)
        assert {term: count for term, count in named if count} == dict(expected)


@given(texts, st.integers(1, 3), st.floats(0.1, 1), st.integers(0, 5))
def test_selected_terms_are_within_the_bounds(
    corpus: list[str | None], min_df: int, max_df: float, n_terms: int
) -> None:
    config = TextConfig(min_df=min_df, max_df=max_df, n_terms=n_terms)
    found = count_terms([None] * len(corpus), corpus, config)
    kept = select_terms(found, config)
    held = [set(tokenize(text or "")) for text in corpus]
    df = Counter(word for one in held for word in one)
    most = max(max_df * sum(map(bool, held)), 5)
    fitting = {word for word, n in df.items() if min_df <= n <= most}
    assert set(kept.terms) <= fitting
    assert len(kept.terms) == min(n_terms, len(fitting))
    assert list(kept.terms) == sorted(kept.terms)
    assert kept.counts.shape == (len(corpus), len(kept.terms))
    kept_df = [df[word] for word in kept.terms]
    left_out = [df[word] for word in fitting - set(kept.terms)]
    assert not (kept_df and left_out) or max(left_out) <= min(kept_df)


def test_what_chunks_are_read_in_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = [f"word{chr(97 + i % 7)} gate qubit{chr(97 + i % 3)}" for i in range(23)]
    whole = count_terms(corpus, corpus, TextConfig())
    monkeypatch.setattr(terms_module, "_CHUNK", 5)
    parts = count_terms(corpus, corpus, TextConfig())
    assert whole.terms == parts.terms
    assert np.array_equal(whole.counts.toarray(), parts.counts.toarray())


def test_a_word_of_every_text_is_dropped_in_a_larger_corpus_without_a_stop_list() -> None:
    corpus = [f"the gate{chr(97 + i // 2)}" for i in range(20)]
    kept = select_terms(count_terms([None] * 20, corpus, TextConfig()), TextConfig())
    assert "the" not in kept.terms
    assert "gatea" in kept.terms


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    found = count_terms([None], ["first " * 10 + "last"], TextConfig(max_characters=60))
    assert found.terms == ("first",)


def test_an_empty_corpus_has_no_terms() -> None:
    kept = select_terms(count_terms([], [], TextConfig()), TextConfig())
    assert kept.terms == ()
    assert kept.counts.shape == (0, 0)


def test_a_title_weight_of_nothing_leaves_titles_out() -> None:
    found = count_terms(["gate"], ["noise"], TextConfig(title_weight=0))
    assert found.counts.toarray().sum() == 1


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="max_df"):
        TextConfig(max_df=0)


def test_years_of_titles_are_terms_and_other_numbers_are_not() -> None:
    found = count_terms(["Rush (2013)", "Saw 512"], ["shot in 2012", None], TextConfig())
    assert set(found.terms) == {"rush", "2013", "saw", "shot", "in"}


def test_a_year_is_never_too_frequent_and_a_mentioned_one_is_never_kept() -> None:
    titles = [f"film{chr(97 + i // 2)} (2013)" for i in range(20)]
    kept = select_terms(count_terms(titles, ["from 1999"] * 20, TextConfig()), TextConfig())
    assert "2013" in kept.terms
    assert "1999" not in kept.terms


@pytest.mark.parametrize(("keep", "expected"), [(True, {"2013", "512"}), (False, set())])
def test_all_numbers_or_none_can_be_asked_for(keep: bool, expected: set[str]) -> None:
    found = count_terms(["2013 512"], [None], TextConfig(keep_numbers=keep))
    assert set(found.terms) == expected
