"""Destinations as data: each folder has a `DestinationSpec`, and the registry lists them all.

Commands, settings, plans and docs read the spec and know no service by name:

    spec = DestinationSpec(
        name="stars", title="Stars", where="stars.example, with a key", takes="movies by IMDb id",
        ratings="1 to 10", dates="none", per_request="20", settings=StarsSettings, sign_in=SignIn.KEY,
        build=build_stars, workers=2, post_rate=Pace(1, 1),
    )

`--help` imports every spec, so slow imports are inside the functions.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, time, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from importer.errors import OptionError
from importer.model import MediaKind
from importer.option import option

if TYPE_CHECKING:
    from importer.destinations.base import Destination, IdFinder, Search
    from importer.destinations.sign_in import AccountApi, ApprovalFlow, DeviceFlow
    from importer.destinations.upload_files.base import FileDestination


class SignIn(StrEnum):
    """How users sign in to a service."""

    NONE = "none"
    PASSWORD = "password"  # noqa: S105 - not a password
    KEY = "key"
    """A key that users copy from the service's page into their settings."""
    APPROVAL = "approval"
    """`importer login` shows a page to approve on; the service then gives a key, such as a session."""
    DEVICE = "device"
    """`importer login` shows a code, which is entered at the service's page (RFC 8628)."""


LATE_SECONDS = 0.05
"""How late a request usually arrives, at most."""


class Pace(NamedTuple):
    """At most `requests` per `seconds`; with `may_burst` all of them at once.

    `late_seconds` is how long a request that is not answered may be on its way.
    """

    requests: int
    seconds: float
    may_burst: bool = False
    late_seconds: float = LATE_SECONDS


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
    """Options for writing ratings into requests, or into the lines of a file."""

    heading: ClassVar[str] = "How it is sent"

    bulk: bool = option("To trakt-v1: send 50 rows per request, and nothing to social feeds.", default=False)
    batch_size: int = option(
        "Send N rows per request, to trakt, mdblist and simkl (there 100 at most).",
        metavar="N",
        default=100,
        minimum=1,
        maximum=200,
    )
    love: int | None = option("The rating that love stands for.", metavar="N", minimum=1, maximum=10)
    hate: int | None = option("The rating that hate stands for.", metavar="N", minimum=1, maximum=10)
    time_of_day: time = option(
        "The time of day of dates without one, in --timezone.",
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
        """The options that change how rows are sent: a run with others does not continue this one."""
        return f"{self.love} {self.hate}"


@dataclass(frozen=True, slots=True)
class Approval:
    """A sign-in that a person approves on a page of the service, for `importer login`."""

    build_flow: "Callable[[Any], ApprovalFlow]"
    """From the settings to the sign-in of the app on its host."""
    build_account_api: "Callable[[Any], AccountApi]"
    """From the settings to the questions about the signed-in account."""
    app_keys: Mapping[str, str]
    """The settings that identify the app, with their labels; login asks for them on a terminal."""
    where_keys_are: str
    """Where users find these keys."""
    by_hand: str
    """How to end a sign-in if the host cannot be reached."""


@dataclass(frozen=True, slots=True)
class DeviceSignIn(Approval):
    """A service's device flow."""

    build_flow: "Callable[[Any], DeviceFlow]"


@dataclass(frozen=True, slots=True)
class KeySignIn:
    """A service's key, which users copy from its page: `importer login` asks for it and keeps it."""

    field: str
    """The setting that has the key; one that is set there goes before the one that is kept."""
    label: str
    build_account_api: "Callable[[Any], AccountApi]"
    """From the settings to the questions about the owner of the key."""
    where_key_is: str
    is_needed: Callable[[Any], bool] = lambda _: True
    """From the settings to whether nothing works without it."""
    approval: Approval | None = None
    """Set if users do not copy the key: the service gives it when they have approved on a page."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that is started on this machine for one run."""

    build_settings: Callable[[str], Any]
    """From its URL to the settings for that server."""
    options: tuple[str, ...] = ()
    """The other arguments of its command line."""
    account: str = "demo at the sandbox"


@dataclass(frozen=True, slots=True)
class UploadFile:
    """A file that users upload themselves."""

    build: "Callable[[RequestOptions], FileDestination]"
    usual_name: str
    is_uploaded: bool = True
    """Whether it is for a site; else the file itself is what was wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationSpec:
    """One destination: its name, descriptions, capabilities, and the functions that open it.

    Has either `build` and `settings` (an API) or `file`.
    """

    name: str
    """Its name in plans and journals, and the word for `--to` unless `to` has one."""
    title: str = ""
    """Its name as the service writes it; pages show it."""
    where: str
    takes: str
    ratings: str
    dates: str
    per_request: str
    to: str = ""
    api: str = ""
    """Its `--api`, if several destinations share one `--to`."""

    settings: type[Any] | None = None
    """A dataclass of `setting` fields: section and variables are named after the destination."""
    sign_in: SignIn = SignIn.NONE
    device: DeviceSignIn | None = None
    key: KeySignIn | None = None
    """Set if `importer login` asks for the key, and the service says whose it is."""
    name_user: Callable[[Any], str] = lambda _: "nobody"
    """From the settings to the user name; a device flow asks the service instead."""
    build: "Callable[[Any, RequestOptions, str, str], Destination] | None" = None
    """From settings, options, name and account to the rules of the API."""
    build_finder: "Callable[[Any, str], IdFinder] | None" = None
    """From the settings and the name of its cache to what finds its own ids, if it takes no other."""
    build_search: "Callable[[Any, str], Search] | None" = None
    """From the settings and the name of its cache to the title search."""
    search_needs: tuple[str, ...] = ()
    """The settings that the search needs; empty means all that a run needs."""
    search_at: str = ""
    """The destination that looks up titles for this one, if it has no search."""
    local_server: LocalServer | None = None
    file: UploadFile | None = None
    reads: tuple[MediaKind, ...] = ()
    """The kinds of ratings that an account has; all of them can be the source of a run. Empty: it is none."""

    tells_kinds: bool = False
    """Whether an id is enough to identify a title, so that rows need no type."""
    numbers_episodes: bool = False
    """Whether an episode is identified by its show and numbers only."""
    posts_to_feeds: bool = False
    """Whether a rating that is sent alone may be posted to a social feed."""
    listing_effect: str = ""
    """What a rating of a title does besides, if it is new to the account; people agree to it first."""
    drops_dates: str = ""
    """What becomes of the dates that rows have, if they are lost; said before the first of them is sent."""
    workers: int = 8
    """Requests in flight at once."""
    most_workers: int | None = None
    """The most that the service allows, if it says so."""
    post_rate: Pace | None = None
    get_rate: Pace | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file to upload rather than an account."""
        return self.file is not None

    @property
    def word(self) -> str:
        """The word for `--to`."""
        return self.to or self.name

    @property
    def typed(self) -> tuple[str, ...]:
        """The word with the options it needs, such as `sandbox --api v2`."""
        return (self.to, "--api", self.api) if self.to else (self.name,)

    @property
    def has_accounts(self) -> bool:
        """Whether it can have several accounts: `--account` and `[accounts.NAME]`."""
        return self.settings is not None and self.local_server is None

    @property
    def approval(self) -> Approval | None:
        """How a person approves a sign-in, if that is done on a page."""
        return self.device or (self.key.approval if self.key else None)

    @property
    def account_fields(self) -> tuple[str, ...]:
        """The settings that sign one account in; all others are the app's or the server's."""
        if self.local_server is not None or self.settings is None:
            return ()
        if self.device is not None:
            return ("access_token", "refresh_token")
        if self.key is not None:
            return (self.key.field,)
        return ("username", "password", "password_sha1") if self.sign_in is SignIn.PASSWORD else ()

    def is_signed_in_by(self, given: Collection[str]) -> bool:
        """Whether these of its `account_fields` are enough to sign an account in."""
        first, *others = self.account_fields or ("",)
        is_enough = not first or first in given
        return is_enough and (self.sign_in is not SignIn.PASSWORD or any(each in given for each in others))

    @property
    def has_login(self) -> bool:
        """Whether `importer login` signs in there, and the service says who that is."""
        return self.has_accounts and (self.device is not None or self.key is not None)

    @property
    def texts(self) -> Mapping[str, str]:
        """Its description, by heading, for `importer destinations` and the docs."""
        return {
            "name": self.word,
            "where": self.where,
            "takes": self.takes,
            "ratings": self.ratings,
            "dates": self.dates,
            "per request": self.per_request,
        }
