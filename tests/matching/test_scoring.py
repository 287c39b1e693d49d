"""Which title a row means: certain only where one stands out, and otherwise never chosen."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.titles import Candidate, Found
from importer.matching.match_file import build_lines, keep_choices
from importer.matching.model import MatchConfidence, MatchResult, Occurrence, TitleQuery
from importer.matching.scoring import (
    MOST_CANDIDATES,
    doubt_shared_titles,
    score,
    score_lookup,
    score_search,
)
from importer.model import MediaKind
from importer.titles.spelling import normalise

MOVIE, SHOW, EPISODE, UNKNOWN = MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE, MediaKind.UNKNOWN
ROWS = Occurrence(1, 2)


def movie(title: str, year: int | None, trakt_id: int = 1, *other_titles: str) -> Candidate:
    return Candidate(MOVIE, title, year, trakt_id=trakt_id, other_titles=other_titles)


def show(title: str, year: int | None, trakt_id: int = 1) -> Candidate:
    return Candidate(SHOW, title, year, trakt_id=trakt_id)


def search(query: TitleQuery, found: Sequence[Candidate]) -> MatchResult:
    return score_search(query, [Found(tuple(found))])


def confidence_of(query: TitleQuery, *found: Candidate) -> str:
    return str(search(query, found).confidence)


@pytest.mark.parametrize(
    ("query", "candidate", "expected"),
    [
        (TitleQuery(MOVIE, "Heat", 1995), movie("Heat", 1995), 1.0),
        (TitleQuery(MOVIE, "heat", 1995), movie("Heat", 1996), 0.97),
        (TitleQuery(MOVIE, "Heat", 1995), movie("Heat", None), 0.9),
        (TitleQuery(MOVIE, "Heat", 1995), movie("Heat", 1986), 0.6),
        (TitleQuery(MOVIE, "Heat", None), movie("Heat", 1986), 1.0),
        (TitleQuery(MOVIE, "Heat", 1995), show("Heat", 1995), 0.85),
        (TitleQuery(UNKNOWN, "Heat", 1995), show("Heat", 1995), 1.0),
        (
            TitleQuery(MOVIE, "千と千尋の神隠し", 2001),
            movie("Spirited Away", 2001, 1, "千と千尋の神隠し"),
            1.0,
        ),
    ],
)
def test_score(query: TitleQuery, candidate: Candidate, expected: float) -> None:
    assert score(query, candidate) == expected


def test_a_name_that_is_only_alike_never_reaches_the_very_name() -> None:
    query = TitleQuery(MOVIE, "The Lord of the Rings: The Return of the King", 2003)
    alike = score(query, movie("The Lord of the Rings: The Return of the Kings", 2003))
    assert 0.8 < alike < 0.95


HEAT = TitleQuery(MOVIE, "Heat", 1995)
NAMELESS_YEAR = TitleQuery(MOVIE, "Heat", None)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param(HEAT, [movie("Heat", 1995)], id="the very one"),
        pytest.param(HEAT, [movie("Heat", 1995), movie("Heat", 1986, 2)], id="a namesake of long ago"),
        pytest.param(HEAT, [movie("Heat", 1995), movie("Heat Wave", 1995, 2)], id="another name, same year"),
        pytest.param(HEAT, [movie("Dead Heat", 1988, 2), movie("Heat", 1995)], id="whatever the order"),
        pytest.param(HEAT, [movie("Heat", 1995), show("Heat", 1995, 2)], id="a show when it is a movie"),
        pytest.param(NAMELESS_YEAR, [movie("Heat", 1995)], id="no year, one name"),
        pytest.param(
            NAMELESS_YEAR, [movie("Heat", 1995), movie("Heat Wave", 2009, 2)], id="no year, one very name"
        ),
        pytest.param(
            TitleQuery(UNKNOWN, "The Wire", None), [show("The Wire", 2002)], id="of a kind that is not told"
        ),
        pytest.param(
            TitleQuery(MOVIE, "Мaтpицa", 1999),
            [movie("The Matrix", 1999, 1, "Матрица")],
            id="mixed alphabets",
        ),
    ],
)
def test_certain_where_one_stands_out(query: TitleQuery, found: list[Candidate]) -> None:
    result = search(query, found)
    assert result.confidence is MatchConfidence.CERTAIN, result.message
    assert len(result.scored) == 1
    assert result.scored[0][1].trakt_id == 1
    assert [line.is_chosen for line in build_lines(query, ROWS, result)] == [True]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param(HEAT, [movie("Heat", 1995), movie("Heat", 1995, 2)], id="two of one name and year"),
        pytest.param(HEAT, [movie("Heat", 1995), movie("Heat", 1996, 2)], id="two in neighbouring years"),
        pytest.param(HEAT, [movie("Heat", 1994), movie("Heat", 1996, 2)], id="a year before and one after"),
        pytest.param(HEAT, [movie("Heat", 1996)], id="a year later"),
        pytest.param(HEAT, [movie("Heat", None)], id="a candidate without a year"),
        pytest.param(HEAT, [movie("Heat", 1986)], id="another year"),
        pytest.param(HEAT, [show("Heat", 1995)], id="another kind"),
        pytest.param(HEAT, [movie("Heats", 1995)], id="nearly the name"),
        pytest.param(HEAT, [movie("The Heat of It", 1995)], id="part of the name"),
        pytest.param(HEAT, [movie("Chaleur", 1995)], id="found by a name that nobody told us"),
        pytest.param(NAMELESS_YEAR, [movie("Heat", 1995), movie("Heat", 1986, 2)], id="no year, two names"),
        pytest.param(
            NAMELESS_YEAR, [movie("Heat", 1995), show("Heat", 2005, 2)], id="no year, movie and show"
        ),
        pytest.param(NAMELESS_YEAR, [movie("Heat Wave", 2009)], id="no year, another name"),
        pytest.param(
            TitleQuery(UNKNOWN, "Fargo", 1996),
            [movie("Fargo", 1996), show("Fargo", 1996, 2)],
            id="no kind, two",
        ),
        pytest.param(
            TitleQuery(MOVIE, "Le Comte de Monte-Cristo", 2024),
            [movie("Le Comte de Monte-Cristo", 2024), movie("Le Comte de Monte-Cristo", 2024, 2)],
            id="two films of that name and year",
        ),
    ],
)
def test_ambiguous_is_left_to_people(query: TitleQuery, found: list[Candidate]) -> None:
    result = search(query, found)
    assert result.confidence is MatchConfidence.AMBIGUOUS
    assert result.message
    assert {each.trakt_id for _, each in result.scored} == {each.trakt_id for each in found}
    assert not any(line.is_chosen for line in build_lines(query, ROWS, result))


@pytest.mark.parametrize(
    ("year", "message"),
    [
        (2013, "the title of this name is of 2013, not 2014"),
        (1986, "the title of this name is of 1986, not 2014"),
        (None, "the title of this name has no year at the destination"),
    ],
)
def test_a_year_that_is_another_or_missing_is_said_as_it_is(year: int | None, message: str) -> None:
    result = search(TitleQuery(MOVIE, "Whiplash", 2014), [movie("Whiplash", year)])
    assert (result.confidence, result.message) == (MatchConfidence.AMBIGUOUS, message)


# Several answers, and those that are cut off

LIKE_IT = tuple(movie(f"Heat {number}", 1995, 100 + number) for number in range(5))


def test_the_answers_are_merged_and_a_title_of_both_counts_once() -> None:
    exact, broad = Found((movie("Heat", 1995),)), Found((*LIKE_IT, movie("Heat", 1995, 1, "Chaleur")))
    result = score_search(HEAT, [exact, broad])
    assert result.confidence is MatchConfidence.CERTAIN
    assert [each.trakt_id for _, each in result.scored] == [1]


def test_a_rival_in_another_answer_counts() -> None:
    exact, broad = Found((movie("Heat", 1995),)), Found((movie("Chaleur", 1995, 2, "Heat"),))
    assert score_search(HEAT, [exact, broad]).confidence is MatchConfidence.AMBIGUOUS


def test_what_stands_only_in_a_list_that_was_cut_off_is_never_certain() -> None:
    broad = Found((movie("Heat", 1995), *LIKE_IT), is_cut_off=True)
    for answers in ([broad], [Found(), broad], [Found((movie("Heat", 1995),), is_cut_off=True), broad]):
        result = score_search(HEAT, answers)
        assert result.confidence is MatchConfidence.AMBIGUOUS
        assert result.message == "more titles were found than the search lists"


def test_what_the_exact_search_found_is_certain_however_many_are_like_it() -> None:
    broad = Found(LIKE_IT, is_cut_off=True)
    assert score_search(HEAT, [Found((movie("Heat", 1995),)), broad]).confidence is MatchConfidence.CERTAIN


def test_nothing_is_found_where_neither_name_nor_year_fits() -> None:
    assert confidence_of(HEAT) == "not_found"
    assert confidence_of(HEAT, movie("Completely Different", 1971)) == "not_found"
    lost = TitleQuery(MOVIE, 'Maggie Simpson in "The Longest Daycare"', 2012)
    assert confidence_of(lost, movie("Raiders of the Lost Ark", 1981)) == "not_found"


def test_a_name_much_alike_is_shown_whatever_its_year() -> None:
    assert confidence_of(HEAT, movie("Heats", 1971)) == "ambiguous"


def test_of_many_candidates_the_best_are_shown_and_the_servers_first() -> None:
    known_by_another_name = movie("Chaleur", 1995, 99)
    found = [known_by_another_name, *(movie(f"Heat {number}", 1995, number) for number in range(1, 9))]
    shown = search(HEAT, found).scored
    assert len(shown) == MOST_CANDIDATES
    assert known_by_another_name in [each for _, each in shown]
    fits = [fit for fit, _ in shown[:-1]]
    assert fits == sorted(fits, reverse=True)


@given(
    st.lists(
        st.builds(
            Candidate,
            st.sampled_from([MOVIE, SHOW]),
            st.sampled_from(["Heat", "The Heat", "Heats", "HEAT", "Cold"]),
            st.sampled_from([None, 1994, 1995, 1996, 2013]),
            trakt_id=st.integers(1, 9),
            votes=st.none(),  # what few people rated may be no rival: see below
        ),
        max_size=6,
        unique_by=lambda candidate: candidate.trakt_id,
    ),
    st.sampled_from([None, 1995]),
)
def test_certain_means_the_very_name_and_no_rival(found: list[Candidate], year: int | None) -> None:
    query = TitleQuery(MOVIE, "Heat", year)
    result = search(query, found)
    named = [each for each in found if normalise(each.title) == "heat"]
    fitting = [
        each
        for each in named
        if year is None or (each.year is not None and abs(each.year - year) <= 1 and each.kind is MOVIE)
    ]
    if result.confidence is MatchConfidence.CERTAIN:
        assert [each for _, each in result.scored] == fitting
        assert fitting[0].kind is MOVIE
        assert year in {None, fitting[0].year}
    elif len(fitting) == 1 and fitting[0].kind is MOVIE and year in {None, fitting[0].year}:
        raise AssertionError(result)


# By id

BY_IMDB = TitleQuery(UNKNOWN, "Das Ding", None, "imdb:tt0084787")
BY_TMDB = TitleQuery(UNKNOWN, "Das Ding", None, "tmdb:1091")


def test_an_imdb_id_says_which_title_it_is_whatever_its_name() -> None:
    result = score_lookup(BY_IMDB, [movie("The Thing", 1982)])
    assert result.confidence is MatchConfidence.CERTAIN


def test_a_number_may_be_that_of_another_kind() -> None:
    assert score_lookup(BY_TMDB, [movie("The Thing", 1982)]).confidence is MatchConfidence.AMBIGUOUS
    assert score_lookup(BY_TMDB, [movie("Das Ding", 1982)]).confidence is MatchConfidence.CERTAIN
    both = [movie("Das Ding", 1982), show("Das Ding", 2000, 2)]
    assert score_lookup(BY_TMDB, both).confidence is MatchConfidence.AMBIGUOUS


def test_an_id_that_nothing_carries_is_not_found() -> None:
    assert score_lookup(BY_IMDB, []).confidence is MatchConfidence.NOT_FOUND


def test_an_id_of_another_kind_is_not_the_rows() -> None:
    film_by_tvdb = TitleQuery(MOVIE, None, None, "tvdb:5")
    assert score_lookup(film_by_tvdb, [show("The Wire", 2002)]).confidence is MatchConfidence.NOT_FOUND


# Two titles of one file

WHIPLASH, SHORT = movie("Whiplash", 2014), movie("Whiplash", 2013, 2)


def match(*pairs: tuple[TitleQuery, Candidate]) -> list[tuple[str, str]]:
    found = doubt_shared_titles(
        {query: MatchResult(MatchConfidence.CERTAIN, [(1.0, each)], "") for query, each in pairs}
    )
    assert list(found) == [query for query, _ in pairs]
    assert [result.scored[0][1] for result in found.values()] == [each for _, each in pairs]
    return [(str(result.confidence), result.message) for result in found.values()]


def test_two_titles_of_one_file_that_come_to_one_are_both_in_doubt() -> None:
    film, short = TitleQuery(MOVIE, "Whiplash", 2014), TitleQuery(UNKNOWN, "Whiplash", 2013)
    assert match((film, WHIPLASH), (short, WHIPLASH._replace(url="u"))) == [
        ("ambiguous", '"Whiplash" (2013) in this file comes to the same title'),
        ("ambiguous", '"Whiplash" (2014), a movie, in this file comes to the same title'),
    ]


def test_all_of_many_are_in_doubt_and_nothing_else_is() -> None:
    queries = [TitleQuery(MOVIE, "Whiplash", year) for year in (2012, 2013, 2014)]
    found = match(*((query, WHIPLASH) for query in queries), (HEAT, movie("Heat", 1995, 3)))
    assert [confidence for confidence, _ in found] == ["ambiguous"] * 3 + ["certain"]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (TitleQuery(MOVIE, "Whiplash", 2014), TitleQuery(MOVIE, "Whiplash", 2013), SHORT),
        (TitleQuery(MOVIE, "Whiplash", 2014), TitleQuery(MOVIE, "WHIPLASH!", 2014), WHIPLASH),
        (TitleQuery(MOVIE, "Whiplash", 2014), TitleQuery(SHOW, "Whiplash", 2014), show("Whiplash", 2014)),
    ],
    ids=["two titles", "two spellings of a name", "one number of two kinds"],
)
def test_two_that_are_no_rivals_stay_certain(one: TitleQuery, other: TitleQuery, found: Candidate) -> None:
    assert match((one, WHIPLASH), (other, found)) == [("certain", "")] * 2


def test_a_rows_own_id_is_in_no_doubt() -> None:
    by_id, by_name = TitleQuery(UNKNOWN, None, None, "imdb:tt2582802"), TitleQuery(MOVIE, "Whiplash", 2014)
    assert [confidence for confidence, _ in match((by_id, WHIPLASH), (by_name, WHIPLASH))] == [
        "certain",
        "ambiguous",
    ]


# Choices of people, when it is done again


def test_a_choice_stays_with_its_title_although_the_order_changed() -> None:
    first, second = movie("Heat", 1995), movie("Heat", 1995, 2)
    old = build_lines(HEAT, ROWS, search(HEAT, [first, second]))
    old[1] = old[1]._replace(is_chosen=True)
    new = build_lines(HEAT, ROWS, search(HEAT, [second, first]))
    kept = keep_choices(new, old)
    assert [(line.candidate and line.candidate.trakt_id, line.is_chosen) for line in kept] == [
        (2, True),
        (1, False),
    ]


def test_a_choice_beats_a_new_confidence() -> None:
    old = build_lines(HEAT, ROWS, search(HEAT, [movie("Heat", 1995), movie("Heat", 1995, 2)]))
    old[1] = old[1]._replace(is_chosen=True)
    new = build_lines(HEAT, ROWS, search(HEAT, [movie("Heat", 1995)]))
    kept = keep_choices(new, old)
    assert [(line.candidate and line.candidate.trakt_id, line.is_chosen) for line in kept] == [
        (2, True),
        (1, False),
    ]


def test_ids_that_somebody_wrote_stay_in_the_place_of_nothing_found() -> None:
    nothing = build_lines(HEAT, ROWS, search(HEAT, []))
    own = nothing[0]._replace(is_chosen=True, candidate=Candidate(None, "", None, imdb_id="tt0113277"))
    assert keep_choices(nothing, [own]) == [own]


def test_a_confidence_that_somebody_took_back_is_not_chosen_again() -> None:
    certain = build_lines(HEAT, ROWS, search(HEAT, [movie("Heat", 1995)]))
    taken_back = [line._replace(is_chosen=False) for line in certain]
    assert keep_choices(certain, taken_back) == taken_back


def test_what_has_become_certain_is_chosen() -> None:
    certain = build_lines(HEAT, ROWS, search(HEAT, [movie("Heat", 1995)]))
    undecided = build_lines(HEAT, ROWS, search(HEAT, [movie("Heats", 1995)]))
    assert keep_choices(certain, undecided) == certain


def test_what_was_certain_and_no_longer_is_is_chosen_no_more() -> None:
    certain = build_lines(HEAT, ROWS, search(HEAT, [movie("Heat", 1995)]))
    doubted = build_lines(HEAT, ROWS, search(HEAT, [movie("Heat", 1995), movie("Heat", 1995, 2)]))
    assert keep_choices(doubted, certain) == doubted
    own = [certain[0]._replace(candidate=movie("Heat", 1995, 7))]  # somebody wrote another id into the line
    assert [line.is_chosen for line in keep_choices(doubted, own)] == [True, False, False]


# Namesakes that hardly anybody rated


@pytest.mark.parametrize(
    ("best", "rival", "year", "confidence"),
    [
        (1_500_000, 12, 2014, "certain"),
        (1_500_000, 2_000, 2014, "ambiguous"),
        (1_500_000, 2_000, 2013, "certain"),  # the year speaks for the first, too
        (1_500_000, 200_000, 2013, "ambiguous"),
        (999, 0, 2014, "ambiguous"),
        (1_000, 0, 2014, "certain"),
        (1_500_000, None, 2014, "ambiguous"),
    ],
)
def test_a_namesake_that_hardly_anybody_rated_is_no_doubt(
    best: int, rival: int | None, year: int, confidence: str
) -> None:
    film = movie("Joker", 2014)._replace(votes=best)
    namesake = movie("Joker", year, 2)._replace(votes=rival)
    assert search(TitleQuery(MOVIE, "Joker", 2014), [film, namesake]).confidence == confidence


def test_the_row_may_mean_the_one_that_few_rated() -> None:
    film, short = movie("Joker", 2014)._replace(votes=10**6), movie("Joker", 2013, 2)._replace(votes=5)
    assert search(TitleQuery(MOVIE, "Joker", 2013), [film, short]).confidence == "ambiguous"


def test_without_a_year_every_namesake_counts() -> None:
    found = [movie("Joker", 2014)._replace(votes=10**6), movie("Joker", 1950, 2)._replace(votes=5)]
    assert search(TitleQuery(MOVIE, "Joker", None), found).confidence == "ambiguous"


def test_umlauts_may_be_written_out() -> None:
    assert score(TitleQuery(MOVIE, "Die Faelschung", 1981), movie("Die Fälschung", 1981)) == 1
    assert score(TitleQuery(MOVIE, "Die Falschung", 1981), movie("Die Fälschung", 1981)) == 1
    assert score(TitleQuery(MOVIE, "Die Fölschung", 1981), movie("Die Fälschung", 1981)) < 1


def test_a_title_of_the_very_spelling_is_never_outweighed_by_another() -> None:
    wide, exact = movie("Muller", 2000)._replace(votes=10**7), movie("Müller", 2000, 2)._replace(votes=5)
    assert confidence_of(TitleQuery(MOVIE, "Müller", 2000), wide, exact) == "ambiguous"
    assert confidence_of(TitleQuery(MOVIE, "Muller", 2000), wide, exact) == "certain"
