"""One typing error is recognised, wherever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.titles.words import halves, is_one_error_away

WORDS = st.text("abcdef", min_size=4, max_size=10)


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("jurasic", "jurassic", True),
        ("terminater", "terminator", True),
        ("hte", "the", True),
        ("heat", "heat", False),
        ("heat", "heal", True),
        ("heat", "eats", False),
        ("abcd", "badc", False),
        ("abcd", "dbca", False),
        ("aab", "ab", True),
    ],
)
def test_words_one_error_away(one: str, other: str, is_one: bool) -> None:
    assert is_one_error_away(one, other) is is_one
    assert is_one_error_away(other, one) is is_one


@given(WORDS, st.data())
def test_half_of_a_word_survives_an_error(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    before, after = word[:place], word[place:]
    typed = data.draw(st.sampled_from([before + after[1:], f"{before}x{after}", f"{before}x{after[1:]}"]))
    if typed == word:
        return
    assert is_one_error_away(typed, word)
    first, last = halves(word)
    assert typed.startswith(first) or typed.endswith(last)
