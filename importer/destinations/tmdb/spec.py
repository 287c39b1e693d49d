"""The spec of `tmdb`."""

from typing import TYPE_CHECKING

from importer.destinations.spec import (
    Approval,
    DestinationSpec,
    KeySignIn,
    Pace,
    RequestOptions,
    SignIn,
)
from importer.destinations.tmdb.settings import APP_KEYS, KEY_PAGE, TmdbSettings
from importer.model import MediaKind

if TYPE_CHECKING:
    from importer.destinations.base import Destination, IdFinder
    from importer.destinations.tmdb.account import TmdbAccount
    from importer.destinations.tmdb.sign_in import TmdbSignIn


def build_tmdb(settings: TmdbSettings, options: RequestOptions, name: str, account: str) -> "Destination":
    """Build the rules of the API for one account."""
    from importer.destinations.tmdb.api import Tmdb  # noqa: PLC0415 - light start-up
    from importer.destinations.tmdb.request import TmdbAccess  # noqa: PLC0415

    return Tmdb(TmdbAccess.of(settings), account, options.love, options.hate, name)


def build_account_api(settings: TmdbSettings) -> "TmdbAccount":
    """Build the questions about the account."""
    from importer.destinations.tmdb.account import TmdbAccount  # noqa: PLC0415 - light start-up
    from importer.destinations.tmdb.request import TmdbAccess  # noqa: PLC0415

    return TmdbAccount(TmdbAccess.of(settings))


def build_sign_in(settings: TmdbSettings) -> "TmdbSignIn":
    """Build the sign-in that gives a session."""
    from importer.destinations.tmdb.request import TmdbAccess  # noqa: PLC0415 - light start-up
    from importer.destinations.tmdb.sign_in import TmdbSignIn  # noqa: PLC0415

    return TmdbSignIn(TmdbAccess.of(settings))


def build_finder(settings: TmdbSettings, kept_as: str) -> "IdFinder":
    """Build the questions for ids."""
    from importer.destinations.tmdb.find import TmdbFinder  # noqa: PLC0415 - light start-up
    from importer.destinations.tmdb.request import TmdbAccess  # noqa: PLC0415

    return TmdbFinder(TmdbAccess.of(settings), kept_as)


def needs_session(settings: TmdbSettings) -> bool:
    """Whether nothing works without a session: a token of the user's own may do."""
    return not settings.bearer


TMDB = DestinationSpec(
    name="tmdb",
    title="TMDB",
    where="TMDB, with a free token of yours, once you are signed in",
    takes="movies, shows, episodes by TMDB or IMDb id",
    ratings="1 to 10, unrate; love and hate with --love and --hate",
    dates="none: a rating is dated when it arrives",
    per_request="1",
    settings=TmdbSettings,
    sign_in=SignIn.APPROVAL,
    key=KeySignIn(
        "session_id",
        "session",
        build_account_api,
        where_key_is=f"{KEY_PAGE} shows your token, which is free.",
        is_needed=needs_session,
        approval=Approval(
            build_sign_in,
            build_account_api,
            APP_KEYS,
            where_keys_are=(
                f"Signing in needs a token of yours: {KEY_PAGE} shows it\n"
                'as "API Read Access Token", free for non-commercial use.'
            ),
            by_hand="remove the app on TMDB's own site (Settings, Third Party Apps)",
        ),
    ),
    build=build_tmdb,
    build_finder=build_finder,
    reads=(MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE),
    search_at="trakt",
    tells_kinds=True,
    drops_dates="TMDB keeps no dates: it is not told when the titles of the file were rated",
    # 40 requests in a second are allowed; what is read and what is written is counted together. Each answer
    # comes soon, so it can be waited for before its place is given to another request.
    post_rate=Pace(40, 1, late_seconds=0.5),
    workers=16,
)
