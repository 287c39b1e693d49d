"""The account behind a token: its owner, the number of its ratings, and when they last changed. Pure."""

from dataclasses import dataclass, field

from importer import limits
from importer.destinations.decisions import Decision, Done, Stop
from importer.destinations.sign_in import Account, Activities
from importer.destinations.trakt.request import build_request
from importer.destinations.trakt.trouble import REFRESH_TOKEN, interpret_trouble
from importer.errors import ConnectionLostError, StopRunError
from importer.http import Request, Response, parse_object

FREE_CAP = 10_000

VIP_CAP = 20_000
"""What was announced for 2026 (forum thread 101592), if the account's own limit is not in the answer."""

LONGEST_NAME = 100
"""Characters of an account's name; a longer one is no name and not shown."""

GROUPS = ("movies", "shows", "seasons", "episodes")
"""The groups that have a `rated_at` (API contracts: lastActivitiesResponseSchema)."""


def read_account(answer: Response | ConnectionLostError) -> Decision[Account]:
    """Read the owner of the token."""
    if isinstance(answer, Response):
        if answer.status == 200 and (account := _parse_account(answer.body)):
            return Done(account)
        if answer.status == 401:
            return REFRESH_TOKEN
        if 300 <= answer.status < 500 and answer.status not in {403, 423, 429}:
            error = f"There is no Trakt API at this address (HTTP {answer.status})"
            return Stop(StopRunError(f"{error}: check or unset IMPORTER_TRAKT_BASE_URL."))
    return interpret_trouble(answer)


def read_count(answer: Response | ConnectionLostError) -> Decision[int | None]:
    """Read the number of the account's ratings; None if the headers do not have it."""
    if isinstance(answer, Response):
        if answer.status == 200:
            count = answer.headers.get("X-Pagination-Item-Count", "")
            return Done(int(count) if count.isdecimal() and len(count) < 10 else None)
        if answer.status == 401:
            return REFRESH_TOKEN
    return interpret_trouble(answer)


def read_activities(answer: Response | ConnectionLostError) -> Decision[Activities]:
    """Read when the ratings of each kind last changed; empty unless the answer has all kinds."""
    if isinstance(answer, Response):
        if answer.status == 200:
            return Done(_parse_activities(answer.body))
        if answer.status == 401:
            return REFRESH_TOKEN
        if answer.status in {404, 405, 410, 501}:
            return Done({})
    return interpret_trouble(answer)


def _parse_account(body: bytes) -> Account | None:
    content = parse_object(body)
    user = content.get("user")
    if not isinstance(user, dict):
        return None
    username, name = (
        value if isinstance(value, str) and value.isprintable() and len(value) <= LONGEST_NAME else ""
        for value in (user.get("username"), user.get("name"))
    )
    is_vip = any(user.get(key) is True for key in ("vip", "vip_ep"))
    if not username and not name:
        return None
    cap = _parse_cap(content.get("limits"))
    usual_cap = VIP_CAP if is_vip else FREE_CAP
    return Account(username, name, is_vip, usual_cap if cap is None else cap, is_cap_stated=cap is not None)


def _parse_cap(limits: object) -> int | None:
    """Read how many ratings the account may hold, in the form of its other limits (docs: account limits)."""
    ratings = limits.get("ratings") if isinstance(limits, dict) else None
    cap = ratings.get("item_count") if isinstance(ratings, dict) else None
    return cap if type(cap) is int and 0 <= cap < 10**9 else None


def _parse_activities(body: bytes) -> Activities:
    """A partial answer cannot prove that nothing changed. Null is valid: the user never rated that kind."""
    groups = parse_object(body)
    found = {name: group for name in GROUPS if isinstance(group := groups.get(name), dict)}
    moments = {name: group["rated_at"] for name, group in found.items() if "rated_at" in group}
    if len(moments) < len(GROUPS) or not all(map(_is_moment, moments.values())):
        return {}
    return {name: moment or "" for name, moment in moments.items()}


def _is_moment(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) < 40)


@dataclass(frozen=True, slots=True)
class TraktAccount:
    """The questions about the account behind a token, for one host and app."""

    base_url: str
    client_id: str = field(repr=False)

    def build_account(self) -> Request:
        """Ask for the account's settings (API page "getuserssettings"): cheap, and changes nothing."""
        return build_request("GET", self.base_url, "/users/settings", self.client_id, as_user=True)

    def build_count(self) -> Request:
        """Ask for a page with one rating: its headers have the total (docs: pagination)."""
        path = "/sync/ratings/all?page=1&limit=1"
        request = build_request("GET", self.base_url, path, self.client_id, as_user=True)
        return request._replace(answer_limit=limits.LIST_ANSWER)

    def build_activities(self) -> Request:
        """Ask when anything last changed: one small answer for any account."""
        return build_request("GET", self.base_url, "/sync/last_activities", self.client_id, as_user=True)

    read_account = staticmethod(read_account)
    read_count = staticmethod(read_count)
    read_activities = staticmethod(read_activities)
