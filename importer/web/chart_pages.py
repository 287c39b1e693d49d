"""The charts of a run, as its report has them, and the report as a file."""

import asyncio

from aiohttp import web

from importer.journal.history import PastRun, read_results
from importer.journal.traffic_rows import read_traffic
from importer.report.charts import Chart, charts_as_json
from importer.report.figures import Figures
from importer.report.page import build_page
from importer.report.run_page import build_run_charts, build_run_page
from importer.web.past_pages import find_past
from importer.web.render import render


async def show_charts(request: web.Request) -> web.StreamResponse:
    """Show the charts."""
    run = await find_past(request)
    charts = await asyncio.to_thread(_build_charts, run)
    return render(request, "charts.html", run=run, charts=charts, charts_data=charts_as_json(charts))


def _build_charts(run: PastRun) -> list[Chart]:
    figures = Figures()
    for cells in read_results(run):
        figures.count(cells)
    return build_run_charts(run, figures, read_traffic(run))


async def download_report(request: web.Request) -> web.StreamResponse:
    """Give the report: its scripts run where it is saved, and never on this page."""
    run = await find_past(request)
    text = await asyncio.to_thread(lambda: build_page(build_run_page(run)))
    headers = {"Content-Disposition": 'attachment; filename="report.html"'}
    return web.Response(text=text, content_type="text/html", headers=headers)
