"""One file to several destinations: a plan, a run and a result for each of them."""

import re
from collections.abc import Sequence
from pathlib import Path

from importer.web.drafts import Draft, list_drafts, load_draft
from tests.web.imports import FILMS, RATINGS, ended, run, take
from tests.web.page import Answer, Page


async def choose_all(page: Page, draft: Draft, *labels: str) -> Answer:
    form = [("token", page.token), *(("to", label) for label in labels)]
    return await page.ask("POST", f"/imports/{draft.id}/where", data=form)


async def wait_for(name: str, places: Path) -> Sequence[Draft]:
    """Wait for this command of all imports; return them, the oldest first."""
    found = sorted(list_drafts(places / "web"), key=lambda each: each.made_at)
    for draft in found:
        await ended(draft.command(name))
    return found


async def test_a_file_goes_to_several_destinations_each_with_a_result(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + "\n".join(FILMS))
    assert "To several of them" in (await page.get(f"/imports/{draft.id}/where")).text
    answer = await choose_all(page, draft, "sandbox", "trakt-file", "csv-file")
    assert answer.place == f"/imports/{draft.id}/plan"
    drafts = await wait_for("plan", places)
    assert [each.to for each in drafts] == ["sandbox", "trakt-file", "csv-file"]
    shown = (await page.get(answer.place)).text
    assert shown.count(": planned</a>") == 3
    assert "Send to all 3" in shown
    await page.post(f"/imports/{draft.id}/run", {"all": "yes"})
    drafts = await wait_for("run", places)
    for each in drafts:
        result = await page.get((await page.get(f"/imports/{each.id}/run")).place)
        assert "<b>2</b> rated" in result.text
        assert result.text.count(": ended</a>") == 3
    runs = {load_draft(places / "web", each.id).run_id for each in drafts}
    assert len(runs) == 3


async def test_one_plan_is_sent_alone_and_the_others_wait(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + FILMS[0])
    await choose_all(page, draft, "trakt-file", "sandbox")
    first, second = await wait_for("plan", places)
    result = await page.get(await run(page, second))
    assert "Sandbox: ended" in result.text
    assert "planned</a>" in result.text
    assert not first.command("run").was_started
    assert first.path.exists()


async def test_corrected_rows_that_were_sent_are_of_the_same_file_and_its_destinations(
    page: Page, places: Path
) -> None:
    draft = await take(page, places, RATINGS + "\n".join([FILMS[0], FILMS[1].replace(",8,", ",80,")]))
    await choose_all(page, draft, "trakt-file", "sandbox")
    _, sandbox = await wait_for("plan", places)
    place = await run(page, sandbox)
    before = (await page.get(place)).text
    assert "the button above then sends them" in before
    assert "in the results file" not in before
    await page.post(f"{place}/correct", {"row": "2", "rating": "8"})
    await page.post(f"{place}/retry")
    desk = load_draft(places / "web", f"run-{place.rpartition('/')[2]}")
    await ended(desk.command("run"))
    after = (await page.get((await page.get(f"/imports/{desk.id}/run")).place)).text
    assert "All done" in after
    titles = [re.findall(r'<p class="lead"><bdi>([^<]*)</bdi> to Sandbox', text) for text in (before, after)]
    assert titles[0] == titles[1] != []
    assert "File for Trakt: planned</a>" in after
    assert "Sandbox: ended</a>" in after


async def test_destinations_are_chosen_anew_and_what_was_sent_stays(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + FILMS[0])
    await choose_all(page, draft, "csv-file", "sandbox", "trakt-file")
    _, sandbox, trakt = await wait_for("plan", places)
    await run(page, sandbox)
    await choose_all(page, draft, "csv-file", "imdb-file")
    await wait_for("plan", places)
    left = {each.to: each for each in list_drafts(places / "web")}
    assert left.keys() == {"csv-file", "imdb-file", "sandbox"}
    assert left["sandbox"].group == ""
    assert left["imdb-file"].group == left["csv-file"].group != ""
    assert not trakt.folder.exists()
    await choose_all(page, draft, "csv-file")
    assert {each.to for each in list_drafts(places / "web")} == {"csv-file", "sandbox"}


async def test_titles_that_were_chosen_once_count_for_all(page: Page, places: Path) -> None:
    draft = await take(page, places, "Name,Year,Rating\nAnora,2024,4\n")
    await choose_all(page, draft, "sandbox", "trakt-file")
    await page.post(f"/imports/{draft.id}/titles/look-up")
    await ended(draft.command("match"))
    await page.post(f"/imports/{draft.id}/titles/next")
    for each in await wait_for("plan", places):
        assert "--resolved" in each.command("plan").facts["words"]


async def test_what_is_no_choice_is_told(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + FILMS[0])
    assert "at least one" in (await choose_all(page, draft)).text
    assert "is no destination here" in (await choose_all(page, draft, "sandbox", "netflix")).text
    assert "twice" in (await choose_all(page, draft, "sandbox", "sandbox")).text
    assert load_draft(places / "web", draft.id).to == ""
