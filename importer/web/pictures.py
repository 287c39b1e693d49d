"""Posters of titles: they come from another host, so only for whoever has turned them on in this browser."""

from aiohttp import web

from importer.destinations.tmdb.search import POSTERS
from importer.http import host_of
from importer.web.guard import POLICY

HOST = host_of(POSTERS)
_COOKIE = "importer-pictures"
_ON = "on"
_KEPT_SECONDS = 365 * 86_400


def shows_pictures(request: web.Request) -> bool:
    """Whether this browser wants them."""
    return request.cookies.get(_COOKIE) == _ON


def allow_pictures(answer: web.StreamResponse) -> None:
    """Let this page, and no other, load pictures of the one host."""
    policy = POLICY.replace("img-src 'self' data:", f"img-src 'self' data: https://{HOST}")
    answer.headers["Content-Security-Policy"] = policy


def keep_choice(answer: web.StreamResponse, *, on: bool) -> None:
    """Let the browser remember whether it shows them."""
    if on:
        answer.set_cookie(_COOKIE, _ON, max_age=_KEPT_SECONDS, httponly=True, samesite="Strict", path="/")
    else:
        answer.del_cookie(_COOKIE, path="/")
