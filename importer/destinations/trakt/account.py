"""The account behind a token: whose it is, how many ratings it holds, when they last changed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from importer.destinations.decisions import Decision, Done, Stop
from importer.destinations.trakt.request import build_request
from importer.destinations.trakt.trouble import REFRESH_TOKEN, interpret_trouble
from importer.errors import ConnectionLostError, StopRunError
from importer.http import Request, Response, parse_object

LONGEST_NAME = 100
"""Characters of an account's name; a longer one is no name and not shown."""

GROUPS = ("movies", "shows", "seasons", "episodes")
"""The groups that have a `rated_at` (API contracts: lastActivitiesResponseSchema)."""

Activities = Mapping[str, str]
"""When ratings of each kind last changed, as the server words it. Equal to an earlier answer: no change."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account behind a token."""

    username: str
    name: str
    is_vip: bool


def build_account(base_url: str, client_id: str) -> Request:
    """Ask for the account's settings (API page "getuserssettings"): cheap, and changes nothing."""
    return build_request("GET", base_url, "/users/settings", client_id, as_user=True)


def read_account(answer: Response | ConnectionLostError) -> Decision[Account]:
    """Read whose the token is."""
    if isinstance(answer, Response):
        if answer.status == 200 and (account := _parse_account(answer.body)):
            return Done(account)
        if answer.status == 401:
            return REFRESH_TOKEN
        if 300 <= answer.status < 500 and answer.status not in {403, 423, 429}:
            error = f"There is no Trakt API at this address (HTTP {answer.status})"
            return Stop(StopRunError(f"{error}: check or unset IMPORTER_TRAKT_BASE_URL."))
    return interpret_trouble(answer)


def build_count(base_url: str, client_id: str) -> Request:
    """Ask for a page of one rating: its headers say how many there are (docs: pagination)."""
    return build_request("GET", base_url, "/sync/ratings/all?page=1&limit=1", client_id, as_user=True)


def read_count(answer: Response | ConnectionLostError) -> Decision[int | None]:
    """Read how many ratings the account holds; None if the headers do not say."""
    if isinstance(answer, Response):
        if answer.status == 200:
            count = answer.headers.get("X-Pagination-Item-Count", "")
            return Done(int(count) if count.isdecimal() and len(count) < 10 else None)
        if answer.status == 401:
            return REFRESH_TOKEN
    return interpret_trouble(answer)


def build_activities(base_url: str, client_id: str) -> Request:
    """Ask when anything last changed: one small answer, whatever the account holds."""
    return build_request("GET", base_url, "/sync/last_activities", client_id, as_user=True)


def read_activities(answer: Response | ConnectionLostError) -> Decision[Activities]:
    """Read the moments of the ratings; none of them where the answer does not have them all."""
    if isinstance(answer, Response):
        if answer.status == 200:
            return Done(_parse_activities(answer.body))
        if answer.status == 401:
            return REFRESH_TOKEN
        if answer.status in {404, 405, 410, 501}:
            return Done({})
    return interpret_trouble(answer)


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


def _parse_activities(body: bytes) -> Activities:
    """Half an answer cannot prove that nothing changed. Who never rated a kind may have null there."""
    groups = parse_object(body)
    found = {name: group for name in GROUPS if isinstance(group := groups.get(name), dict)}
    moments = {name: group["rated_at"] for name, group in found.items() if "rated_at" in group}
    if len(moments) < len(GROUPS) or not all(map(_is_moment, moments.values())):
        return {}
    return {name: moment or "" for name, moment in moments.items()}


def _is_moment(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) < 40)
