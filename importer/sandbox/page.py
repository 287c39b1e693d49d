"""The page at `/`: the ratings of each account and the last requests, for people who look what arrived.

No scripts, nothing from elsewhere, and every text is escaped: titles come from anybody's file. Looking at it
is no request of a service, so it is not in the log and no fault meets it.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from aiohttp import web

from importer.sandbox.catalogue import Kind
from importer.sandbox.store import NO_ANSWER, Store
from importer.sandbox.titles import Title

MOST_RATINGS = 500
MOST_REQUESTS = 100

_VALUES = tuple(half / 2 for half in range(1, 21))
"""All ratings that a service of the sandbox may store."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: start; vertical-align: top; padding: .2rem .8rem .2rem 0 }
tr { border-bottom: 1px solid #8886 }
td.number { text-align: end; font-variant-numeric: tabular-nums }
"""


def build_page(store: Store, cap: int) -> str:
    """Build the whole page."""
    accounts = "".join(_build_account(store, username, cap) for username in _list_users(store))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        "<h1>Sandbox</h1><p>A local look-alike of rating services. Nothing here reaches anybody; load the "
        f"page again to see what is new.</p>{accounts or '<p>Nothing has been rated yet.</p>'}"
        f"{_build_requests(store)}</body></html>"
    )


def add_page(app: web.Application, store: Store, cap: int) -> None:
    """Serve the page at `/`."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=build_page(store, cap), content_type="text/html", headers=_HEADERS)

    app.router.add_get("/", answer)


def _list_users(store: Store) -> list[str]:
    found = store.database.execute("SELECT DISTINCT username FROM ratings ORDER BY username")
    return [username for (username,) in found]


def _build_account(store: Store, username: str, cap: int) -> str:
    total = store.count_all_ratings(username)
    rows = [
        (it.title.kind, _name(it.title), f"{it.rating:g}", _show_time(it.rated_at))
        for it in store.newest_ratings(username, tuple(Kind), _VALUES, MOST_RATINGS)
    ]
    more = f" The newest {MOST_RATINGS:,} are shown." if total > MOST_RATINGS else ""
    return (
        f"<h2>Ratings of {escape(username)}</h2><p>{total:,} of {cap:,} that the account may have.{more}</p>"
        f"{_build_table(('type', 'title', 'rating', 'date (UTC)'), rows, numbers={2})}"
    )


def _name(title: Title) -> str:
    if title.show is not None:
        number = f"season {title.season}" + (f", episode {title.episode}" if title.episode else "")
        return f"{_name(title.show)}, {number}"
    return title.title + (f" ({title.year})" if title.year else "")


def _build_requests(store: Store) -> str:
    rows = [
        (
            time.strftime("%H:%M:%S", time.gmtime(it.time)),
            it.method,
            it.path,
            "no answer" if it.status == NO_ANSWER else str(it.status),
            f"{it.rows:,}",
        )
        for it in reversed(store.requests()[-MOST_REQUESTS:])
    ]
    header = ("time (UTC)", "method", "request", "answer", "rows")
    return f"<h2>Last requests</h2>{_build_table(header, rows, numbers={4})}"


def _build_table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: set[int]) -> str:
    def cells(row: Sequence[str]) -> Iterator[str]:
        for place, text in enumerate(row):
            yield f"<td{' class=number' if place in numbers else ''} dir=auto>{escape(str(text))}</td>"

    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(cells(row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _show_time(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))
