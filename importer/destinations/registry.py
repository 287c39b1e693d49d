"""destinations.registry."""

from typing import NamedTuple


class Description(NamedTuple):
    """What `importer destinations` and the docs say of a destination."""

    name: str
    """The `--to` word."""
    where: str
    takes: str
    ratings: str
    dates: str
    per_request: str


DESTINATIONS = (
    Description(
        "trakt",
        "Trakt, through its API of today, once you are signed in",
        "movies, shows, seasons, episodes by id; seasons and episodes also by show and number",
        "1 to 10, unrate; love and hate with --love and --hate",
        "kept: a day becomes noon (--date-time) in UTC (--timezone), a future date is dated now",
        "100, up to 200 with --batch-size",
    ),
    Description(
        "trakt-v1",
        "a server that speaks Trakt's original API (retired by Trakt itself)",
        "movies, shows, episodes by show and number",
        "1 to 10, love, hate, unrate",
        "none: a rating is dated when it arrives",
        "1, or 50 with --bulk",
    ),
    Description(
        "sandbox",
        "a local look-alike of both APIs (--api v1 or v2), started for the run",
        "as trakt-v1 or trakt",
        "as trakt-v1 or trakt",
        "as trakt-v1 or trakt",
        "as trakt-v1 or trakt",
    ),
    Description(
        "trakt-file",
        "a CSV for the importer on Trakt's own site (--write-to, trakt-import.csv)",
        "movies, shows",
        "1 to 10; love and hate with --love and --hate",
        "kept, as in trakt",
        "all in one file",
    ),
    Description(
        "letterboxd-file",
        "a CSV for Letterboxd's import page (--write-to, letterboxd-import.csv)",
        "movies",
        "1 to 10; love and hate with --love and --hate",
        "none: a date there would make a diary entry",
        "files below 1 MB",
    ),
)
