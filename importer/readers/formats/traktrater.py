"""TraktRater's CSV files of the ratings of a Trakt account.

Its `Export.cs` puts an episode's number into `Season` and its season into `Episode`. A file does not tell
whether a later version puts that right. So an episode goes by the ids of its own, which each row has.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.numbers import parse_number, parse_year
from importer.readers.cells.ratings import parse_rating
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.parts import Title, name_part, name_whole, title_of

_ABOUT = FormatNote(
    name="traktrater",
    what="TraktRater's export: rated_movies.csv, rated_shows.csv, rated_seasons.csv, rated_episodes.csv",
    recognised_by="columns TraktId (of episodes EpisodeTraktId), Slug, RatedAt and Rating",
    ids="Trakt, IMDb, TMDB, TVDB; an episode by its own",
    scale="1 to 10",
    dates="instant of the rating, UTC",
    traps="TvdbId tells shows, Season seasons; of episodes Season and Episode are swapped and not read",
    sample="traktrater-episodes.csv",
)


class TraktRaterReader(TableReader):
    """An open file of rated movies, shows or seasons."""

    about = _ABOUT
    description = ("TraktRater's export",)
    title = Column("Title", required=True)
    year = Column("Year", parse=parse_year)
    imdb_id = Column("ImdbId", parse=parse_imdb_id, required=True)
    tmdb_id = Column("TmdbId", parse=parse_number_id, required=True)
    tvdb_id = Column("TvdbId", parse=parse_number_id)
    trakt_id = Column("TraktId", parse=parse_number_id, required=True)
    season = Column("Season", parse=parse_number)
    rating = Column("Rating", parse=parse_rating, required=True)
    rated_at = Column("RatedAt", parse=DATE, required=True)
    unread_columns: ClassVar = ("Slug",)
    signature_columns: ClassVar = frozenset({"traktid", "slug"})
    reported_first = ("rating", "imdb_id")

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Tell the kind by the columns of the file."""
        del extra
        title = title_of(job)
        if "season" in self.places:
            return name_part(job._replace(kind=MediaKind.SEASON), title, Title())
        kind = MediaKind.SHOW if "tvdb_id" in self.places else MediaKind.MOVIE
        return name_whole(job._replace(kind=kind), title)


class TraktRaterEpisodesReader(TableReader):
    """An open `rated_episodes.csv`."""

    about = _ABOUT
    description = ("TraktRater's export of episodes, by their own ids: its numbers are swapped and not read",)
    show = Column("ShowTitle", required=True)
    title = Column("EpisodeTitle")
    imdb_id = Column("EpisodeImdbId", parse=parse_imdb_id)
    tmdb_id = Column("EpisodeTmdbId", parse=parse_number_id)
    tvdb_id = Column("EpisodeTvdbId", parse=parse_number_id)
    trakt_id = Column("EpisodeTraktId", parse=parse_number_id, required=True)
    rating = Column("Rating", parse=parse_rating, required=True)
    rated_at = Column("RatedAt", parse=DATE, required=True)
    unread_columns: ClassVar = ("ShowSlug",)
    reported_first = ("rating", "imdb_id")

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Go by the ids of the episode."""
        own = title_of(job)
        return name_part(job._replace(kind=MediaKind.EPISODE), Title(extra["show"]), own)
