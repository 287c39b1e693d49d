"""Two spellings of a name are one, and two names stay two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.titles.spelling import as_catalogued, normalise, unify_alphabet


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HEAT", "heat"),
        ("Amélie", "Amelie"),
        ("Ame\u0301lie", "Amélie"),
        ("Smørrebrød", "Smorrebrod"),
        ("Œdipe Roi", "OEdipe roi"),
        ("Straße", "Strasse"),
        ("The Matrix", "Matrix, The"),
        ("The Matrix", "Matrix"),
        ("The Matrix", "“Matrix, The”"),
        ("A Bug's Life", "Bugs Life, A"),
        ("Das Boot", "Boot, Das"),
        ("Lilo & Stitch", "Lilo and Stitch"),
        ("Singin' in the Rain", "Singin’ in the Rain"),
        ("It’s a Wonderful Life", "Its a Wonderful Life"),
        ("WALL·E", "WALL-E"),
        ("Mission: Impossible", "Mission Impossible"),
        ("Dune:  Part Two", "Dune - Part Two"),
        ("８½", "8½"),
        ("Всё ещё", "Все еще"),
        ("Чeрная маска", "Черная маска"),  # a Latin e
        ("21 грaмм", "21 грамм"),  # a Latin a
        ("Мaтpицa", "Матрица"),
        ("Тhe Room", "The Room"),  # a Cyrillic Т
        ("БРАТ", "брат"),
        ("Ετερος εγώ", "Έτερος Εγώ"),
    ],
)
def test_two_spellings_of_a_name_are_one(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Die Hard", "Hard"),  # no article where it is English
        ("La La Land", "La Land"),
        ("Alien", "Aliens"),
        ("Alien 3", "Alien³ II"),
        ("???", "!!!"),
        ("The", "A"),
        ("が", "か"),  # the mark is no accent
        ("की", "का"),  # the mark is a vowel
        ("Kill Bill: Vol. 1", "Kill Bill: Vol. 2"),
        ("Брат", "Брат 2"),
    ],
)
def test_two_names_stay_two(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text(max_size=60))
def test_blanks_and_quotes_around_any_name_do_not_matter(title: str) -> None:
    if normalise(title).isalnum():
        assert normalise(f" “{title}” ") == normalise(title)


def test_a_word_that_fits_neither_alphabet_is_left_alone() -> None:
    assert unify_alphabet("Wлад") == "Wлад"
    assert unify_alphabet("Heat Брат") == "Heat Брат"


@pytest.mark.parametrize(
    ("title", "catalogued"),
    [
        ("Matrix, The", "The Matrix"),
        ("Boot, Das", "Das Boot"),
        ("Чeрная маска", "Черная маска"),
        ("Me, Myself & Irene", "Me, Myself & Irene"),
        ("Heat", "Heat"),
        (",", ","),
    ],
)
def test_a_title_is_searched_for_as_catalogues_have_it(title: str, catalogued: str) -> None:
    assert as_catalogued(title) == catalogued
