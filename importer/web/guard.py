"""Who may ask the page, and the headers of every answer.

```text
GET  http://127.0.0.1:8765/?key=K          303, a cookie importer-8765 that no other site sends; K is used up
GET  Host: evil.example                    421   a name that was pointed here (DNS rebinding)
GET  without the cookie                    401   another user of this machine, another program
POST Sec-Fetch-Site: cross-site            403   another web site, or another port of this machine
POST without the page's token              403   the same, in browsers that say nothing
```

Cookies know no ports, so the port is in the cookie's name. Elsewhere than on this machine (`--listen`) a
password takes the place of the key.
"""

import errno
from collections.abc import Awaitable, Callable

from aiohttp import web

from importer.errors import ImporterError
from importer.text import clean
from importer.web.access import ACCESS, Access, is_same, token_of
from importer.web.forms import read_form
from importer.web.peer import comes_from_another_user
from importer.web.render import redirect, render_error

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}

UPLOADS = "/imports"
"""Where files come in: of this form alone the token is checked while it is read."""

OPEN_PATHS = frozenset({"/static/style.css", "/static/icon.svg"})
"""What the page of an error needs; it says nothing of the user."""

SIGN_IN = "/password"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
TOKEN_FIELD = "token"  # noqa: S105 - the name of a form's field
SAFE_METHODS = frozenset({"GET", "HEAD"})


def check_token(request: web.Request, given: object) -> None:
    """Check the token that a form brought. Raises HTTPForbidden."""
    expected = token_of(request) or ""
    if not expected or not isinstance(given, str) or not is_same(given, expected):
        raise web.HTTPForbidden(text="This form is not of a page that is open here. Load the page again.")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who may ask, and give every answer its headers."""
    try:
        answer = await _let_in(request, handler)
    except web.HTTPException as error:
        answer = _explain(request, error)
    except ImporterError as error:
        answer = render_error(request, 400, clean(str(error), 2000))
    except ConnectionResetError:  # the browser went away, and nobody reads this
        answer = web.Response(status=400)
    except OSError as error:
        _log(request, error.strerror or type(error).__name__)
        answer = render_error(request, 507 if error.errno in _FULL else 500, _explain_machine(error))
    except Exception as error:  # noqa: BLE001 - a sentence in place of a traceback, which may quote anything
        _log(request, type(error).__name__)
        answer = render_error(
            request, 500, "Something went wrong in this program. What was sent is in its journal."
        )
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    answer.headers["Server"] = "importer"
    return answer


def _log(request: web.Request, problem: str) -> None:
    request.app.logger.error("%s for %s", problem, clean(request.path))


async def _let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    access = request.app[ACCESS]
    if not access.knows_host(request.headers.get("Host", "")):
        raise web.HTTPMisdirectedRequest(
            text="This page is not served under this name. Use the address that `importer web` printed, or "
            "name the host with --allow-host."
        )
    _check_site(request)
    if request.path in OPEN_PATHS and request.method in SAFE_METHODS:
        return await handler(request)
    if request.path == "/" and "key" in request.query:
        if access.password is None and comes_from_another_user(request):
            raise web.HTTPForbidden(text="This page is for the user of this machine who started it.")
        return _enter(request, access.use_key(request.query["key"]))
    if token_of(request) is None:
        if access.password is not None and request.path == SIGN_IN:
            return await handler(request)
        raise web.HTTPUnauthorized(text=_how_to_enter(access))
    is_upload = request.path == UPLOADS and request.content_type == "multipart/form-data"
    if request.method not in SAFE_METHODS and not is_upload:
        form = await read_form(request)
        check_token(request, request.headers.get("X-Token") or form.get(TOKEN_FIELD))
    return await handler(request)


def _check_site(request: web.Request) -> None:
    """Refuse what another site, or another port, asks in the user's browser. Raises HTTPForbidden.

    As Go's CrossOriginProtection does. A link to the page may be on any site: it brings no cookie.
    """
    site = request.headers.get("Sec-Fetch-Site")
    is_link = request.method in SAFE_METHODS and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if site in {"cross-site", "same-site"} and not is_link:
        raise web.HTTPForbidden(text="Another web site asked for this in your browser. Nothing was done.")
    if request.method in SAFE_METHODS or site == "same-origin":
        return
    # Browsers say "null" for a form of a page without a referrer; then its token decides.
    origin, host = request.headers.get("Origin", "null"), request.headers.get("Host", "")
    if origin not in {"null", f"http://{host}", f"https://{host}"}:
        raise web.HTTPForbidden(text="Another web site asked for this in your browser. Nothing was done.")


def _enter(request: web.Request, session: str | None) -> web.StreamResponse:
    if session is None:
        if token_of(request) is None:
            raise web.HTTPForbidden(
                text="The key of this address was used already, or is of an earlier start. `importer web` "
                "prints a new address each time one is used: take the newest."
            )
        return redirect(request, "/")  # the same browser, which came back by its history
    answer = redirect(request, "/")
    set_session(request, answer, session)
    return answer


def set_session(request: web.Request, answer: web.StreamResponse, session: str) -> None:
    """Give the browser its cookie."""
    answer.set_cookie(request.app[ACCESS].cookie, session, httponly=True, samesite="Strict", path="/")


def _how_to_enter(access: Access) -> str:
    if access.password is not None:
        return "This page asks for a password."
    return (
        "This page is for the person who started it. Open the address that `importer web` printed; it has a "
        "key that works once, and the next one is printed when it is used."
    )


def _explain_machine(error: OSError) -> str:
    if error.errno in _FULL:
        return "The disk of this machine is full, so nothing could be kept. Make room, then do this again."
    said = error.strerror or type(error).__name__
    return f"This machine did not let the page do this: {said}. What was sent is in its journal."


def _explain(request: web.Request, error: web.HTTPException) -> web.Response:
    sentences = {
        404: "There is no such page.",
        405: "This page cannot be asked for in this way.",
        413: "This is too large.",
    }
    said = error.text if error.text and not error.text.startswith(f"{error.status}:") else ""
    answer = render_error(request, error.status, said or sentences.get(error.status, error.reason))
    for name in ("Retry-After", "Allow"):
        if name in error.headers:
            answer.headers[name] = error.headers[name]
    return answer
