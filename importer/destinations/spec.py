"""What a destination is, as data: each folder has one `DestinationSpec`, and the registry has them all.

Commands, settings, plans, docs and the opening of a destination read the spec and know no service by name:

    spec = DestinationSpec(
        name="stars", where="stars.example, with a key", takes="movies by IMDb id", ratings="1 to 10",
        dates="none", per_request="20", settings=StarsSettings, sign_in=SignIn.KEY, build=build_stars,
        workers=2, post_rate=Pace(1, 1),
    )

A spec is imported by `--help`, so whatever is heavy is imported inside its functions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, time, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from importer.errors import OptionError
from importer.option import option

if TYPE_CHECKING:
    from importer.destinations.base import Destination, Search
    from importer.destinations.sign_in import AccountApi, DeviceFlow
    from importer.destinations.upload_files.base import FileDestination


class SignIn(StrEnum):
    """How one signs in to a service."""

    NONE = "none"
    PASSWORD = "password"  # noqa: S105 - the word itself
    KEY = "key"
    """A key that people copy from the service's page into their settings."""
    DEVICE = "device"
    """`importer login` shows a code, which is entered at the service's page (RFC 8628)."""


class Pace(NamedTuple):
    """At most `requests` per `seconds`; with `may_burst` all of them at once."""

    requests: int
    seconds: float
    may_burst: bool = False


def parse_time_of_day(text: str) -> time:
    """Parse the HH:MM of an option. Raises OptionError."""
    try:
        found = time.fromisoformat(text)
    except ValueError as error:
        raise OptionError("date_time", "write it as HH:MM, for example 12:00", text) from error
    if found.tzinfo is not None:
        raise OptionError("date_time", "write it as HH:MM, and its zone as timezone", text)
    return found


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """How ratings are written into requests, or into the lines of a file."""

    bulk: bool = option("trakt-v1: 50 rows per request, and nothing on social feeds.", default=False)
    batch_size: int = option("trakt: rows per request.", default=100, minimum=1, maximum=200)
    love: int | None = option("trakt: the rating for love, 1 to 10.", minimum=1, maximum=10)
    hate: int | None = option("trakt: the rating for hate, 1 to 10.", minimum=1, maximum=10)
    time_of_day: time = option(
        "trakt: time of day for dates without one, in --timezone.",
        default=time(12),
        flag="--date-time",
        metavar="HH:MM",
        typed=str,
        parse=parse_time_of_day,
        shown="12:00",
    )

    def in_zone(self, zone: tzinfo | None) -> "RequestOptions":
        """The same, with a time of day of that zone, or of UTC."""
        return replace(self, time_of_day=self.time_of_day.replace(tzinfo=zone or UTC))

    @property
    def shaping(self) -> str:
        """What decides how rows are sent: with another it is another run of the same file."""
        return f"{self.love} {self.hate}"


@dataclass(frozen=True, slots=True)
class DeviceSignIn:
    """What `importer login` needs to know of a service's device flow."""

    build_flow: "Callable[[Any], DeviceFlow]"
    """From the settings to the app that asks, and the host that is asked."""
    build_account_api: "Callable[[Any], AccountApi]"
    """From the settings to what can be asked of the account once it is signed in."""
    app_keys: Mapping[str, str]
    """The settings that name the app, and what people call them; login asks for them on a terminal."""
    where_keys_are: str
    """Where people find these keys."""
    by_hand: str
    """How to end a sign-in where the host cannot be asked to."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that is started on this machine for the length of a run."""

    build_settings: Callable[[str], Any]
    """From its URL to the settings that people would have to give for another server."""
    options: tuple[str, ...] = ()
    """What else stands on its command line."""
    account: str = "demo at the sandbox"


@dataclass(frozen=True, slots=True)
class UploadFile:
    """A file that people upload themselves."""

    build: "Callable[[RequestOptions], FileDestination]"
    usual_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationSpec:
    """One destination: how it is called and described, what it can do, and how it is opened.

    Has either `build` and `settings` (an API) or `file`.
    """

    name: str
    """What plans and journals call it, and what follows `--to`, unless `to` says otherwise."""
    where: str
    takes: str
    ratings: str
    dates: str
    per_request: str
    to: str = ""
    api: str = ""
    """The `--api` it is spoken to in, where several destinations share one `--to`."""

    settings: type[Any] | None = None
    """A dataclass of `setting` fields: section and variables are named after the destination."""
    sign_in: SignIn = SignIn.NONE
    device: DeviceSignIn | None = None
    name_user: Callable[[Any], str] = lambda _: "nobody"
    """From the settings to the user; a device flow asks the service instead."""
    build: "Callable[[Any, RequestOptions, str, str], Destination] | None" = None
    """From settings, options, name and account to the rules of the API."""
    build_search: "Callable[[Any, str], Search] | None" = None
    """From settings, and the name its answers are kept under, to the search for titles."""
    search_needs: tuple[str, ...] = ()
    """The settings that the search needs; all that a run needs, if none are named."""
    search_at: str = ""
    """The destination that looks up titles for this one, if it cannot itself."""
    local_server: LocalServer | None = None
    file: UploadFile | None = None

    tells_kinds: bool = False
    """Whether it knows by an id what a title is, so that rows may leave their type open."""
    posts_to_feeds: bool = False
    """Whether a rating that is sent alone may be posted to social networks."""
    workers: int = 8
    """Requests in flight at once."""
    post_rate: Pace | None = None
    get_rate: Pace | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file to upload, and no account."""
        return self.file is not None

    @property
    def word(self) -> str:
        """What follows `--to`."""
        return self.to or self.name

    @property
    def typed(self) -> tuple[str, ...]:
        """The word with what else must be typed, such as `sandbox --api v2`."""
        return (self.to, "--api", self.api) if self.to else (self.name,)

    @property
    def has_accounts(self) -> bool:
        """Whether `--account` and `[accounts.NAME]` may say whose ratings they are."""
        return self.settings is not None and self.local_server is None

    @property
    def texts(self) -> Mapping[str, str]:
        """What `importer destinations` and the docs say of it."""
        return {
            "name": self.word,
            "where": self.where,
            "takes": self.takes,
            "ratings": self.ratings,
            "dates": self.dates,
            "per request": self.per_request,
        }
