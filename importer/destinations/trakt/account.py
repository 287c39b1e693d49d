"""Whose sign-in it is (`GET /users/settings`), and what a 403 means. Pure.

When the account's ratings last changed (`GET /sync/last_activities`), so that they need not be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from importer.destinations.decisions import Answer, Retry, Stop
from importer.errors import AuthorizationError, ConnectionLostError, Loss, StopRunError
from importer.http import Request, Response, parse_object, read_retry_after

RETRY_MARGIN_SECONDS = 0.9
"""`Retry-After` is rounded to whole seconds; other clients wait this much longer."""


LONGEST_NAME = 100
"""Characters of an account's name; a longer one is no name and not shown."""


_ANY_TRIES = 1000
"""A 429 is no failed try: only the total time ends it."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account behind a token."""

    username: str
    name: str
    is_vip: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The tokens are of no use any more: forget them."""

    error: AuthorizationError


def build_account(base_url: str, client_id: str, access_token: str) -> Request:
    """Ask for the account's settings (API page "getuserssettings"): cheap, and changes nothing."""
    headers = build_headers(client_id, access_token)
    return Request("GET", f"{base_url}/users/settings", "GET users/settings", headers=headers)


def build_headers(client_id: str, access_token: str) -> dict[str, str]:
    """What every call needs (docs: required headers; the transport adds a User-Agent)."""
    return {
        "Content-Type": "application/json",
        "trakt-api-version": "2",
        "trakt-api-key": client_id,
        "Authorization": f"Bearer {access_token}",
    }


def read_account(answer: Answer) -> Account | Retry | Stop | Refused:
    """Judge the answer to `build_account`; a 401 is `Refused`, for renewing the token may help."""
    if isinstance(answer, Response):
        if answer.status == 200 and (account := _parse_account(answer.body)):
            return account
        if answer.status == 401:
            error = "Trakt does not accept the sign-in (401). Run `importer login trakt`."
            return Refused(AuthorizationError(error))
        if 300 <= answer.status < 500 and answer.status not in {403, 423, 429}:
            error = f"There is no Trakt API at this address (HTTP {answer.status})"
            return Stop(StopRunError(f"{error}: check or unset IMPORTER_TRAKT_BASE_URL."))
    return interpret_trouble(answer, tries=3)


def build_count(base_url: str, client_id: str, access_token: str) -> Request:
    """Ask for a page of one rating: its headers say how many there are (docs: pagination)."""
    headers = build_headers(client_id, access_token)
    return Request("GET", f"{base_url}/sync/ratings/all?page=1&limit=1", "GET sync/ratings", headers=headers)


def read_count(answer: Answer) -> int | Retry | Stop | None:
    """Read how many ratings the account holds; None if the headers do not say."""
    if isinstance(answer, Response) and answer.status == 200:
        count = answer.headers.get("X-Pagination-Item-Count", "")
        return int(count) if count.isdecimal() and len(count) < 10 else None
    return interpret_trouble(answer, tries=3)


def interpret_trouble(answer: Answer, tries: int) -> Retry | Stop:
    """Judge what every request to Trakt may meet, when nothing better is known of the answer."""
    if isinstance(answer, ConnectionLostError):
        if answer.loss is Loss.CERTIFICATE:
            return Stop(StopRunError(f"Trakt's identity cannot be proved: {answer}."))
        return retry_soon(str(answer), tries)
    status = answer.status
    if status == 429:
        return interpret_rate_limit(answer)
    if status >= 500:
        return retry_soon(f"HTTP {status}", tries, read_retry_after(answer.headers) or 0.0)
    if 200 <= status < 300:
        return retry_soon("an answer that is not the API's", tries)
    if status == 403:
        return Stop(AuthorizationError(explain_forbidden(answer)))
    if status == 423:
        return Stop(
            AuthorizationError("Trakt has locked or deactivated this account (423): ask its support.")
        )
    return Stop(StopRunError(f"Trakt answers HTTP {status}, which makes no sense here."))


def retry_soon(reason: str, tries: int, at_least_seconds: float = 0.0) -> Retry:
    """Try again after 2 s or what the server asks for; `tries` in all."""
    last = f"Trakt gives no proper answer ({reason}). Type the same command again later."
    return Retry(max(2.0, at_least_seconds), reason, tries, Stop(StopRunError(last)), unsure=True)


def is_block_page(answer: Response) -> bool:
    """Whether a web page came instead of an answer: then it was not the API that refused."""
    is_html = "html" in answer.headers.get("Content-Type", "").lower()
    return is_html or answer.body[:200].lstrip().startswith(b"<")


def explain_forbidden(answer: Response) -> str:
    """Explain a 403: the web page of the protection layer is not the API's word about the app."""
    way_out = (
        "What remains without the API: `importer run FILE --to trakt-file` writes a file for the importer "
        "on Trakt's own site."
    )
    if is_block_page(answer):
        return (
            "Cloudflare, which stands before Trakt, blocked this request (403 with a web page). Neither your "
            "app nor your sign-in is at fault: it is this network's address. Try again later or from another "
            f"network. {way_out}"
        )
    return (
        "Trakt refuses the app (403): the client id is wrong, or the app is not approved. Compare "
        "IMPORTER_TRAKT_CLIENT_ID with your app's page on Trakt. Only VIP members can create an app now. "
        f"{way_out}"
    )


def interpret_rate_limit(answer: Response) -> Retry:
    """Judge a 429: wait as long as it says and a touch more, or longer and longer where it says nothing."""
    named = read_retry_after(answer.headers)
    seconds = 30.0 if named is None else named + RETRY_MARGIN_SECONDS
    reason = "Trakt asks to slow down (429)"
    stop = Stop(StopRunError(f"{reason} and goes on asking. Type the same command again later."))
    return Retry(seconds, reason, _ANY_TRIES, stop, grows=named is None, pause_all=True, is_attempt=False)


def _parse_account(body: bytes) -> Account | None:
    user = parse_object(body).get("user")
    if not isinstance(user, dict):
        return None
    username, name = (
        value if isinstance(value, str) and value.isprintable() and len(value) <= LONGEST_NAME else ""
        for value in (user.get("username"), user.get("name"))
    )
    is_vip = any(user.get(key) is True for key in ("vip", "vip_ep"))
    return Account(username, name, is_vip) if username or name else None


GROUPS = ("movies", "shows", "seasons", "episodes")
"""The groups that have a `rated_at` (API contracts: lastActivitiesResponseSchema)."""


Activities = Mapping[str, str]
"""When ratings of each kind last changed, as the server words it. Equal to an earlier answer: no change."""


def build_activities(base_url: str, client_id: str, access_token: str) -> Request:
    """Ask when anything last changed: one small answer, whatever the account holds."""
    headers = build_headers(client_id, access_token)
    return Request("GET", f"{base_url}/sync/last_activities", "GET sync/last_activities", headers=headers)


def read_activities(answer: Answer) -> Activities | Retry | Stop | Refused:
    """Read the moments of the ratings; none of them where the answer does not have them all.

    A 401 is `Refused`, for renewing the token may help.
    """
    if isinstance(answer, Response):
        if answer.status == 200:
            return _parse(answer.body)
        if answer.status == 401:
            return Refused(AuthorizationError(f"Trakt does not accept the sign-in (401). {SIGN_IN_AGAIN}"))
        if answer.status in {404, 405, 410, 501}:
            return {}
    return interpret_trouble(answer, tries=3)


def _parse(body: bytes) -> Activities:
    """Half an answer cannot prove that nothing changed. Who never rated a kind may have null there."""
    groups = parse_object(body)
    found = {name: group for name in GROUPS if isinstance(group := groups.get(name), dict)}
    moments = {name: group["rated_at"] for name, group in found.items() if "rated_at" in group}
    if len(moments) < len(GROUPS) or not all(map(_is_moment, moments.values())):
        return {}
    return {name: moment or "" for name, moment in moments.items()}


def _is_moment(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) < 40)


SIGN_IN_AGAIN = "Run `importer login trakt`."
