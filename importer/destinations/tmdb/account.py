"""The account behind a token and a session: its owner. Pure."""

from dataclasses import dataclass

from importer.destinations.decisions import Decision, Done
from importer.destinations.sign_in import Account, Activities
from importer.destinations.tmdb.ratings import read_account_number
from importer.destinations.tmdb.request import TmdbAccess
from importer.destinations.tmdb.trouble import interpret_trouble
from importer.errors import ConnectionLostError
from importer.http import Request, Response, parse_object

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class TmdbAccount:
    """The questions about the account."""

    access: TmdbAccess

    def build_account(self) -> Request:
        """`GET /3/account`: cheap, and changes nothing."""
        return self.access.build("GET", "/account", "account", as_user=True)

    def read_account(self, answer: Response | ConnectionLostError) -> Decision[Account]:
        """Read the owner."""
        if isinstance(answer, Response) and answer.status == 200 and (account := _parse_account(answer)):
            return Done(account)
        return interpret_trouble(answer, self.access.secrets)

    def build_count(self) -> None:
        """An account has no limit of ratings, and their number stands in three lists."""

    @staticmethod
    def read_count(answer: Response | ConnectionLostError) -> Decision[int | None]:
        """Never called."""
        del answer
        return Done(None)

    def build_activities(self) -> Request:
        """TMDB does not say when ratings last changed: whose account it is, is asked in its place."""
        return self.build_account()

    @staticmethod
    def read_activities(answer: Response | ConnectionLostError) -> Decision[Activities]:
        """Return nothing: the lists have to be read to see what changed."""
        del answer
        return Done({})


def _parse_account(answer: Response) -> Account | None:
    content, number = parse_object(answer.body), read_account_number(answer)
    username, name = (
        value if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_NAME else ""
        for value in (content.get("username"), content.get("name"))
    )
    if number is None:
        return None
    return Account(username or f"user {number}", name)
