"""The spec of `trakt-v1`, servers with Trakt's original API."""

from typing import TYPE_CHECKING

from importer.destinations.spec import DestinationSpec, RequestOptions, SignIn
from importer.destinations.trakt_v1.settings import TraktV1Settings
from importer.model import MediaKind

if TYPE_CHECKING:
    from importer.destinations.base import Destination


def build_trakt_v1(
    settings: TraktV1Settings, options: RequestOptions, name: str, account: str
) -> "Destination":
    """Build the rules of the API for one account."""
    from importer.destinations.trakt_v1.api import TraktV1  # noqa: PLC0415 - light start-up

    api_key, sha1 = settings.api_key.reveal(), settings.sha1
    return TraktV1(settings.base_url, settings.username, api_key, sha1, options.bulk, name, account)


def name_user(settings: TraktV1Settings) -> str:
    """Return the user name, which is in the settings."""
    return settings.username


TRAKT_V1 = DestinationSpec(
    name="trakt-v1",
    title="Trakt v1",
    api="v1",
    where="a server that speaks Trakt's original API (retired by Trakt itself)",
    takes="movies, shows, episodes by show and number",
    ratings="1 to 10, love, hate, unrate",
    dates="none: a rating is dated when it arrives",
    per_request="1, or 50 with --bulk",
    search_at="trakt",
    settings=TraktV1Settings,
    sign_in=SignIn.PASSWORD,
    name_user=name_user,
    build=build_trakt_v1,
    reads=(MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE),
    numbers_episodes=True,
    posts_to_feeds=True,
)
