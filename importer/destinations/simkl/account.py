"""The account behind a token: its owner, its requests of a day, and when its ratings last changed. Pure."""

from dataclasses import dataclass, field

from importer.destinations.decisions import Decision, Done
from importer.destinations.sign_in import Account, Activities, DayQuota
from importer.destinations.simkl.request import build_request
from importer.destinations.simkl.trouble import interpret_trouble
from importer.errors import ConnectionLostError
from importer.http import Request, Response, parse_object

DAY_QUOTAS = {"free": 500, "pro": 1_000, "vip": 10_000}
"""Requests of a day, for one person and all apps together, by the account's type (docs: rate limits)."""

GROUPS = ("movies", "tv_shows", "anime")

MOMENTS = ("rated_at", "removed_from_list")
"""Both change ratings: a title that is taken off its list loses its rating."""

_LONGEST_NAME = 100

_BESIDES = 9
"""Whose account it is; twice what changed and three lists, for comparing and for verifying."""


def read_account(answer: Response | ConnectionLostError) -> Decision[Account]:
    """Read the owner of the token."""
    if isinstance(answer, Response) and answer.status == 200 and (account := _parse_account(answer.body)):
        return Done(account)
    return interpret_trouble(answer)


def read_activities(answer: Response | ConnectionLostError) -> Decision[Activities]:
    """Read when ratings of each group last changed; empty unless the answer has all of it."""
    if isinstance(answer, Response):
        if answer.status == 200:
            return Done(_parse_activities(answer.body))
        if answer.status in {404, 405, 410, 501}:
            return Done({})
    return interpret_trouble(answer)


def _parse_account(body: bytes) -> Account | None:
    """Name the account by its id as well: several people may have one name."""
    content = parse_object(body)
    user, account = content.get("user"), content.get("account")
    name = user.get("name") if isinstance(user, dict) else None
    number = account.get("id") if isinstance(account, dict) else None
    kind = account.get("type") if isinstance(account, dict) else None
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
        name = ""
    has_number = type(number) is int and 0 < number < 10**15
    if not name and not has_number:
        return None
    known = DAY_QUOTAS.get(kind) if isinstance(kind, str) else None
    quota = None if known is None else DayQuota(known, f"a {kind} account", "midnight in New York", _BESIDES)
    username = f"{name or 'account'} (id {number})" if has_number else name
    return Account(username, "", kind == "vip", day_quota=quota)


def _parse_activities(body: bytes) -> Activities:
    """A partial answer cannot prove that nothing changed. Null is valid: it never happened."""
    groups = parse_object(body)
    found = {}
    for name in GROUPS:
        group = groups.get(name)
        for moment in MOMENTS:
            value = group.get(moment, 0) if isinstance(group, dict) else 0
            if value is not None and not (isinstance(value, str) and len(value) < 40):
                return {}
            found[f"{name} {moment}"] = value or ""
    return found


@dataclass(frozen=True, slots=True)
class SimklAccount:
    """The questions about the account behind a token, for one host and app."""

    base_url: str
    client_id: str = field(repr=False)

    def build_account(self) -> Request:
        """Ask for the account's settings. By GET: a POST would count as writing."""
        return build_request("GET", self.base_url, "/users/settings", self.client_id, as_user=True)

    def build_count(self) -> None:
        """Simkl does not say how many ratings an account has, and it has no limit of them."""

    def build_activities(self) -> Request:
        """Ask when anything last changed, which Simkl wants to be asked before any list."""
        return build_request("GET", self.base_url, "/sync/activities", self.client_id, as_user=True)

    @staticmethod
    def read_count(answer: Response | ConnectionLostError) -> Decision[int | None]:
        """Never called."""
        del answer
        return Done(None)

    read_account = staticmethod(read_account)
    read_activities = staticmethod(read_activities)
