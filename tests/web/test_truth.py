"""What the page says is so: nothing is done only in words, no row changes its fate, no click is lost."""

import asyncio
import csv
import io
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from importer.web.drafts import Draft, load_draft
from importer.web.run_pages import note_ends
from tests.web.imports import FILMS, RATINGS, SAMPLE, choose, ended, run, take
from tests.web.page import Page
from tests.web.test_pictures import make_cards

BROKEN = "tt12x45,9,2024-01-02,Deadpool again,Movie,2016"


def load(draft: Draft) -> Draft:
    """What is kept of it now."""
    return load_draft(draft.folder.parent, draft.id)


async def read_rows(page: Page, place: str) -> list[Mapping[str, str]]:
    return list(csv.DictReader(io.StringIO((await page.get(f"{place}/results.csv")).text)))


async def test_a_run_that_was_killed_is_not_told_as_ended_and_goes_on(page: Page, places: Path) -> None:
    lines = (await asyncio.to_thread(SAMPLE.read_text, "utf-8")).splitlines()
    draft = await take(page, places, "\n".join(lines[:60]))
    await choose(page, draft, "sandbox")
    await page.post(f"/imports/{draft.id}/run")
    command = draft.command("run")
    while not command.read().last("run_started"):
        assert command.is_running
    os.kill(command.facts["pid"], signal.SIGKILL)
    await ended(command)
    shown = await page.get(f"/imports/{draft.id}/run")
    assert "ended without a word" in shown.text
    assert draft.path.exists()  # nothing of it was sent for certain
    await page.post(f"/imports/{draft.id}/run/continue")
    await ended(command)
    assert (await page.get(f"/imports/{draft.id}/run")).place.startswith("/runs/")
    assert not draft.path.exists()


async def test_an_upload_is_removed_even_if_nobody_looks_at_the_result(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + "\n".join(FILMS))
    await choose(page, draft, "sandbox")
    await page.post(f"/imports/{draft.id}/run")
    note_ends(places / "web")
    assert draft.path.exists()
    await ended(draft.command("run"))
    assert (await page.get("/")).status == 200
    assert not draft.path.exists()


async def test_a_row_that_cannot_go_keeps_its_reason_when_its_filter_is_taken_out(
    page: Page, places: Path
) -> None:
    draft = await take(page, places, RATINGS + "\n".join([*FILMS, BROKEN]))
    await choose(page, draft, "sandbox")
    shown = await page.get(f"/imports/{draft.id}/plan?q=deadpool")
    assert "Take out all 1 that" in shown.text
    await page.post(f"/imports/{draft.id}/plan/take-out?q=deadpool")
    assert load(draft).left_out == [2]
    rows = await read_rows(page, await run(page, draft))
    assert [row["status"] for row in rows] == ["rated", "skipped", "invalid"]


@pytest.mark.parametrize("row", ["one", ""])
async def test_a_row_of_no_number_takes_nothing_out(page: Page, places: Path, row: str) -> None:
    draft = await take(page, places, RATINGS + "\n".join(FILMS))
    await choose(page, draft, "sandbox")
    answer = await page.post(f"/imports/{draft.id}/plan/take-out", {"row": row})
    assert answer.status == 409
    assert load(draft).left_out == []


async def test_two_tabs_that_take_rows_out_at_once_lose_none(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + "\n".join(FILMS))
    await choose(page, draft, "sandbox")
    path = f"/imports/{draft.id}/plan/take-out"
    await asyncio.gather(*(page.post(path, {"row": row}) for row in "12"))
    assert load(draft).left_out == [1, 2]


async def test_another_place_is_not_given_the_plan_of_the_first(page: Page, places: Path) -> None:
    lines = (await asyncio.to_thread(SAMPLE.read_text, "utf-8")).splitlines()
    draft = await take(page, places, "\n".join(lines))
    await page.post(f"/imports/{draft.id}/where", {"to": "sandbox"})
    assert draft.command("plan").is_running
    answer = await page.post(f"/imports/{draft.id}/where", {"to": "trakt-file"})
    assert answer.status == 303
    await ended(draft.command("plan"))
    assert load(draft).to == "trakt-file"
    assert not load(draft).plan.exists()
    assert "would be written into a file" in (await page.get(f"/imports/{draft.id}/plan")).text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/plan/take-out", {"row": "1"}),
        ("/plan/make", {"on_conflict": "keep"}),
        ("/where", {"to": "trakt-file"}),
        ("/reading", {"scale": "5"}),
    ],
)
async def test_nothing_changes_under_a_run(
    page: Page, places: Path, path: str, form: Mapping[str, str]
) -> None:
    draft = await take(page, places, RATINGS + "\n".join(FILMS))
    await choose(page, draft, "sandbox")
    await page.post(f"/imports/{draft.id}/run")
    assert draft.command("run").is_running
    before = load(draft)
    answer = await page.post(f"/imports/{draft.id}{path}", form)
    assert (answer.status, load(draft)) == (409, before)
    assert "Nothing was changed" in answer.text
    await ended(draft.command("run"))


async def test_what_is_taken_out_in_a_pause_is_not_sent_when_it_goes_on(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + "\n".join(FILMS))
    await choose(page, draft, "sandbox")
    command = draft.command("run")
    await page.post(f"/imports/{draft.id}/run")
    os.kill(command.facts["pid"], signal.SIGKILL)  # before it sends anything
    await ended(command)
    await page.post(f"/imports/{draft.id}/plan/take-out", {"row": "2"})
    await page.post(f"/imports/{draft.id}/run/continue")
    await ended(command)
    rows = await read_rows(page, (await page.get(f"/imports/{draft.id}/run")).place)
    assert [row["status"] for row in rows] == ["rated", "skipped"]


async def test_a_correction_changes_only_what_was_typed(page: Page, places: Path) -> None:
    title = "Deadpool \u202egniht " + "long " * 200 + "end"
    draft = await take(page, places, RATINGS + "\n".join([*FILMS, BROKEN.replace("Deadpool again", title)]))
    await choose(page, draft, "sandbox")
    place = await run(page, draft)
    shown = (await page.get(f"{place}?edit=3")).text
    form = dict(re.findall(r'<input name="(\w+)" value="([^"]*)"', shown))
    before = (await read_rows(page, place))[2]["title"]
    assert form["title"] != before
    await page.post(f"{place}/correct", {**form, "row": "3", "imdb_id": "tt1431045"})
    desk = load_draft(places / "web", f"run-{place.rpartition('/')[2]}")
    text = await asyncio.to_thread(desk.results.read_text, "utf-8")
    corrected = list(csv.DictReader(io.StringIO(text)))[2]
    assert (corrected["title"], corrected["imdb_id"]) == (before, "tt1431045")


async def test_corrections_stay_marked_until_they_were_sent(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + "\n".join([FILMS[0], BROKEN]))
    await choose(page, draft, "sandbox")
    place = await run(page, draft)
    await page.post(f"{place}/correct", {"row": "2", "imdb_id": "tt6263850"})
    desk = load_draft(places / "web", f"run-{place.rpartition('/')[2]}")
    for is_killed in (True, False):
        assert "Send 1 corrected row" in (await page.get(place)).text
        await page.post(f"{place}/retry")
        if is_killed:
            os.kill(desk.command("run").facts["pid"], signal.SIGKILL)
        await ended(desk.command("run"))
        after = (await page.get(f"/imports/{desk.id}/run")).place
    rows = await read_rows(page, after)
    assert {row["status"] for row in rows if row["imdb_id"] == "tt6263850"} == {"rated"}
    old = (await page.get(place)).text
    assert "Send 1 corrected row" not in old
    assert "tt6263850" not in old  # the row of that run is as the run left it


async def test_a_cell_of_a_mebibyte_is_a_row_like_others(page: Page, places: Path) -> None:
    long = FILMS[1].replace("Deadpool", "Deadpool" * 131_000)
    draft = await take(page, places, RATINGS + FILMS[0])
    await asyncio.to_thread(draft.path.write_text, RATINGS + "\n".join([FILMS[0], long]), "utf-8")
    await page.post(f"/imports/{draft.id}/reading", {})
    await ended(draft.command("inspect"))
    await choose(page, draft, "sandbox")
    shown = await page.get(f"/imports/{draft.id}/plan")
    assert "1 to 2 of 2" in shown.text
    assert len(shown.text) < 50_000
    await page.post(f"/imports/{draft.id}/plan/take-out", {"row": "1"})
    rows = await read_rows(page, await run(page, draft))
    assert [row["imdb_id"] for row in rows] == ["tt0000417", "tt6263850"]
    assert rows[0]["status"] == "skipped"


async def take_closed_rows(page: Page, places: Path) -> tuple[str, Draft]:
    """Send a row without an id, one without a rating and one with both; return the result, and its desk."""
    lines = "imdb_id,title,year,rating\n,Heat,1995,8\ntt0078748,Alien,1979,0\ntt0000417,A Trip,1902,9"
    draft = await take(page, places, lines)
    await choose(page, draft, "sandbox")
    await page.post(f"/imports/{draft.id}/titles/next")
    await ended(draft.command("plan"))
    place = await run(page, draft)
    assert [row["status"] for row in await read_rows(page, place)] == ["unsupported", "skipped", "rated"]
    return place, load_draft(places / "web", f"run-{place.rpartition('/')[2]}")


async def test_every_row_that_was_corrected_is_sent(page: Page, places: Path) -> None:
    place, desk = await take_closed_rows(page, places)
    assert "disabled" in (await page.get(place)).text
    await page.post(f"{place}/correct", {"row": "1", "imdb_id": "tt0113277"})
    await page.post(f"{place}/correct", {"row": "2", "rating": "7"})
    await page.post(f"{place}/correct", {"row": "2", "rating": "7"})
    assert "Send 2 corrected rows" in (await page.get(place)).text
    await page.post(f"{place}/retry")
    await ended(desk.command("run"))
    place = (await page.get(f"/imports/{desk.id}/run")).place
    rows = await read_rows(page, place)
    assert [(row["status"], row["attempts"]) for row in rows] == [("rated", "1")] * 3
    assert "<b>2</b> rated" in (told := (await page.get(place)).text)
    assert "<b>1</b> taken over" in told
    assert "1 taken over</span>" in (await page.get("/runs")).text
    assert len({row["sent_at"] for row in rows}) == 2  # the third was not sent once more


@pytest.mark.parametrize(
    ("row", "name", "text", "why"),
    [
        ("1", "imdb_id", "garbage", "is not the IMDb id of a title"),
        ("2", "rating", "ten", "is not a rating"),
    ],
)
async def test_a_correction_that_makes_no_sense_is_not_kept(
    page: Page, places: Path, row: str, name: str, text: str, why: str
) -> None:
    place, _ = await take_closed_rows(page, places)
    answer = await page.post(f"{place}/correct", {"row": row, name: text})
    assert answer.status == 400
    assert why in answer.text
    assert f'<input name="{name}" value="{text}"' in answer.text  # to be corrected further
    assert "corrected row" not in (await page.get(place)).text


async def test_an_id_that_is_none_leaves_the_titles_as_they_are(page: Page, places: Path) -> None:
    draft = await make_cards(page, places, "")
    before = await asyncio.to_thread(draft.match_file.read_bytes)
    answer = await page.post(f"/imports/{draft.id}/titles/choose", {"card": "0", "imdb_id": "nonsense"})
    assert answer.status == 400
    assert "&#34;nonsense&#34; is not the IMDb id of a title" in answer.text
    assert 'id="card-0"' in answer.text  # to be chosen from, and not a page of its own
    assert await asyncio.to_thread(draft.match_file.read_bytes) == before
