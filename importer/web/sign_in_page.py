"""The password of a page that listens elsewhere than on this machine, and leaving it."""

from aiohttp import web

from importer.web.access import ACCESS, session_of
from importer.web.forms import read_form
from importer.web.guard import set_session
from importer.web.render import redirect, render


async def show_password(request: web.Request) -> web.StreamResponse:
    """Ask for the password."""
    if request.app[ACCESS].password is None:
        raise web.HTTPNotFound
    return render(request, "password.html", problem="")


async def take_password(request: web.Request) -> web.StreamResponse:
    """Let in who knows the password."""
    access = request.app[ACCESS]
    if access.password is None:
        raise web.HTTPNotFound
    session = access.use_password(str((await read_form(request)).get("password", "")), request.remote or "")
    if session is None:
        return render(request, "password.html", status=401, problem="This is not the password.")
    answer = redirect(request, "/")
    set_session(request, answer, session)
    return answer


async def leave(request: web.Request) -> web.StreamResponse:
    """Close the session of this browser."""
    access = request.app[ACCESS]
    access.close_session(session_of(request))
    answer = render(request, "left.html")
    answer.del_cookie(access.cookie)
    return answer
