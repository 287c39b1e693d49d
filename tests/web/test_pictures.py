"""Posters come from another host, so nothing of them is in a page before somebody turns them on."""

from pathlib import Path

from importer.destinations.titles import Candidate
from importer.matching.match_file import read_match_file, write_match_file
from importer.matching.model import MatchConfidence, MatchLine, TitleQuery
from importer.model import MediaKind
from importer.web.drafts import Draft
from tests.web.imports import choose, take
from tests.web.page import Page

POSTER = "https://image.tmdb.org/t/p/w154/1E5baAaEse26fej7uHcjOgEE2t2.jpg"
QUERY = TitleQuery(MediaKind.MOVIE, "Alien", 1979)


async def make_cards(page: Page, places: Path, *posters: str) -> Draft:
    """Make an import with one doubtful title, and a candidate with each poster."""
    draft = await take(page, places, "Name,Year,Rating\nAlien,1979,4\n")
    await choose(page, draft, "sandbox")
    candidates = (Candidate(MediaKind.MOVIE, "Alien", 1979, tmdb_id=348, poster=each) for each in posters)
    lines = [MatchLine(False, MatchConfidence.AMBIGUOUS, 1, QUERY, 1, 2, each, "") for each in candidates]
    write_match_file(draft.match_file, lines)
    assert read_match_file(draft.match_file, "x")[0].candidate == lines[0].candidate
    return draft


async def test_posters_are_off_until_they_are_turned_on(page: Page, places: Path) -> None:
    draft = await make_cards(page, places, POSTER)
    before = await page.get(f"/imports/{draft.id}/titles")
    assert "Show posters" in before.text
    assert POSTER not in before.text
    assert "tmdb.org" not in before.headers["Content-Security-Policy"]

    answer = await page.post(f"/imports/{draft.id}/titles/pictures", {"to": "on"})
    assert answer.place == f"/imports/{draft.id}/titles"
    shown = await page.get(answer.place)
    assert f'src="{POSTER}"' in shown.text
    assert "img-src 'self' data: https://image.tmdb.org;" in shown.headers["Content-Security-Policy"]
    other = await page.get(f"/imports/{draft.id}")
    assert "tmdb.org" not in other.headers["Content-Security-Policy"]

    await page.post(f"/imports/{draft.id}/titles/pictures", {"to": "off"})
    after = await page.get(f"/imports/{draft.id}/titles")
    assert POSTER not in after.text
    assert "tmdb.org" not in after.headers["Content-Security-Policy"]


async def test_a_picture_of_any_other_host_is_never_shown(page: Page, places: Path) -> None:
    draft = await make_cards(page, places, "https://evil.example/x.jpg", "javascript:alert(1)")
    await page.post(f"/imports/{draft.id}/titles/pictures", {"to": "on"})
    shown = (await page.get(f"/imports/{draft.id}/titles")).text
    assert 'class="poster"' not in shown
    assert "evil.example" not in shown


async def test_without_posters_there_is_nothing_to_switch(page: Page, places: Path) -> None:
    draft = await make_cards(page, places, "")
    assert "Show posters" not in (await page.get(f"/imports/{draft.id}/titles")).text
