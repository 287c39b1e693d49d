"""The charts of a run on the page, and its report as a download."""

from pathlib import Path

from importer.journal.history import list_runs
from tests.report.test_page import unpack
from tests.web.imports import FILMS, RATINGS, choose, ended, take
from tests.web.page import Page

HOSTILE = 'tt0000099,7,2024-01-04,"</script><img src=x onerror=alert(1)>",Movie,2001'


async def test_a_run_has_charts_and_a_report(page: Page, places: Path) -> None:
    draft = await take(page, places, RATINGS + "\n".join([*FILMS, HOSTILE]))
    await choose(page, draft, "trakt-file")
    await page.post(f"/imports/{draft.id}/run")
    await ended(draft.command("run"))
    (run,) = list_runs(places / "journals")
    result = await page.get(f"/runs/{run.run_id}")
    assert f'href="/runs/{run.run_id}/charts"' in result.text

    charts = await page.get(f"/runs/{run.run_id}/charts")
    assert charts.status == 200
    assert 'data-chart="ratings"' in charts.text
    assert "script-src 'self'" in charts.headers["Content-Security-Policy"]
    for script in ("charts.js", "echarts.common.min.js"):
        assert f'src="/static/{script}"' in charts.text
        assert (await page.get(f"/static/{script}")).status == 200

    report = await page.get(f"/runs/{run.run_id}/report.html")
    assert report.headers["Content-Disposition"] == 'attachment; filename="report.html"'
    assert unpack(report.text)["line"] == [2, 3, 4]
    assert "<img" not in report.text.partition("<script>")[0]

    page.cookies.clear()
    for path in ("charts", "report.html"):
        assert (await page.get(f"/runs/{run.run_id}/{path}")).status == 401
