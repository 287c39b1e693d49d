"""The CSV of ratings that Trakt gives its VIP members, as its site writes it and as other programs do.

Trakt's own rows name a movie or a show and, for an episode, its show with `season_number`, `episode_number`
and the episode's ids in `episode_*`. Programs that write the same for TMDB's import have the show in
`show_*` and `season`, `episode`. In both, `trakt_rating` is everybody's average and `rating` one's own.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.kinds import TYPES, parse_kind
from importer.readers.cells.numbers import parse_number
from importer.readers.cells.ratings import parse_rating
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.parts import Title, name_part, name_whole, read_title, title_columns

_SHOW = title_columns("show_")
_EPISODE = title_columns("episode_")


class TraktCsvReader(TableReader):
    """An open CSV of ratings at Trakt."""

    about = FormatNote(
        name="trakt-csv",
        what="Trakt's CSV of ratings (VIP), and what other programs write like it",
        recognised_by="columns rated_at, type, trakt_rating and rating",
        ids="Trakt, IMDb, TMDB, TVDB; an episode by its show and number, else by its own",
        scale="1 to 10, in rating; trakt_rating is an average",
        dates="instant of the rating, UTC",
        traps="the ids of an episode's row are its show's; its own stand in columns of their own",
        sample="trakt-vip.csv",
    )
    description = ("ratings from Trakt, as CSV", "rating counts; trakt_rating is everybody's")
    rated_at = Column("rated_at", parse=DATE, required=True)
    kind = Column("type", parse=partial(parse_kind, types=TYPES), required=True)
    rating = Column("rating", parse=parse_rating, required=True)
    season = Column("season_number", "season", parse=parse_number)
    episode = Column("episode_number", "episode", parse=parse_number)
    own = title_columns()
    of_show = _SHOW
    of_episode = _EPISODE
    reported_first = ("kind", "rating", "rated_at", "season", "episode")
    unread_columns = ("trakt_rating",)
    signature_columns: ClassVar = frozenset({"trakt_rating", *_SHOW, *_EPISODE})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Find the ids the row goes by."""
        row = Title(*(getattr(job, field) for field in Title._fields))
        if job.kind in {MediaKind.MOVIE, MediaKind.SHOW}:
            for field in ("season", "episode"):
                if getattr(job, field) is not None:
                    problem, remedy = f"is a number that a {job.kind} does not have", "Correct the type."
                    raise CellError(Reason.TYPE_MISMATCH, problem, remedy, field=field)
            return name_whole(job, row)
        own = read_title(extra, "episode_") if job.kind is MediaKind.EPISODE else Title()
        if "show_title" not in self.places:
            return name_part(job, row, own)
        if job.kind is MediaKind.EPISODE:
            # Whose the row's other ids are is not said; an IMDb id, if it is the show's, is no episode's.
            own = own._replace(title=row.title, imdb_id=own.imdb_id or row.imdb_id)
        return name_part(job, read_title(extra, "show_"), own)
