"""The page of the fleet: what `importer fleet status` prints, for who may see the page. It has no button."""

from pathlib import Path

from importer.fleet.depot import Claim, NewAccount
from importer.fleet.folder_depot import FolderDepot
from tests.web.page import Page


def _fill(places: Path) -> None:
    with FolderDepot(places / "fleet") as depot:
        depot.add([NewAccount("ada", {"source": "a.csv"}), NewAccount("bob", {"source": "b.csv"})])
        claim = depot.claim("bob", 30)
        assert isinstance(claim, Claim)
        depot.set_aside(claim.lease, "its worker died <3> times")


async def test_the_fleet_is_shown_by_state(page: Page, places: Path) -> None:
    assert "importer fleet add accounts.csv" in (await page.get("/fleet")).text
    assert "/fleet" not in (await page.get("/jobs")).text

    _fill(places)
    shown = (await page.get("/fleet")).text
    assert '<th scope="row">due</th><td>1</td>' in shown
    assert '<th scope="row">set aside</th><td>1</td>' in shown
    assert "its worker died &lt;3&gt; times" in shown
    assert 'href="/fleet"' in (await page.get("/jobs")).text
    assert 'action="/fleet' not in shown


async def test_a_stranger_sees_nothing_of_it(stranger: Page, places: Path) -> None:
    _fill(places)
    answer = await stranger.get("/fleet")
    assert answer.status == 401
    assert "set aside" not in answer.text


async def test_wrong_settings_are_told(page: Page, places: Path) -> None:
    (places.parent / "config.toml").write_text("[fleet]\nthreads = 0\n")
    answer = await page.get("/fleet")
    assert answer.status == 400
    assert "must be a whole number from 1 to 256" in answer.text
