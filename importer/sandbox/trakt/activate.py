"""The HTML of the page on which the user approves or denies an application.

No script, no external asset: it is a plain form that works from a keyboard, in any browser and from a test.
"""

import html
from http import HTTPStatus

from importer.sandbox.exchange import Answer, build_page
from importer.sandbox.trakt.devices import DeviceState

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif; }}
main {{ max-width: 26rem; margin: 12vh auto 0; padding: 0 1.2rem; }}
label, input {{ display: block; }}
input {{ font: 1.6rem ui-monospace, monospace; letter-spacing: .15em; text-transform: uppercase;
  width: 100%; box-sizing: border-box; padding: .4rem .6rem; margin: .3rem 0 1rem; }}
button {{ font: inherit; padding: .5rem 1.4rem; margin-right: .6rem; }}
.problem {{ border-left: .25rem solid; padding-left: .7rem; font-weight: 600; }}
</style>
</head>
<body><main>
<h1>{title}</h1>
{content}
</main></body>
</html>
"""

_FORM = """{problem}<p>An application wants to rate titles as <strong>{username}</strong> in this sandbox.</p>
<form method="post" action="/activate">
<label for="code">Code shown by the application</label>
<input id="code" name="code" value="{code}" required autofocus maxlength="20"
  autocomplete="off" autocapitalize="characters" spellcheck="false">
<button type="submit" name="action" value="approve">Approve</button>
<button type="submit" name="action" value="deny">Deny</button>
</form>"""

# The page shows the typed text, so nothing in it may run, even if the escaping had a hole.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_RESULTS = {
    DeviceState.APPROVED: (
        HTTPStatus.OK,
        "Approved",
        "The application is signed in. You can close this page.",
    ),
    DeviceState.DENIED: (HTTPStatus.OK, "Denied", "The application stays out. You can close this page."),
    DeviceState.USED: (HTTPStatus.CONFLICT, "Already decided", "This code was approved or denied before."),
    DeviceState.EXPIRED: (HTTPStatus.GONE, "Expired", "This code is too old. Let the application ask again."),
}


def build_form_page(code: str, username: str, problem: str = "", *, status: int | None = None) -> Answer:
    """The form. With a problem, it stands above the form, and the status is 400 unless given."""
    said = f'<p class="problem" role="alert">{html.escape(problem)}</p>\n' if problem else ""
    content = _FORM.format(problem=said, username=html.escape(username), code=html.escape(code))
    return _build_page(status or (400 if problem else 200), "Let an application in", content)


def build_result_page(state: DeviceState) -> Answer:
    """The result of the decision."""
    status, title, text = _RESULTS[state]
    return _build_page(status, title, f'<p role="status">{text}</p>')


def _build_page(status: int, title: str, content: str) -> Answer:
    return build_page(status, _PAGE.format(title=title, content=content), _HEADERS)
