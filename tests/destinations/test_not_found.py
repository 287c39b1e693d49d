"""Which items an echo of `not_found` means.

The guarantee, whatever the server leaves out of an echo or writes another way: an item that is not found is
never taken for found. The other way round, an item that is found is never taken for missing as long as the
server echoes each missing item once; at worst it is asked for again.
"""

import copy
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.not_found import Missing, find_missing, flatten_item

Item = dict[str, Any]

EIGHT, NINE = "2014-09-01T12:00:00.000Z", "2015-10-02T12:00:00.000Z"


def movie(rating: int = 8, rated_at: str | None = EIGHT, **ids: Any) -> Item:
    return {"ids": ids, "rating": rating} | ({"rated_at": rated_at} if rated_at else {})


def episode(number: int, season: int = 1, rating: int = 8, **ids: Any) -> Item:
    return {
        "ids": ids or {"tvdb": 1},
        "seasons": [{"number": season, "episodes": [{"number": number, "rating": rating}]}],
    }


def season(number: int, **ids: Any) -> Item:
    return {"ids": ids or {"tvdb": 1}, "seasons": [{"number": number, "rating": 8}]}


def without(item: Item, *names: str) -> Item:
    return {name: value for name, value in item.items() if name not in names}


def match(items: Sequence[Item], *echoes: Any, array: str = "movies") -> Missing:
    return find_missing([flatten_item(item) for item in items], {array: list(echoes)})


A, B, C = movie(imdb="tt1"), movie(imdb="tt2"), movie(imdb="tt3")
OTHER = movie(7, NINE, imdb="tt4")


# With ids


@pytest.mark.parametrize(
    ("items", "echoes", "certain", "unclear"),
    [
        pytest.param([A, B, C], [], set(), set(), id="nothing is missing"),
        pytest.param([A, B, C], [B], {1}, set(), id="the submitted object"),
        pytest.param([A, B, C], [C, A], {0, 2}, set(), id="in another order"),
        pytest.param([A, B, C], [A, A], {0}, set(), id="twice"),
        pytest.param([A, B, C], [{"ids": {"imdb": "tt2"}}], {1}, set(), id="the ids only"),
        pytest.param([A, B], [{**A, "title": None, "message": "x"}], {0}, set(), id="extra keys"),
        pytest.param(
            [A, B],
            [{"ids": {"imdb": "tt2", "slug": None, "trakt": 0}, "rating": 8}],
            {1},
            set(),
            id="empty ids that were never sent",
        ),
        pytest.param([movie(tmdb=5), B], [{"ids": {"tmdb": "5"}}], {0}, set(), id="a number as text"),
        pytest.param([A, B, A], [A], {0, 2}, set(), id="two rows of one title are missing together"),
        pytest.param(
            [movie(imdb="tt1", tmdb=5), B], [{"ids": {"tmdb": 5}}], {0}, set(), id="one of two ids is left"
        ),
        pytest.param(
            [movie(imdb="tt1", tmdb=5), movie(imdb="tt2", tmdb=5), OTHER],
            [{"ids": {"tmdb": 5}}],
            set(),
            {0, 1},
            id="the id that is left is shared: either row may be meant",
        ),
        pytest.param(
            [movie(imdb="tt1", tmdb=5), movie(imdb="tt2", tmdb=5)],
            [movie(imdb="tt1", tmdb=5)],
            {0},
            {1},
            id="a shared id does not make the other row missing",
        ),
        pytest.param([A, B], [{"ids": {"imdb": "tt9"}}], set(), {0, 1}, id="ids that nobody sent"),
    ],
)
def test_an_echo_with_ids(
    items: list[Item], echoes: list[Item], certain: set[int], unclear: set[int]
) -> None:
    assert match(items, *echoes) == (certain, unclear)


@pytest.mark.parametrize("array", ["movies", "shows", "people", "anything"])
def test_the_array_an_echo_stands_in_does_not_matter(array: str) -> None:
    assert match([A, B], A, array=array) == ({0}, set())


# With numbers


@pytest.mark.parametrize(
    ("items", "echoes", "certain", "unclear"),
    [
        pytest.param([episode(1), episode(2)], [episode(2)], {1}, set(), id="one of two episodes"),
        pytest.param(
            [episode(1), episode(1, season=2), episode(2)],
            [episode(1, season=2)],
            {1},
            set(),
            id="the same number in another season",
        ),
        pytest.param(
            [episode(1), episode(2), episode(3)],
            [{"ids": {"tvdb": 1}, "seasons": [{"number": 1, "episodes": [{"number": 1}, {"number": 3}]}]}],
            {0, 2},
            set(),
            id="several episodes in one echo",
        ),
        pytest.param(
            [episode(1), episode(1, tvdb=2)], [episode(1)], {0}, set(), id="the same number of another show"
        ),
        pytest.param(
            [season(1), episode(1)], [episode(1)], {1}, {0}, id="a missing episode does not miss its season"
        ),
        pytest.param(
            [season(1), episode(1)],
            [{"ids": {"tvdb": 1}, "seasons": [{"number": 1, "rating": 8, "episodes": [{"number": 1}]}]}],
            {0, 1},
            set(),
            id="season and episode in one echo",
        ),
        pytest.param(
            [episode(1), episode(2), OTHER],
            [{"ids": {"tvdb": 1}}],
            set(),
            {0, 1},
            id="a show without numbers: all of its episodes, or one that lost its number",
        ),
        pytest.param(
            [episode(1), episode(2), OTHER],
            [{"ids": {"tvdb": 1}}, {"ids": {"tvdb": 1}}],
            {0, 1},
            set(),
            id="a show without numbers, once for each of its episodes",
        ),
        pytest.param(
            [episode(1), episode(2)],
            [without(episode(2), "ids")],
            {1},
            set(),
            id="the numbers without the ids",
        ),
        pytest.param(
            [episode(1), episode(1, tvdb=2), episode(2)],
            [without(episode(1), "ids")],
            set(),
            {0, 1},
            id="numbers that two shows have",
        ),
        pytest.param(
            [{"ids": {"imdb": "tt1"}, "rating": 8}, B],
            [{"ids": {"imdb": "tt1"}, "season": 1, "number": 2}],
            {0},
            set(),
            id="an episode by its own id, whose echo tells its number",
        ),
    ],
)
def test_an_echo_of_a_part_of_a_show(
    items: list[Item], echoes: list[Item], certain: set[int], unclear: set[int]
) -> None:
    assert match(items, *echoes, array="shows") == (certain, unclear)


# Without ids


@pytest.mark.parametrize(
    ("items", "echoes", "certain", "unclear"),
    [
        pytest.param([A], [{}], {0}, set(), id="the only item"),
        pytest.param([A, OTHER], [without(OTHER, "ids")], {1}, set(), id="unique by rating and date"),
        pytest.param([A, OTHER], [{"rating": 7}], {1}, set(), id="unique by rating"),
        pytest.param([A, B, OTHER], [without(A, "ids")], set(), {0, 1}, id="one of two alike"),
        pytest.param([A, B, OTHER], [without(A, "ids")] * 2, {0, 1}, set(), id="both of two alike"),
        pytest.param([A, B, OTHER], [A, without(A, "ids")], {0}, {1}, id="one of two alike has its ids"),
        pytest.param([A, B], [{}], set(), {0, 1}, id="nothing is left of it"),
        pytest.param([A, B, OTHER], [{"rating": 3}], set(), {0, 1, 2}, id="a rating that nobody gave"),
        pytest.param(
            [A, OTHER], [{"rating": "7", "rated_at": "2015-10-02T12:00:00Z"}], {1}, set(), id="no fraction"
        ),
        pytest.param(
            [A, OTHER], [{"rated_at": "2015-10-02T14:00:00+02:00"}], {1}, set(), id="in another zone"
        ),
        pytest.param(
            [movie(rated_at="2014-09-01T12:00:00.500Z"), A],
            [{"rated_at": "2014-09-01T12:00:00Z"}],
            set(),
            {0, 1},
            id="fractions are no difference, for an echo may have lost them",
        ),
        pytest.param(
            [A, OTHER], [{"rated_at": "2015-10-02 12:00"}], set(), {0, 1}, id="an instant without a zone"
        ),
        pytest.param(
            [movie(rated_at=None), movie(7, None), A],
            [{"rating": 7}],
            {1},
            set(),
            id="rows without a date",
        ),
    ],
)
def test_an_echo_without_ids(
    items: list[Item], echoes: list[Item], certain: set[int], unclear: set[int]
) -> None:
    assert match(items, *echoes) == (certain, unclear)


JUNK_ARRAYS: list[Any] = [[None], ["tt1"], [3], [[]], 3, "tt1", True, {"0": A["ids"]}]


@pytest.mark.parametrize(
    "not_found",
    [*({"movies": array} for array in JUNK_ARRAYS), {"movies": [], "shows": [{"seasons": [None]}]}],
)
def test_what_is_no_echo_still_says_that_something_is_missing(not_found: Any) -> None:
    assert find_missing([A, B], not_found) == (set(), {0, 1})


@pytest.mark.parametrize(
    "not_found", [{}, {"movies": []}, {"movies": None, "people": []}, {"movies": {}, "shows": 0}]
)
def test_nothing_in_not_found_is_nothing_missing(not_found: Any) -> None:
    assert find_missing([A, B], not_found) == (set(), set())


# Whatever is left of the echoes

_IMDB = st.sampled_from(["tt1", "tt2", "tt3", "tt4"])
_NUMBER = st.integers(1, 3)
_DATES = st.sampled_from([None, EIGHT, "2014-09-01T12:00:00.500Z", NINE])
_MOVIE_IDS = st.fixed_dictionaries({}, optional={"imdb": _IMDB, "tmdb": _NUMBER}).filter(bool)


@st.composite
def batches(draw: st.DrawFn) -> list[Item]:
    """Items of one method, from few values, so that they are easily taken for one another."""
    ids = st.lists(_MOVIE_IDS, min_size=1, max_size=8)
    if draw(st.booleans()):
        return [movie(draw(_NUMBER), draw(_DATES), **each) for each in draw(ids)]
    parts = st.booleans()
    return [
        episode(draw(_NUMBER), draw(_NUMBER), draw(_NUMBER), **each)
        if draw(parts)
        else season(draw(_NUMBER), **each)
        for each in draw(ids)
    ]


_LOOKS = st.sampled_from(
    [
        lambda text: text,
        lambda text: text.replace("Z", "+00:00"),
        lambda text: text[:19] + "Z",
        lambda text: f"{text[:11]}14{text[13:19]}+02:00",
        lambda text: text[:19],
        lambda text: text[:10],
        lambda text: 1409572800,
        lambda text: None,
    ]
)


def _parts(item: Item) -> list[Item]:
    """The item and whatever is nested in it: each may hold a rating and a date."""
    nested = [part for name in ("seasons", "episodes") for part in item.get(name, [])]
    return [item, *(each for part in nested for each in _parts(part))]


@st.composite
def echoes_of(draw: st.DrawFn, item: Item) -> Item:
    """The item as a careless server may give it back."""
    echo: Item = copy.deepcopy(item)
    echo["ids"] = {
        source: draw(st.sampled_from([value, str(value)]))
        for source, value in echo["ids"].items()
        if draw(st.booleans())
    }
    for part in _parts(echo):
        for name in ("rating", "ids", "seasons", "episodes"):
            if name in part and draw(st.integers(0, 4)) == 0:
                del part[name]
        if "rated_at" in part:
            part["rated_at"] = draw(_LOOKS)(part["rated_at"])
        part.update(draw(st.sampled_from([{}, {"title": "x", "message": None}])))
    return echo


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ids", "imdb", "rating", "rated_at", "seasons", "episodes", "number", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(items=batches(), data=st.data())
def test_whatever_is_left_of_its_echo_a_missing_item_is_never_taken_for_found(
    items: list[Item], data: st.DataObject
) -> None:
    missing = data.draw(st.sets(st.sampled_from(range(len(items)))), "missing")
    echoes: list[Any] = [data.draw(echoes_of(items[position])) for position in missing]
    echoes += data.draw(st.lists(st.sampled_from(echoes), max_size=2) if echoes else st.just([]), "twice")
    echoes += data.draw(st.lists(_JUNK, max_size=1), "junk")
    arrays: dict[str, list[Any]] = {"movies": [], "shows": [], "people": []}
    for echo in data.draw(st.permutations(echoes)):
        arrays[data.draw(st.sampled_from(sorted(arrays)))].append(echo)
    certain, unclear = find_missing([flatten_item(item) for item in items], arrays)
    assert missing <= certain | unclear
    assert not certain & unclear


@st.composite
def _thinned(draw: st.DrawFn, item: Item) -> Item:
    """The item without some ids, or any; without rating, or date; else as it was sent."""
    ids = {source: value for source, value in item["ids"].items() if draw(st.booleans())}
    echo = {**copy.deepcopy(item), "ids": ids}
    for part in _parts(echo):
        for name in draw(st.sets(st.sampled_from(["rating", "rated_at"]))):
            part.pop(name, None)
    return echo


@given(items=batches(), known=st.sets(_IMDB | _NUMBER), data=st.data())
def test_a_found_item_is_never_taken_for_missing_where_each_missing_item_is_echoed_once(
    items: list[Item], known: set[object], data: st.DataObject
) -> None:
    found = {place for place, item in enumerate(items) if known & set(item["ids"].values())}
    missing = set(range(len(items))) - found
    certain, unclear = match(items, *(data.draw(_thinned(items[place])) for place in missing))
    assert not found & certain
    assert missing <= certain | unclear


@given(missing=st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_server_that_gives_back_what_was_sent_leaves_no_doubt(missing: list[bool]) -> None:
    items = [movie(imdb=f"tt{place}") for place in range(len(missing))]
    expected = {place for place, is_missing in enumerate(missing) if is_missing}
    assert match(items, *(items[place] for place in expected)) == (expected, set())


@given(batches(), _JUNK)
def test_no_junk_ever_raises(items: list[Item], junk: Any) -> None:
    find_missing([flatten_item(item) for item in items], junk)
    match(items, junk)
