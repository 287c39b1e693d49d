"""The spec of `trakt`, today's Trakt API."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.destinations.spec import DestinationSpec, DeviceSignIn, Pace, RequestOptions, SignIn
from importer.destinations.trakt.settings import APP_KEYS, APPS_PAGE, DEVICE_REDIRECT, TraktSettings
from importer.errors import Remedy
from importer.model import MediaKind

if TYPE_CHECKING:
    from importer.destinations.base import Destination
    from importer.destinations.trakt.account import TraktAccount
    from importer.destinations.trakt.search import TraktSearch
    from importer.destinations.trakt.sign_in import TraktApp


def build_trakt(settings: TraktSettings, options: RequestOptions, name: str, account: str) -> "Destination":
    """Build the rules of the API for one account."""
    from importer.destinations.dates import Dates  # noqa: PLC0415
    from importer.destinations.trakt.api import TraktV2  # noqa: PLC0415 - light start-up

    return TraktV2(
        settings.base_url,
        settings.client_id,
        account,
        Dates(datetime.now(UTC), options.time_of_day),
        options.love,
        options.hate,
        options.batch_size,
        name,
    )


def build_search(settings: TraktSettings, kept_as: str) -> "TraktSearch":
    """Build the search of the API, which needs an app but no sign-in."""
    from importer.destinations.trakt.search import TraktSearch  # noqa: PLC0415 - light start-up

    return TraktSearch(settings.base_url, settings.client_id, kept_as or settings.base_url)


def build_account_api(settings: TraktSettings) -> "TraktAccount":
    """Build the questions about the account."""
    from importer.destinations.trakt.account import TraktAccount  # noqa: PLC0415 - light start-up

    return TraktAccount(settings.base_url, settings.client_id)


def build_flow(settings: TraktSettings) -> "TraktApp":
    """Build the sign-in of an app."""
    from importer.destinations.trakt.sign_in import TraktApp  # noqa: PLC0415 - light start-up

    return TraktApp(settings.auth_url, settings.client_id, settings.client_secret, settings.redirect_uri)


TRAKT = DestinationSpec(
    name="trakt",
    title="Trakt",
    api="v2",
    where="Trakt, through its API of today, once you are signed in",
    takes="movies, shows, seasons, episodes by id; seasons and episodes also by show and number",
    ratings="1 to 10, unrate; love and hate with --love and --hate",
    dates="kept: a day becomes noon (--date-time) in UTC (--timezone), a future date is dated now",
    per_request="100, up to 200 with --batch-size",
    settings=TraktSettings,
    sign_in=SignIn.DEVICE,
    device=DeviceSignIn(
        build_flow,
        build_account_api,
        APP_KEYS,
        where_keys_are=(
            f"Signing in needs an app of yours: {APPS_PAGE} shows its keys, and\n"
            f"VIP members make one there, with {DEVICE_REDIRECT} or any https address as its\n"
            f"redirect URI.\n{Remedy.UPLOAD_FILE}"
        ),
        by_hand="remove the app on Trakt's own site (Settings, Connected apps)",
    ),
    build=build_trakt,
    build_search=build_search,
    search_needs=("client_id",),
    reads=(MediaKind.MOVIE, MediaKind.SHOW, MediaKind.SEASON, MediaKind.EPISODE),
    tells_kinds=True,
    workers=4,
    # One POST per second and user (docs: rate limiting); the limiter leaves room for jitter.
    post_rate=Pace(1, 1),
    # Half of what is allowed (docs: rate limiting), so that other apps of the same user find some left.
    get_rate=Pace(250, 300, may_burst=True),
)
