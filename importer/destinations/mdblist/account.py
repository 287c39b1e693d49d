"""The account behind a key: its owner, the number of its ratings, and when they last changed. Pure."""

from dataclasses import dataclass, field

from importer import limits
from importer.destinations.decisions import Decision, Done, Stop
from importer.destinations.mdblist.ratings import read_total
from importer.destinations.mdblist.request import build_request
from importer.destinations.mdblist.trouble import interpret_trouble
from importer.destinations.sign_in import Account, Activities
from importer.errors import ConnectionLostError, StopRunError
from importer.http import Request, Response, parse_object

_LONGEST_NAME = 100
_MOMENTS = ("rated_at", "journal_at")
"""When a rating was given, and when anything changed: it is not known that a removal moves the first."""


@dataclass(frozen=True, slots=True)
class MdblistAccount:
    """The questions about the account behind a key."""

    base_url: str
    api_key: str = field(repr=False)

    def build_account(self) -> Request:
        """`GET /user`: cheap, and changes nothing."""
        return build_request("GET", self.base_url, "/user", self.api_key)

    def read_account(self, answer: Response | ConnectionLostError) -> Decision[Account]:
        """Read the owner of the key."""
        if isinstance(answer, Response):
            if answer.status == 200 and (account := _parse_account(answer.body)):
                return Done(account)
            if 300 <= answer.status < 500 and answer.status not in {401, 403, 408, 429}:
                error = f"There is no MDBList at this address (HTTP {answer.status})"
                return Stop(StopRunError(f"{error}: check or unset IMPORTER_MDBLIST_BASE_URL."))
        return interpret_trouble(answer, (self.api_key,))

    def build_count(self) -> Request:
        """Ask for a page with one rating: it has the total."""
        request = build_request("GET", self.base_url, "/sync/ratings", self.api_key, query="limit=1")
        return request._replace(answer_limit=limits.LIST_ANSWER)

    def read_count(self, answer: Response | ConnectionLostError) -> Decision[int | None]:
        """Read the number; None if the answer does not have it."""
        if isinstance(answer, Response) and answer.status == 200:
            return Done(read_total(answer))
        return interpret_trouble(answer, (self.api_key,))

    def build_activities(self) -> Request:
        """Ask when anything last changed: one small answer for any account."""
        return build_request("GET", self.base_url, "/sync/last_activities", self.api_key)

    def read_activities(self, answer: Response | ConnectionLostError) -> Decision[Activities]:
        """Read the times; empty unless the answer has both."""
        if isinstance(answer, Response):
            if answer.status == 200:
                return Done(_parse_activities(answer.body))
            if answer.status in {404, 405, 410, 501}:
                return Done({})
        return interpret_trouble(answer, (self.api_key,))


def _parse_account(body: bytes) -> Account | None:
    user = parse_object(body)
    username, name = (
        value if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_NAME else ""
        for value in (user.get("username"), user.get("name"))
    )
    number = user.get("user_id")
    if not username and not name and isinstance(number, int | str) and str(number).isalnum():
        username = f"user {number}"[:_LONGEST_NAME]
    return Account(username, name) if username or name else None


def _parse_activities(body: bytes) -> Activities:
    """A partial answer cannot prove that nothing changed. Null is valid: nothing was ever rated."""
    content = parse_object(body)
    moments = {name: content[name] for name in _MOMENTS if name in content}
    is_whole = len(moments) == len(_MOMENTS) and all(
        moment is None or (isinstance(moment, str) and len(moment) < 40) for moment in moments.values()
    )
    return {name: moment or "" for name, moment in moments.items()} if is_whole else {}
