"""The spec of `mdblist`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.destinations.mdblist.settings import KEY_PAGE, MdblistSettings
from importer.destinations.spec import DestinationSpec, KeySignIn, Pace, RequestOptions, SignIn
from importer.model import MediaKind

if TYPE_CHECKING:
    from importer.destinations.base import Destination
    from importer.destinations.mdblist.account import MdblistAccount


def build_mdblist(
    settings: MdblistSettings, options: RequestOptions, name: str, account: str
) -> "Destination":
    """Build the rules of the API for one account."""
    from importer.destinations.dates import Dates  # noqa: PLC0415
    from importer.destinations.mdblist.api import Mdblist  # noqa: PLC0415 - light start-up

    return Mdblist(
        settings.base_url,
        settings.api_key.reveal(),
        account,
        Dates(datetime.now(UTC), options.time_of_day),
        options.love,
        options.hate,
        options.batch_size,
        name,
    )


def build_account_api(settings: MdblistSettings) -> "MdblistAccount":
    """Build the questions about the account."""
    from importer.destinations.mdblist.account import MdblistAccount  # noqa: PLC0415 - light start-up

    return MdblistAccount(settings.base_url, settings.api_key.reveal())


MDBLIST = DestinationSpec(
    name="mdblist",
    title="MDBList",
    where="MDBList, with the key that its page shows",
    takes="movies, shows by id; seasons, episodes by show and number",
    ratings="1 to 10, unrate; love and hate with --love and --hate",
    dates="kept, as at Trakt",
    per_request="100, up to 200 with --batch-size",
    settings=MdblistSettings,
    sign_in=SignIn.KEY,
    key=KeySignIn(
        "api_key", "API key", build_account_api, where_key_is=f"{KEY_PAGE} shows your key, which is free."
    ),
    build=build_mdblist,
    reads=(MediaKind.MOVIE, MediaKind.SHOW, MediaKind.SEASON, MediaKind.EPISODE),
    search_at="trakt",
    numbers_episodes=True,
    workers=2,
    # 300 writes and 1,000 reads in 5 minutes are allowed to all apps of an account: others find some left.
    post_rate=Pace(5, 6),
    get_rate=Pace(500, 300, may_burst=True),
)
