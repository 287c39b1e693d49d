"""Building searches, and reading whatever comes back without ever taking a wrong id from it."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.decisions import Retry, Stop
from importer.destinations.titles import Candidate, EpisodeOf, Found, Unsearchable
from importer.destinations.trakt.search import LONGEST_QUERY, TraktSearch, escape
from importer.errors import AuthorizationError, ConnectionLostError, Loss
from importer.http import Response
from importer.model import MediaKind
from tests.builders import build_answer
from tests.decisions import value_or

SEARCH = TraktSearch("https://api.example.org", "the-client-id", "example")


def titles_or(decision: object) -> object:
    """The titles that were found, or what came instead."""
    return decision.titles if isinstance(decision, Found) else decision


def read_search(answer: Response | ConnectionLostError) -> object:
    return titles_or(value_or(SEARCH.read_search(answer)))


def read_exact_search(answer: Response | ConnectionLostError) -> object:
    return titles_or(value_or(SEARCH.read_exact_search(answer)))


def read_lookup(answer: Response | ConnectionLostError, source: str, value: str) -> object:
    return titles_or(value_or(SEARCH.read_lookup(answer, source, value)))


MOVIES_AND_SHOWS = (MediaKind.MOVIE, MediaKind.SHOW)
HEAT = Candidate(
    MediaKind.MOVIE, "Heat", 1995, "tt0113277", 949, None, 352, url="https://www.imdb.com/title/tt0113277/"
)


def build_entry(kind: str = "movie", **changes: Any) -> dict[str, Any]:
    """An entry of an answer, as the API page shows it."""
    ids = {"trakt": 352, "slug": "heat-1995", "imdb": "tt0113277", "tmdb": 949}
    return {"type": kind, "score": 26.0, kind: {"title": "Heat", "year": 1995, "ids": ids} | changes}


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_search_asks_for_every_name_of_a_title_within_the_years() -> None:
    request = SEARCH.build_search("Heat", range(1994, 1997), MOVIES_AND_SHOWS)
    assert request.method == "GET"
    assert request.url.startswith("https://api.example.org/search/movie,show?")
    assert query_of(request.url) == {
        "query": "Heat",
        "fields": "title,original_title,translations,aliases",
        "years": "1994-1996",
        "extended": "full",
        "page": "1",
        "limit": "50",
    }


def test_without_a_year_there_is_no_filter() -> None:
    assert "years" not in query_of(SEARCH.build_search("Heat", None, MOVIES_AND_SHOWS).url)


def test_an_exact_search_asks_for_the_name_as_it_is() -> None:
    request = SEARCH.build_exact_search("Face/Off", MOVIES_AND_SHOWS)
    assert request is not None
    assert request.url.startswith("https://api.example.org/search/movie,show/exact?")
    query = {"query": "Face/Off", "extended": "full", "page": "1", "limit": "50"}
    assert query_of(request.url) == query
    assert not request.needs_token


def test_there_is_no_exact_search_for_episodes() -> None:
    assert SEARCH.build_exact_search("Pilot", [MediaKind.EPISODE]) is None


def test_an_app_is_named_and_nobody_signed_in() -> None:
    request = SEARCH.build_lookup("imdb", "tt0113277")
    assert request.headers["trakt-api-key"] == "the-client-id"
    assert "Authorization" not in request.headers
    assert not request.needs_token
    assert "the-client-id" not in repr(request) + repr(SEARCH)


def test_a_lookup_asks_for_all_kinds() -> None:
    url = SEARCH.build_lookup("imdb", "tt0113277").url
    assert url == ("https://api.example.org/search/imdb/tt0113277?type=movie,show,episode&extended=full")


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Heat", "Heat"),
        ("Face/Off", r"Face\/Off"),
        ("What?", r"What\?"),
        ("M*A*S*H", r"M\*A\*S\*H"),
        ("[REC]²", r"\[REC\]²"),
        ("Kill Bill: Vol. 1", r"Kill Bill\: Vol. 1"),
        ("Lilo & Stitch", r"Lilo \& Stitch"),
        ("a || b ^ ~ {x} \\", r"a \|\| b \^ \~ \{x\} \\"),
        ('-1+1!("")', r"\-1\+1\!\(\"\"\)"),
    ],
)
def test_special_characters_are_escaped(title: str, query: str) -> None:
    assert escape(title) == query
    assert query_of(SEARCH.build_search(title, None, MOVIES_AND_SHOWS).url)["query"] == query


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_title_travels_whole_as_far_as_it_fits(title: str) -> None:
    url = SEARCH.build_search(title, None, MOVIES_AND_SHOWS).url
    assert url.isascii()
    query = query_of(url).get("query", "")
    literal, escaped = [], False
    for char in query:
        if char == "\\" and not escaped:
            escaped = True
            continue
        assert escaped or char not in '+-&|!(){}[]^"~*?:/', "a character that means something"
        literal.append(char)
        escaped = False
    assert "".join(literal) == title[:LONGEST_QUERY]


def test_reads_titles_in_the_order_of_the_answer() -> None:
    show = {"title": "Heat", "year": 2005, "ids": {"trakt": 7, "slug": "heat-2005", "tvdb": 8}}
    answer = build_answer(200, [build_entry(), {"type": "show", "score": 1.0, "show": show}])
    url = "https://trakt.tv/shows/heat-2005"
    assert read_search(answer) == (
        HEAT,
        Candidate(MediaKind.SHOW, "Heat", 2005, tvdb_id=8, trakt_id=7, url=url),
    )


def test_reads_the_original_title_beside_the_other() -> None:
    answer = build_answer(200, [build_entry(title="Spirited Away", original_title="千と千尋の神隠し")])
    found = read_search(answer)
    assert isinstance(found, tuple)
    assert found[0].title == "Spirited Away"
    assert found[0].other_titles == ("千と千尋の神隠し",)


def test_nothing_found_is_an_empty_list() -> None:
    assert read_search(build_answer(200, [])) == ()
    assert read_lookup(build_answer(404), "imdb", "tt0000001") == ()


@pytest.mark.parametrize(
    "junk",
    [
        "https://www.imdb.com/titl",  # seen in answers: issue #47
        "",
        "tt",
        "tt123",
        "nm0000001",
        "tt0113277\n",
        "tt0113277 ",
        "TT0113277",
        "tt01132770000",
        "tt٠١١٣٢٧٧",
        113277,
        True,
        None,
        ["tt0113277"],
        {"id": "tt0113277"},
    ],
    ids=repr,
)
def test_what_is_no_imdb_id_is_left_out(junk: object) -> None:
    found = read_search(build_answer(200, [build_entry(ids={"trakt": 352, "imdb": junk})]))
    assert isinstance(found, tuple)
    assert [(each.imdb_id, each.trakt_id) for each in found] == [(None, 352)]


@pytest.mark.parametrize("junk", [0, -1, True, 1.5, "949", None, 10**15, [949], {}], ids=repr)
@pytest.mark.parametrize("source", ["trakt", "tmdb", "tvdb"])
def test_what_is_no_number_is_left_out(source: str, junk: object) -> None:
    found = read_search(build_answer(200, [build_entry(ids={"imdb": "tt0113277", source: junk})]))
    assert isinstance(found, tuple)
    assert found[0][3:7] == ("tt0113277", None, None, None)


@pytest.mark.parametrize(
    "entry",
    [
        build_entry(ids={}),
        build_entry(ids=None),
        build_entry(ids={"imdb": "https://www.imdb.com/titl", "tmdb": 0, "slug": "heat-1995"}),
        build_entry("person"),
        {"type": "movie"},
        {"type": "movie", "movie": None},
        {"type": "movie", "show": build_entry()["movie"]},
        {"type": None, "movie": build_entry()["movie"]},
        {"type": ["movie"], "movie": build_entry()["movie"]},
        {"movie": build_entry()["movie"]},
        {},
        None,
        "movie",
        7,
        [],
    ],
    ids=str,
)
def test_a_title_without_an_id_or_a_kind_is_none(entry: object) -> None:
    assert read_search(build_answer(200, [entry, build_entry()])) == (HEAT,)


@pytest.mark.parametrize("year", [None, 0, 95, "1995", 1995.0, True, 10**9], ids=repr)
def test_a_year_that_is_none_is_left_out(year: object) -> None:
    found = read_search(build_answer(200, [build_entry(year=year)]))
    assert isinstance(found, tuple)
    assert found[0].year is None


@pytest.mark.parametrize(
    ("slug", "url"),
    [
        ("heat-1995", "https://trakt.tv/movies/heat-1995"),
        ("../../evil", ""),
        ("heat?x=1", ""),
        ("javascript:alert(1)", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_an_address_is_made_of_a_slug_that_is_one(slug: object, url: str) -> None:
    found = read_search(build_answer(200, [build_entry(ids={"trakt": 1, "slug": slug})]))
    assert isinstance(found, tuple)
    assert found[0].url == url


def test_a_name_is_shown_on_one_line() -> None:
    found = read_search(build_answer(200, [build_entry(title="He\x1b[31m\nat\u202e")]))
    assert isinstance(found, tuple)
    assert found[0].title == "He [31m at"


def test_a_lookup_takes_only_what_carries_the_id() -> None:
    other = build_entry(ids={"trakt": 1, "imdb": "tt9999999"})
    answer = build_answer(200, [other, build_entry(), build_entry(ids={"trakt": 2, "imdb": None})])
    assert read_lookup(answer, "imdb", "tt0113277") == (HEAT,)
    assert read_lookup(answer, "tmdb", "949") == (HEAT,)


def test_an_episode_without_a_name_can_still_be_looked_up() -> None:
    episode = {"season": 1, "number": 2, "title": None, "ids": {"trakt": 9, "imdb": "tt0959621"}}
    answer = build_answer(200, [{"type": "episode", "score": None, "episode": episode}])
    found = read_lookup(answer, "imdb", "tt0959621")
    assert isinstance(found, tuple)
    assert [each.kind for each in found] == [MediaKind.EPISODE]


_KEYS = st.sampled_from(
    ["type", "movie", "show", "ids", "imdb", "tmdb", "trakt", "title", "original_title", "year", "slug"]
)
_WORDS = st.sampled_from(["movie", "show", "tt0113277", "https://www.imdb.com/titl", "heat", "", "\n", "tt1"])
_JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _WORDS
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=8),
    max_leaves=40,
)
_ENTRY = st.fixed_dictionaries(
    {"type": st.sampled_from(["movie", "show"]) | _JUNK},
    optional={
        kind: _JUNK
        | st.fixed_dictionaries({"ids": st.dictionaries(_KEYS, _JUNK) | _JUNK}, optional={"title": _JUNK})
        for kind in ("movie", "show")
    },
)


@given(st.lists(_ENTRY | _JUNK, max_size=5))
def test_whatever_comes_back_an_id_is_one(entries: list[Any]) -> None:
    found = read_search(Response(200, {}, json.dumps(entries).encode()))
    assert isinstance(found, tuple)
    for each in found:
        assert each.kind in MOVIES_AND_SHOWS
        assert each.imdb_id is None or re.fullmatch(r"tt[0-9]{7,10}", each.imdb_id, re.ASCII)
        for number in each[4:7]:
            assert number is None or (type(number) is int and 0 < number < 10**15)
        assert any(each[3:7])
        assert all(name.isprintable() for name in (each.title, *each.other_titles, each.url))


BLOCKED = build_answer(404, b"<!DOCTYPE html><title>blocked</title>", content_type="text/html")


@pytest.mark.parametrize(
    "answer",
    [
        build_answer(200, b"<html>welcome</html>"),
        build_answer(200, b""),
        build_answer(200, {"movie": {}}),
        build_answer(200, b"null"),
        build_answer(200, b"[{"),
        build_answer(204),
        build_answer(500),
        build_answer(502, b"<html>bad gateway</html>"),
        build_answer(503, retry_after="7"),
        build_answer(429, retry_after="7"),
        build_answer(401),
        build_answer(403),
        BLOCKED,
        build_answer(400, b"<html>bad request</html>"),
        build_answer(302),
        ConnectionLostError(Loss.TIMEOUT),
        ConnectionLostError(Loss.REFUSED),
        ConnectionLostError(Loss.CERTIFICATE),
        ConnectionLostError(Loss.TOO_LARGE),
    ],
    ids=str,
)
def test_an_outage_is_never_nothing_found(answer: Response | ConnectionLostError) -> None:
    for decision in (
        read_search(answer),
        read_exact_search(answer),
        read_lookup(answer, "imdb", "tt0113277"),
    ):
        assert isinstance(decision, Retry | Stop)
        if isinstance(decision, Retry):
            assert isinstance(decision.stop(), Stop)


def test_a_search_that_is_not_served_here_is_no_miss() -> None:
    assert isinstance(read_search(build_answer(404)), Stop)


def test_a_server_without_an_exact_search_finds_nothing_by_it() -> None:
    assert read_exact_search(build_answer(404)) == ()


@pytest.mark.parametrize(
    ("entries", "headers", "is_cut_off"),
    [
        (2, {}, False),
        (2, {"x_pagination_page_count": "1", "x_pagination_item_count": "2"}, False),
        (2, {"x_pagination_page_count": "x", "x_pagination_item_count": ""}, False),
        (0, {"x_pagination_page_count": "0", "x_pagination_limit": "0"}, False),
        (2, {"x_pagination_page_count": "2"}, True),
        (2, {"x_pagination_item_count": "3"}, True),
        (10, {"x_pagination_limit": "10", "x_pagination_page_count": "1"}, True),  # it was clamped
        (50, {}, True),
        (50, {"x_pagination_page_count": "1", "x_pagination_item_count": "50"}, True),  # counts lag behind
        (50, {"x_pagination_limit": "250"}, True),
    ],
)
def test_a_full_page_or_a_higher_count_means_that_there_are_more(
    entries: int, headers: dict[str, str], *, is_cut_off: bool
) -> None:
    page = [build_entry(ids={"trakt": number}) for number in range(1, entries + 1)]
    for read in (SEARCH.read_search, SEARCH.read_exact_search):
        found = value_or(read(build_answer(200, page, **headers)))
        assert isinstance(found, Found)
        assert found.is_cut_off is is_cut_off


@pytest.mark.parametrize("status", [400, 414, 422])
def test_a_query_that_is_refused_ends_no_other(status: int) -> None:
    found = read_search(build_answer(status, {"error": "bad query"}))
    assert isinstance(found, Unsearchable)
    assert str(status) in found.message


def test_a_rate_limit_makes_everybody_wait_as_long_as_it_says() -> None:
    decision = read_search(build_answer(429, retry_after="7"))
    assert isinstance(decision, Retry)
    assert decision.policy.pauses_all_workers
    assert decision.seconds >= 7
    assert not decision.policy.counts


def test_an_app_that_is_refused_stops() -> None:
    decision = read_search(build_answer(403))
    assert isinstance(decision, Stop)
    assert isinstance(decision.error, AuthorizationError)


SHOW_OF_IT = {"title": "Lost", "year": 2004, "ids": {"trakt": 73, "imdb": "tt0411008", "tvdb": 73739}}
PILOT = {"season": 1, "number": 2, "title": "Pilot: Part 2", "ids": {"trakt": 5, "imdb": "tt0636290"}}


def read_episode(**entry: Any) -> Candidate:
    answer = build_answer(200, [{"type": "episode"} | entry])
    titles = read_lookup(answer, "imdb", "tt0636290")
    assert isinstance(titles, tuple)
    assert isinstance(titles[0], Candidate)
    return titles[0]


def test_an_episode_comes_with_its_place() -> None:
    place = EpisodeOf("Lost", 2004, 1, 2, "tt0411008", None, 73739, 73)
    assert read_episode(episode=PILOT, show=SHOW_OF_IT).place == place


@pytest.mark.parametrize(
    "entry",
    [
        {"episode": PILOT},
        {"episode": PILOT, "show": []},
        {"episode": PILOT, "show": SHOW_OF_IT | {"ids": {}}},
        {"episode": PILOT | {"season": None}, "show": SHOW_OF_IT},
        {"episode": PILOT | {"number": -1}, "show": SHOW_OF_IT},
        {"episode": PILOT | {"number": True}, "show": SHOW_OF_IT},
    ],
)
def test_an_episode_without_a_whole_place_has_none(entry: dict[str, Any]) -> None:
    assert read_episode(**entry).place is None
