"""Looking titles up: at the server's pace, once each, and never taking an outage for an answer."""

import asyncio
import sqlite3
import stat
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from importer.client.rate import Rate
from importer.client.retry import RetryBudget
from importer.client.transport import Transport
from importer.destinations.titles import Candidate, Found
from importer.destinations.trakt.search import TraktSearch
from importer.errors import ConnectionLostError, Loss, StopRunError
from importer.http import Request, Response
from importer.matching.cache import HITS_KEPT_SECONDS, MISSES_KEPT_SECONDS, LookupCache
from importer.matching.lookups import LookupOptions, Lookups
from importer.matching.model import MatchConfidence, MatchResult, TitleQuery
from importer.model import MediaKind
from importer.progress import Progress
from importer.sandbox import Sandbox, SandboxOptions
from tests.builders import build_answer
from tests.virtual_time import run_in_virtual_time

SEARCH = TraktSearch("https://api.example.org", "app", "https://api.example.org")
NOW = 1_790_000_000.0
OUTAGE = build_answer(503)


class Library(Transport):
    """A server with one film for every title asked for, released in 2000, but for those without a name.

    `answers` come first, in turn.
    """

    def __init__(self, *answers: Response | ConnectionLostError, unknown: Iterable[str] = ()) -> None:
        super().__init__(1)
        self._answers = list(answers)
        self._unknown = set(unknown)
        self.asked: list[tuple[float, str, str]] = []
        """When, for what, and in which years."""
        self.most_at_once = self._at_once = 0

    async def send(self, request: Request) -> Response:
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        title = query.get("query") or unquote(urlsplit(request.url).path).rpartition("/")[2]
        self.asked.append((asyncio.get_running_loop().time(), title, query.get("years", "")))
        answer = self._answers.pop(0) if self._answers else None
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(0.1)
        finally:
            self._at_once -= 1
        if isinstance(answer, ConnectionLostError):
            raise answer
        if answer is not None:
            return answer
        if title in self._unknown:
            return build_answer(200, [])
        number = sum(map(ord, title))
        ids = {"trakt": number, "imdb": f"tt{number:07}", "tmdb": None}
        return build_answer(200, [{"type": "movie", "movie": {"title": title, "year": 2000, "ids": ids}}])

    @property
    def titles(self) -> list[str]:
        return [title for _, title, _ in self.asked]


def films(count: int) -> list[TitleQuery]:
    return [TitleQuery(MediaKind.MOVIE, f"Film {number}", 2000) for number in range(count)]


def look_up(
    server: Library,
    queries: Iterable[TitleQuery],
    folder: Path,
    *,
    rate: Rate | None = None,
    workers: int = 4,
    progress: Progress | None = None,
    clock: Callable[[], float] = lambda: NOW,
) -> dict[TitleQuery, MatchResult]:
    with LookupCache(folder / "lookups.sqlite3", clock=clock) as cache:
        options = LookupOptions(workers, rate, RetryBudget(jitter=0.0))
        lookups = Lookups(SEARCH, cache, options, progress or Progress())
        found = run_in_virtual_time(lookups.look_up_all(queries, server))
        assert lookups.asked <= len(server.asked)
        return found


def test_every_title_gets_its_result(tmp_path: Path) -> None:
    server, progress = Library(unknown=["Film 3"]), Progress()
    found = look_up(server, films(9), tmp_path, progress=progress)
    assert {query.title for query in found} == {f"Film {number}" for number in range(9)}
    assert [result.confidence for result in found.values()].count(MatchConfidence.CERTAIN) == 8
    assert found[films(9)[3]].confidence is MatchConfidence.NOT_FOUND
    assert (progress.done, progress.failed) == (9, 1)
    assert server.most_at_once == 4


def test_without_a_hit_the_year_is_left_open(tmp_path: Path) -> None:
    server = Library(unknown=["Lost"])
    look_up(server, [TitleQuery(MediaKind.MOVIE, "Lost", 2000)], tmp_path)
    assert [(title, years) for _, title, years in server.asked] == [
        ("Lost", ""),  # the exact search
        ("Lost", "1999-2001"),
        ("Lost", ""),
    ]


def test_a_title_of_mixed_alphabets_is_asked_for_as_it_was_meant(tmp_path: Path) -> None:
    server = Library()
    found = look_up(server, [TitleQuery(MediaKind.MOVIE, "Чeрная маска", 2000)], tmp_path)
    assert server.titles == ["Черная маска"] * 2
    assert [result.confidence for result in found.values()] == [MatchConfidence.CERTAIN]


def test_an_id_is_asked_for_by_itself(tmp_path: Path) -> None:
    entry = {"type": "show", "show": {"title": "Dark", "year": 2017, "ids": {"imdb": "tt5753856"}}}
    server = Library(build_answer(200, [entry]))
    query = TitleQuery(MediaKind.UNKNOWN, "Finsternis", None, "imdb:tt5753856")
    found = look_up(server, [query], tmp_path)
    assert server.titles == ["tt5753856"]
    assert found[query].confidence is MatchConfidence.CERTAIN
    assert found[query].scored[0][1].kind is MediaKind.SHOW


def entry(title: str, year: int | None, number: int) -> dict[str, object]:
    ids = {"trakt": number, "imdb": f"tt{number:07}"}
    return {"type": "movie", "movie": {"title": title, "year": year, "ids": ids}}


def test_what_only_the_exact_search_knows_is_found(tmp_path: Path) -> None:
    alike = [entry(f"Whiplash {number}", 2013, number) for number in range(1, 51)]
    server = Library(build_answer(200, [entry("Whiplash", 2014, 99)]), build_answer(200, alike))
    query = TitleQuery(MediaKind.MOVIE, "Whiplash", 2014)
    result = look_up(server, [query], tmp_path)[query]
    assert result.confidence is MatchConfidence.CERTAIN
    assert [each.trakt_id for _, each in result.scored] == [99]


def test_a_film_is_not_taken_for_that_of_the_year_before(tmp_path: Path) -> None:
    short = build_answer(200, [entry("Whiplash", 2013, 1)])
    server = Library(short, short)
    query = TitleQuery(MediaKind.MOVIE, "Whiplash", 2014)
    result = look_up(server, [query], tmp_path)[query]
    assert (result.confidence, result.scored[0][0]) == (MatchConfidence.AMBIGUOUS, 0.97)


def test_a_page_that_is_full_decides_nothing(tmp_path: Path) -> None:
    page = [
        entry("Whiplash" if number == 1 else f"Whiplash {number}", 2014, number) for number in range(1, 51)
    ]
    query = TitleQuery(MediaKind.MOVIE, "Whiplash", 2014)
    for place, nothing in (("a", build_answer(404)), ("b", build_answer(200, []))):
        folder = tmp_path / place
        folder.mkdir()
        result = look_up(Library(nothing, build_answer(200, page)), [query], folder)[query]
        assert result.message == "more titles were found than the search lists"
    (tmp_path / "c").mkdir()
    server = Library(build_answer(404), build_answer(200, page[:49]))
    assert look_up(server, [query], tmp_path / "c")[query].confidence is MatchConfidence.CERTAIN


def test_a_server_that_ignores_the_years_is_not_asked_the_same_again(tmp_path: Path) -> None:
    broad = build_answer(200, [entry("Lost Highway", 1997, 1)])
    server = Library(build_answer(200, []), broad)
    look_up(server, [TitleQuery(MediaKind.MOVIE, "Lost", 2000)], tmp_path)
    assert [years for _, _, years in server.asked] == ["", "1999-2001"]


def test_the_exact_search_alone_decides_where_the_other_is_refused(tmp_path: Path) -> None:
    server = Library(build_answer(200, [entry("Heat", 1995, 1)]), build_answer(400, {"error": "bad query"}))
    query = TitleQuery(MediaKind.MOVIE, "Heat", 1995)
    assert look_up(server, [query], tmp_path)[query].confidence is MatchConfidence.CERTAIN


# Never twice for the same


def test_the_second_time_nothing_is_asked(tmp_path: Path) -> None:
    first, second = Library(unknown=["Film 1"]), Library(OUTAGE)
    before = look_up(first, films(5), tmp_path)
    after = look_up(second, films(5), tmp_path)
    assert second.asked == []
    assert after == before


def test_what_was_not_found_is_asked_again_sooner_than_what_was(tmp_path: Path) -> None:
    look_up(Library(unknown=["Film 1"]), films(2), tmp_path)
    later = Library()
    look_up(later, films(2), tmp_path, clock=lambda: NOW + MISSES_KEPT_SECONDS + 1)
    assert set(later.titles) == {"Film 1"}
    much_later = Library()
    look_up(much_later, films(2), tmp_path, clock=lambda: NOW + HITS_KEPT_SECONDS + 1)
    assert "Film 0" in much_later.titles


def test_what_another_host_found_says_nothing_about_this_one(tmp_path: Path) -> None:
    look_up(Library(), films(1), tmp_path)
    other = Library()
    with LookupCache(tmp_path / "lookups.sqlite3", clock=lambda: NOW) as cache:
        search = TraktSearch("https://other.example.org", "app", "https://other.example.org")
        lookups = Lookups(search, cache, LookupOptions(1, None), Progress())
        run_in_virtual_time(lookups.look_up_all(films(1), other))
    assert other.titles == ["Film 0"] * 2


def test_the_app_is_not_in_the_file(tmp_path: Path) -> None:
    with LookupCache(tmp_path / "lookups.sqlite3", clock=lambda: NOW) as cache:
        search = TraktSearch("https://api.example.org", "s3cret-app", "https://api.example.org")
        lookups = Lookups(search, cache, LookupOptions(1, None), Progress())
        run_in_virtual_time(lookups.look_up_all(films(1), Library()))
    assert not [path for path in tmp_path.iterdir() if b"s3cret" in path.read_bytes()]


def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path) -> None:
    with LookupCache(tmp_path / "lookups.sqlite3") as cache:
        cache.put("x", Found())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_runs_side_by_side_may_open_it_at_once(tmp_path: Path) -> None:
    workers = 4

    def keep(folder: Path, together: threading.Barrier, number: int) -> None:
        together.wait()
        with LookupCache(folder / "lookups.sqlite3") as cache:
            for question in range(20):
                cache.put(f"{number} {question}", Found())

    with ThreadPoolExecutor(workers) as threads:
        for each in range(80):  # which of them meet is up to the machine
            folder, together = tmp_path / f"{each}", threading.Barrier(workers)
            folder.mkdir()
            kept = [threads.submit(keep, folder, together, number) for number in range(workers)]
            for future in kept:
                future.result()
            with LookupCache(folder / "lookups.sqlite3") as cache:
                assert all(cache.get(f"{number} 19") == Found() for number in range(workers))


def test_an_answer_is_kept_as_it_was(tmp_path: Path) -> None:
    found = (
        Candidate(MediaKind.SHOW, "Дом Дракона", 2022, "tt11198330", 94997, 371572, 154574, ("House",), "u"),
        Candidate(MediaKind.MOVIE, "", None),
    )
    with LookupCache(tmp_path / "lookups.sqlite3") as cache:
        for answer in (Found(found), Found(found, is_cut_off=True), Found()):
            cache.put("x", answer)
            assert cache.get("x") == answer
        assert cache.get("y") is None


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    for ending in ("", "-wal"):
        (tmp_path / f"lookups.sqlite3{ending}").write_bytes(b"no database at all" * 100)
    assert len(look_up(Library(), films(2), tmp_path)) == 2
    server = Library()
    look_up(server, films(2), tmp_path)
    assert server.asked == []


def test_a_file_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "lookups.sqlite3") as db:
        db.execute("CREATE TABLE lookup (something TEXT)")
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert len(look_up(Library(), films(2), tmp_path)) == 2


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StopRunError, match="IMPORTER_STATE_DIR"), LookupCache(tmp_path / "no" / "x.sqlite3"):
        pass


# The pace


def test_never_more_than_the_budget(tmp_path: Path) -> None:
    server = Library()
    look_up(server, films(40), tmp_path, rate=Rate(5, 10.0), workers=8)
    times = [at for at, _, _ in server.asked]
    assert all(sum(start <= at < start + 10 for at in times) <= 5 for start in times)


def test_told_to_slow_down_nobody_asks_until_then(tmp_path: Path) -> None:
    server, progress = Library(build_answer(429, retry_after="30")), Progress()
    found = look_up(server, films(12), tmp_path, progress=progress)
    assert len(found) == 12
    begun = server.asked[0][0]
    # Those already on their way may still arrive, nobody else does.
    assert all(at - begun < 1 or at - begun >= 30 for at, _, _ in server.asked)
    assert sum(at - begun < 1 for at, _, _ in server.asked) <= 4


# Outages


@pytest.mark.parametrize(
    "trouble",
    [OUTAGE, build_answer(502, b"<html>"), ConnectionLostError(Loss.TIMEOUT), build_answer(200, b"<html>")],
    ids=str,
)
def test_a_short_outage_is_waited_out(tmp_path: Path, trouble: Response | ConnectionLostError) -> None:
    server = Library(trouble, trouble)
    found = look_up(server, films(1), tmp_path)
    assert [result.confidence for result in found.values()] == [MatchConfidence.CERTAIN]
    assert server.titles == ["Film 0"] * 4


@pytest.mark.parametrize(
    "trouble",
    [OUTAGE, ConnectionLostError(Loss.REFUSED), build_answer(200, b"<html>"), build_answer(403)],
    ids=str,
)
def test_a_long_outage_stops_and_is_kept_as_no_answer(
    tmp_path: Path, trouble: Response | ConnectionLostError
) -> None:
    with pytest.raises(StopRunError):
        look_up(Library(*[trouble] * 100), films(3), tmp_path)
    server = Library()
    assert len(look_up(server, films(3), tmp_path)) == 3
    assert Counter(server.titles) == Counter(["Film 0", "Film 1", "Film 2"] * 2)


def test_what_was_found_before_an_outage_is_kept(tmp_path: Path) -> None:
    class Failing(Library):
        async def send(self, request: Request) -> Response:
            if len(self.asked) >= 5:
                raise ConnectionLostError(Loss.REFUSED)
            return await super().send(request)

    with pytest.raises(StopRunError):
        look_up(Failing(), films(9), tmp_path, workers=1)
    server = Library()
    look_up(server, films(9), tmp_path, workers=1)
    assert server.titles == ["Film 2", *(f"Film {number}" for number in range(3, 9) for _ in range(2))]


def test_a_query_that_is_refused_concerns_its_own_title_only(tmp_path: Path) -> None:
    server = Library(*[build_answer(400, {"error": "bad query"})] * 2)
    found = look_up(server, films(2), tmp_path, workers=1)
    first, second = (found[query] for query in films(2))
    assert (first.confidence, first.message) == (
        MatchConfidence.NOT_FOUND,
        "the server refuses to search for it (HTTP 400)",
    )
    assert second.confidence is MatchConfidence.CERTAIN
    again = Library()
    assert look_up(again, films(1), tmp_path)[films(1)[0]].confidence is MatchConfidence.CERTAIN


def test_cancelled_it_keeps_what_it_has(tmp_path: Path) -> None:
    async def cancel_soon(lookups: Lookups, server: Library) -> None:
        task = asyncio.ensure_future(lookups.look_up_all(films(100), server))
        await asyncio.sleep(1.05)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert server.most_at_once == 4

    first = Library()
    with LookupCache(tmp_path / "lookups.sqlite3", clock=lambda: NOW) as cache:
        lookups = Lookups(SEARCH, cache, LookupOptions(4, None), Progress())
        run_in_virtual_time(cancel_soon(lookups, first))
    second = Library()
    look_up(second, films(100), tmp_path)
    answered = len(first.asked) - 4  # four were under way
    assert len(second.asked) == 200 - answered


# On the sandbox


async def look_up_on_sandbox(
    folder: Path, *queries: TitleQuery, **options: object
) -> dict[TitleQuery, MatchResult]:
    settings = SandboxOptions(**options)  # type: ignore[arg-type]
    async with Sandbox(settings) as sandbox, Transport(4) as transport:
        with LookupCache(folder / "lookups.sqlite3") as cache:
            search = TraktSearch(sandbox.url, "sandbox-client", "sandbox")
            lookups = Lookups(search, cache, LookupOptions(4, None), Progress())
            return await lookups.look_up_all(queries, transport)


@pytest.mark.parametrize(
    ("query", "imdb_id"),
    [
        (TitleQuery(MediaKind.MOVIE, "metropolis", 1927), "tt0017136"),
        (TitleQuery(MediaKind.MOVIE, "Matrix, The", 1999), "tt0133093"),
        (TitleQuery(MediaKind.MOVIE, "12 angry men", 1957), "tt0050083"),
        (TitleQuery(MediaKind.MOVIE, "Singin’ in the rain", 1952), "tt0045152"),
        (TitleQuery(MediaKind.UNKNOWN, "Casablanca", None), "tt0034583"),
        (TitleQuery(MediaKind.UNKNOWN, None, None, "imdb:tt0133093"), "tt0133093"),
        (TitleQuery(MediaKind.UNKNOWN, None, None, "imdb:tt0959621"), "tt0959621"),
    ],
    ids=str,
)
async def test_finds_it_on_the_sandbox(tmp_path: Path, query: TitleQuery, imdb_id: str) -> None:
    (result,) = (await look_up_on_sandbox(tmp_path, query)).values()
    assert result.confidence is MatchConfidence.CERTAIN, result
    assert result.scored[0][1].imdb_id == imdb_id


async def test_finds_the_very_title_where_search_ignores_years_and_ranks_nothing(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.csv"
    header = "kind,imdb_id,tmdb_id,tvdb_id,title,year,show_imdb_id,season,episode"
    alike = [f"movie,tt{number:07},{number},,Whiplash {number},2013,,," for number in range(1, 61)]
    rows = [
        header,
        *alike,
        "movie,tt0000098,98,,Whiplash,2013,,,",
        "movie,tt0000099,99,,Whiplash,2015,,,",
        "",
    ]
    catalogue.write_text("\n".join(rows))
    queries = [TitleQuery(MediaKind.MOVIE, "whiplash", year) for year in (2015, 2014, 2011)]
    found = await look_up_on_sandbox(tmp_path, *queries, catalogue=catalogue, loose_search=True)
    assert [(str(each.confidence), each.scored[0][1].imdb_id) for each in found.values()] == [
        ("certain", "tt0000099"),
        ("ambiguous", "tt0000098"),
        ("ambiguous", "tt0000098"),
    ]


async def test_finds_the_very_title_where_only_the_exact_search_does(tmp_path: Path) -> None:
    query = TitleQuery(MediaKind.MOVIE, "Metropolis", 1927)
    (result,) = (await look_up_on_sandbox(tmp_path, query, search_lacks_exact=True)).values()
    assert result.confidence is MatchConfidence.CERTAIN, result
    assert result.scored[0][1].imdb_id == "tt0017136"


async def test_finds_nothing_on_the_sandbox_where_there_is_nothing(tmp_path: Path) -> None:
    query = TitleQuery(MediaKind.MOVIE, "Zyzzyva Qwertz", 1950)
    by_id = TitleQuery(MediaKind.UNKNOWN, None, None, "imdb:tt9999999")
    found = await look_up_on_sandbox(tmp_path, query, by_id)
    assert {result.confidence for result in found.values()} == {MatchConfidence.NOT_FOUND}


async def test_an_app_that_is_not_approved_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(StopRunError, match="app"):
        await look_up_on_sandbox(tmp_path, TitleQuery(MediaKind.MOVIE, "Heat", 1995), approved=False)
