"""Ways through the page that need no browser: other inputs, files for a site, the guard, sync jobs."""

import asyncio
import html
import json
import os
import re
import time
from pathlib import Path

import pytest

from importer.errors import UnreachableError
from importer.runs.local_sandbox import READY
from importer.web import live, uploads
from importer.web.commands import Command
from importer.web.drafts import Draft, load_draft, remove_old
from importer.web.render import name_source, without_flags
from tests.web.imports import FILMS, RATINGS, SAMPLE, choose, ended, run, take
from tests.web.page import Answer, Page


async def test_lines_that_are_pasted_are_a_file(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + "\n".join(FILMS))
    shown = await page.get(f"/imports/{draft.id}")
    assert "2 rows" in shown.text
    assert "pasted.csv" in shown.text


@pytest.mark.parametrize(
    ("longest_seconds", "told"),
    [
        pytest.param(600, "Next: where to?", id="once its command has ended"),
        pytest.param(0, "Look again", id="in between, how far it is"),
    ],
)
async def test_a_page_that_looks_again_is_told(
    page: Page, places: Path, monkeypatch: pytest.MonkeyPatch, longest_seconds: float, told: str
) -> None:
    monkeypatch.setattr(live, "LONGEST_SECONDS", longest_seconds)
    place = (await page.paste(RATINGS + FILMS[0])).place
    assert told in (await page.get(place, HX_Trigger="live")).text


async def test_an_import_that_names_its_api_goes_on_as_before(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + FILMS[0])
    path = draft.folder / "draft.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"to": "sandbox", "api": "v2"}), "utf-8")
    assert (await page.get(f"/imports/{draft.id}")).status == 200
    kept = load_draft(places / "web", draft.id).spec
    assert kept is not None
    assert kept.name == "sandbox-v2"


def test_a_file_has_its_whole_name_and_results_that_of_their_file() -> None:
    names = ("r.csv", "r.results.csv", "r.plan.csv", "r.zip")
    assert [name_source(name) for name in names] == ["r.csv", "r", "r", "r.zip"]


async def test_the_help_of_the_options_names_no_command(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + FILMS[0])
    shown = (await page.get(f"/imports/{draft.id}")).text
    assert "importer formats" not in shown
    assert "such as imdb, letterboxd or csv" in shown


async def test_an_address_is_refused_in_the_words_of_the_page(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = await page.paste("http://example.org/ratings.csv")
    assert "Use https, or fetch it yourself and choose the file." in plain.text
    assert "insecure_http" not in plain.text

    def fail(*_: object) -> None:
        raise UnreachableError("no proper answer. Sync again later.")

    monkeypatch.setattr(uploads, "fetch", fail)
    down = await page.paste("https://example.org/ratings.csv")
    assert "no proper answer. Try again later." in down.text


async def test_a_row_without_ids_is_told_of_the_step_that_finds_them(page: Page, places: Path) -> None:
    draft = await take(page, places, "title,year,type,rating\nHeat,1995,movie,8\n")
    await choose(page, draft, "imdb-file")
    result = (await page.get(await run(page, draft))).text
    assert "the step Titles finds them" in result
    assert "importer match" not in result


async def test_a_fraction_is_told_where_the_scale_is_said(page: Page, places: Path) -> None:
    draft = await take(page, places, "imdb_id,rating\ntt0000417,8.5\ntt0000439,9\n")
    shown = (await page.get(f"/imports/{draft.id}")).text
    assert "take the nearest with the scale 1-10 (File, Read it another way)." in shown
    assert "--scale" not in shown


async def test_a_path_is_read_where_it_lies(page: Page, places: Path, tmp_path: Path) -> None:
    path = tmp_path / "my ratings.csv"
    path.write_text(RATINGS + FILMS[0], "utf-8")
    draft = await take(page, places, str(path))
    assert "1 row" in (await page.get(f"/imports/{draft.id}")).text
    await page.post(f"/imports/{draft.id}/remove")
    assert path.exists()
    assert not draft.folder.exists()


@pytest.mark.parametrize(
    "place",
    [
        *("/no/such/file.csv", "http://ratings.example/r.csv", "https://a:b@x.example/", "https://[::1"),
        *("/" + "a" * 5000, "~nobody-of-that-name/x.csv", "/tmp/\0x", "/dev/zero"),
    ],
)
async def test_a_place_that_is_none_is_explained(page: Page, places: Path, place: str) -> None:
    answer = await page.paste(place)
    assert answer.status == 400
    assert list((places / "web").iterdir()) == []


async def test_a_kind_that_the_file_does_not_tell_and_a_note_are_named_plainly(
    page: Page, places: Path
) -> None:
    draft = await take(page, places, str(SAMPLE.with_name("criticker.csv")))
    shown = (await page.get(f"/imports/{draft.id}")).text
    assert "6 movies, 1 show, 1 of unknown kind (an id may tell it)" in shown
    assert "5 rows with a note" in shown


async def test_a_file_for_a_site_is_written_and_downloaded(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + "\n".join([*FILMS, FILMS[0].replace(",9,", ",99,")]))
    await choose(page, draft, "trakt-file")
    plan = (await page.get(f"/imports/{draft.id}/plan")).text
    assert "2 ratings" in plan
    assert "the result shows every row" in plan
    result = await page.get(await run(page, draft))
    found = re.search(rf'href="(/imports/{draft.id}/files/[^"]+)"', result.text)
    assert found is not None, result.text
    assert "1 invalid" in result.text
    assert ">Correct</a>" not in result.text  # nothing here would write the file again
    written = await page.get(found[1])
    assert "attachment" in written.headers["Content-Disposition"]
    assert "tt0000417" in written.text
    assert (await page.get(f"/imports/{draft.id}/files/draft.json")).status == 404
    assert not draft.path.exists() or not draft.path.is_file()  # the upload has done its work


async def test_the_ratings_of_an_account_take_the_place_of_a_file(page: Page, places: Path) -> None:
    await run(page, await planned(page, places))
    assert 'value="sandbox"' in (await page.get("/")).text
    taken = await page.post("/accounts", {"from": "sandbox"})
    draft = load_draft(places / "web", taken.place.split("/")[2])
    assert (await page.get(f"/imports/{draft.id}")).place == taken.place
    assert "nobody has to sign in" in (await page.get(taken.place)).text
    where = await page.post(f"{taken.place}/next")
    assert "Where do they go?" in (await page.get(where.place)).text
    await choose(page, draft, "trakt-file")
    assert "All ratings of your account" in (await page.get(f"/imports/{draft.id}/plan")).text
    result = await page.get(await run(page, draft))
    assert re.search(r"<b>2</b> rated", result.text), result.text


async def test_the_plan_of_an_account_compares_it_with_another(page: Page, places: Path) -> None:
    taken = await page.post("/accounts", {"from": "sandbox"})
    draft = load_draft(places / "web", taken.place.split("/")[2])
    await choose(page, draft, "sandbox")
    assert draft.command("plan").facts["words"][1:3] == ["--from", "sandbox"]
    refused = await page.get(f"/imports/{draft.id}/plan")
    assert "There is no plan yet" in refused.text
    assert (await page.get(f"/imports/{draft.id}/titles")).place.endswith("/where")
    assert (await page.post("/accounts", {"from": "letterboxd-file"})).status == 400


async def planned(page: Page, places: Path) -> Draft:
    draft = await take(page, places, RATINGS + "\n".join(FILMS))
    await choose(page, draft, "sandbox")
    return draft


async def follow(page: Page, link: str, shown: Answer) -> Answer:
    found = re.search(f'<a href="([^"]+)"[^>]*>{link}</a>', shown.text)
    assert found is not None, shown.text
    return await page.get(html.unescape(found[1]))


async def turn_pages(page: Page, place: str) -> None:
    """There and back again, in a table of 51 films that begins with its last line."""
    all_titles = [f"Film {number}" for number in range(51, 0, -1)]
    first = await page.get(f"{place}?sort=-line")
    assert "1 to 50 of 51" in first.text
    assert re.findall('class="title"><bdi>([^<]+)', first.text) == all_titles[:50]
    second = await follow(page, "Next", first)
    assert "51 to 51 of 51" in second.text
    assert re.findall('class="title"><bdi>([^<]+)', second.text) == all_titles[50:]
    assert ">Next<" not in second.text
    assert "1 to 50 of 51" in (await follow(page, "Back", second)).text


async def test_next_shows_the_rows_behind_the_first_page(page: Page, places: Path) -> None:
    rows = [f"tt{number:07},9,2024-01-02,Film {number},Movie,1999" for number in range(1, 52)]
    draft = await take(page, places, RATINGS + "\n".join(rows))
    await choose(page, draft, "sandbox")
    await turn_pages(page, f"/imports/{draft.id}/plan")
    await turn_pages(page, await run(page, draft))


async def test_rows_that_are_taken_out_are_skipped_and_keep_their_line(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + "\n".join(FILMS))
    await choose(page, draft, "sandbox")
    await page.post(f"/imports/{draft.id}/plan/take-out?q=deadpool")
    assert "Send 1 rating" in (await page.get(f"/imports/{draft.id}/plan")).text
    await page.post(f"/imports/{draft.id}/plan/take-out", {"row": "1"})
    await page.post(f"/imports/{draft.id}/plan/take-out", {"row": "1", "back": "yes"})
    place = await run(page, draft)
    results = (await page.get(f"{place}/results.csv")).text
    assert re.findall(r"^\d+,\d+,(\w+)", results, re.MULTILINE) == ["rated", "skipped"]


async def test_much_change_is_a_question_that_is_answered_on_the_page(page: Page, places: Path) -> None:
    header, *lines = (await asyncio.to_thread(SAMPLE.read_text, "utf-8")).splitlines()
    for rating in ("9", "3"):
        changed = [re.sub(r"^(tt[0-9]+),[0-9]+,", rf"\1,{rating},", line) for line in lines]
        draft = await take(page, places, "\n".join([header, *changed]))
        await page.post(f"/imports/{draft.id}/where", {"to": "sandbox"})
        await page.post(f"/imports/{draft.id}/plan/make", {"on_conflict": "overwrite"})
        await ended(draft.command("plan"))
        await page.post(f"/imports/{draft.id}/run")
        await ended(draft.command("run"))
    asked = await page.get(f"/imports/{draft.id}/run")
    assert "A question first" in asked.text
    await page.post(f"/imports/{draft.id}/run/continue", {"yes": "yes"})
    await ended(draft.command("run"))
    assert (await page.get(f"/imports/{draft.id}/run")).place.startswith("/runs/")


async def test_a_run_pauses_and_goes_on(
    page: Page, places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Command(tmp_path, "server")
    server.start("sandbox", "--latency", "700")
    told = tmp_path / "said/server.out"
    while not (found := re.match(rf"{READY}(\S+)\n", told.read_text("utf-8"))):
        assert server.is_running
    settings = {"BASE_URL": found[1], "API_KEY": "sandbox-key", "USERNAME": "demo", "PASSWORD": "demo"}
    for name, value in settings.items():
        monkeypatch.setenv(f"IMPORTER_TRAKT_V1_{name}", value)
    lines = (await asyncio.to_thread(SAMPLE.read_text, "utf-8")).splitlines()
    draft = await take(page, places, "\n".join(lines[:40]))
    await choose(page, draft, "trakt-v1")
    await page.post(f"/imports/{draft.id}/run")
    command = draft.command("run")
    while not command.read().last("run_started"):
        assert command.is_running
    assert "Pause" in (await page.get(f"/imports/{draft.id}/run")).text
    await page.post(f"/imports/{draft.id}/run/stop")
    await ended(command)
    assert "It has stopped" in (await page.get(f"/imports/{draft.id}/run")).text
    await page.post(f"/imports/{draft.id}/run/continue")
    await ended(command)
    result = await page.get((await page.get(f"/imports/{draft.id}/run")).place)
    server.stop()
    await ended(server)
    assert "not sent" not in result.text
    assert "rated" in result.text


async def test_a_sync_job_is_run_at_once_and_its_result_is_shown(
    page: Page, places: Path, tmp_path: Path
) -> None:
    (tmp_path / "shelf.csv").write_text(RATINGS + "\n".join(FILMS), "utf-8")
    (tmp_path / "config.toml").write_text(
        '[jobs.shelf]\nsource = "shelf.csv"\nto = "sandbox"\nevery = "6h"\n', "utf-8"
    )
    shown = (await page.get("/jobs")).text
    assert "never ran" in shown
    assert "not scheduled here; <code>importer sync --daemon</code> would run it at 20" in shown
    assert (await page.post("/jobs/other/run")).status == 404
    await page.post("/jobs/shelf/run")
    await ended(Command(places / "web/jobs/shelf", "sync"))
    shown = (await page.get("/jobs")).text
    assert "2 rated" in shown
    assert "every 6h" in shown


async def test_a_sync_job_is_switched_off_and_on_and_still_run_at_once(
    page: Page, places: Path, tmp_path: Path
) -> None:
    (tmp_path / "shelf.csv").write_text(RATINGS + "\n".join(FILMS), "utf-8")
    settings = tmp_path / "config.toml"
    settings.write_text('[jobs.shelf]\nsource = "shelf.csv"\nto = "sandbox"\n', "utf-8")
    before = settings.read_bytes()
    assert (await page.post("/jobs/shelf/switch")).status == 400
    assert (await page.post("/jobs/other/switch", {"to": "off"})).status == 404
    await page.post("/jobs/shelf/switch", {"to": "off"})
    assert "switched off" in (await page.get("/jobs")).text
    await page.post("/jobs/shelf/run")
    await ended(Command(places / "web/jobs/shelf", "sync"))
    shown = (await page.get("/jobs")).text
    assert "2 rated" in shown
    assert "switched off" in shown
    await page.post("/jobs/shelf/switch", {"to": "on"})
    assert "switched off" not in (await page.get("/jobs")).text
    assert settings.read_bytes() == before


async def test_wrong_settings_are_said_where_the_jobs_are(page: Page, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[jobs.shelf]\nto = 'nowhere'\n", "utf-8")
    assert "nowhere" in (await page.get("/jobs")).text


async def test_what_nobody_touches_for_a_week_is_removed(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + FILMS[0])
    remove_old(places / "web", time.time() + 6 * 86_400)
    assert draft.folder.exists()
    remove_old(places / "web", time.time() + 8 * 86_400)
    assert not draft.folder.exists()


async def test_pages_that_are_not_there_are_said_plainly(page: Page) -> None:
    for path in ("/imports/0123456789abcdef", "/runs/20260101-000000-abcd", "/nothing"):
        answer = await page.get(path)
        assert answer.status == 404
        assert os.fspath(Path.home()) not in answer.text


async def test_destinations_have_their_own_names_and_no_flags(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + FILMS[0])
    shown = (await page.get(f"/imports/{draft.id}/where")).text
    names = re.findall("<h3>([^<]+)", shown)
    assert {"Trakt", "Simkl", "MDBList", "TMDB", "Trakt v1", "File for Letterboxd"} <= {*names}
    text = re.sub("<[^>]+>", "", shown)
    assert "--" not in text
    assert text.count("(") == text.count(")")
    assert "as in trakt" not in text
    await choose(page, draft, "sandbox")
    result = await page.get(await run(page, draft))
    for text in (result.text, (await page.get("/")).text, (await page.get("/runs")).text):
        assert "sandbox-v2" not in text
        assert "Sandbox" in text


def test_a_question_of_a_page_names_no_flag() -> None:
    said = "it would change 90 % of the account. If that is what you want, type the same command with --yes."
    assert without_flags(said) == "it would change 90 % of the account."
    assert without_flags("1 to 10, unrate; love and hate with --love and --hate") == "1 to 10, unrate"
    assert (
        without_flags("IMDb's ratings export, which many sites import (--write-to, imdb-import.csv)")
        == "IMDb's ratings export, which many sites import"
    )
    assert (
        without_flags("a day becomes noon (--date-time) in UTC (--timezone)") == "a day becomes noon in UTC"
    )
