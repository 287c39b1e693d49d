"""The spec of `simkl`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.destinations.simkl.settings import APP_KEYS, APPS_PAGE, SimklSettings
from importer.destinations.spec import DestinationSpec, DeviceSignIn, Pace, RequestOptions, SignIn
from importer.model import MediaKind

if TYPE_CHECKING:
    from importer.destinations.base import Destination
    from importer.destinations.simkl.account import SimklAccount
    from importer.destinations.simkl.sign_in import SimklApp


def build_simkl(settings: SimklSettings, options: RequestOptions, name: str, account: str) -> "Destination":
    """Build the rules of the API for one account."""
    from importer.destinations.dates import Dates  # noqa: PLC0415 - light start-up
    from importer.destinations.simkl.api import BATCH_SIZE, Simkl  # noqa: PLC0415

    dates = Dates(datetime.now(UTC), options.time_of_day)
    size = min(options.batch_size, BATCH_SIZE)
    return Simkl(
        settings.base_url, settings.client_id, account, dates, options.love, options.hate, size, name
    )


def build_account_api(settings: SimklSettings) -> "SimklAccount":
    """Build the questions about the account."""
    from importer.destinations.simkl.account import SimklAccount  # noqa: PLC0415 - light start-up

    return SimklAccount(settings.base_url, settings.client_id)


def build_flow(settings: SimklSettings) -> "SimklApp":
    """Build the sign-in of an app."""
    from importer.destinations.simkl.sign_in import SimklApp  # noqa: PLC0415 - light start-up

    return SimklApp(settings.auth_url, settings.client_id)


SIMKL = DestinationSpec(
    name="simkl",
    title="Simkl",
    where="Simkl, with a free app of yours, once you are signed in",
    takes="movies, shows and anime by IMDb, TMDB or TVDB id",
    ratings="1 to 10, unrate; love and hate with --love and --hate",
    dates="kept, as at Trakt",
    per_request="100",
    settings=SimklSettings,
    sign_in=SignIn.DEVICE,
    device=DeviceSignIn(
        build_flow,
        build_account_api,
        APP_KEYS,
        where_keys_are=(
            f"Signing in needs an app of yours: {APPS_PAGE} makes one at once, free,\n"
            'of the type "TV, devices & command line", and shows its client id.'
        ),
        by_hand="remove the app on Simkl's own site (Settings, Connected apps)",
    ),
    build=build_simkl,
    reads=(MediaKind.MOVIE, MediaKind.SHOW),
    search_at="trakt",
    listing_effect=(
        "Simkl puts a rated title that is on none of your lists on one: a released movie and a show of one "
        "episode as completed, an unreleased movie as plan to watch, other shows and anime as watching. An "
        "undo removes the ratings, but the titles stay on the lists"
    ),
    # One POST per second and user, one after another (docs: rate limits).
    workers=1,
    most_workers=1,
    post_rate=Pace(1, 1),
    get_rate=Pace(10, 1),
)
