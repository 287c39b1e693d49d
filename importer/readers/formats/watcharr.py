"""Watcharr's export of what is watched, as JSON.

`[{"rating": 8, "content": {"tmdbId", "title", "type": "tv"}, "watchedSeasons": [{"seasonNumber"}]}]`
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ids import parse_number_id
from importer.readers.cells.kinds import TYPES, parse_kind
from importer.readers.cells.numbers import parse_number, parse_year
from importer.readers.cells.ratings import not_rated
from importer.readers.cells.scales import steps
from importer.readers.columns import Column, Parse, PerFile
from importer.readers.format_reader import FormatNote, TableReader

_SCALE = steps("1", "10", none=frozenset({"", "0"}))


def _parse_type(cell: str) -> MediaKind:
    return parse_kind(cell, TYPES)


def _choose_parser(reader: TableReader) -> Parse:
    """Make a parser of ratings: the row of a part has its own, beside that of its show, or none."""
    scale = reader.scale or _SCALE
    return lambda cell: None if cell.strip() in _SCALE.none else scale.convert(cell)


class WatcharrReader(TableReader):
    """An open export of Watcharr."""

    about = FormatNote(
        name="watcharr",
        what="Watcharr's export, JSON",
        recognised_by="entries with rating, status, content.tmdbId and content.type",
        ids="TMDB; a season or an episode by its show and numbers",
        scale="1 to 10, decimals rounded half up; 0 is no rating, and skipped",
        dates="none: updatedAt is the day of any change",
        traps="seasons and episodes stand within their show; games are unsupported",
        sample="watcharr.json",
    )
    description = ("Watcharr, which does not say when a title was rated",)
    kind = Column("content.type", parse=_parse_type, required=True)
    tmdb_id = Column("content.tmdbId", parse=parse_number_id, required=True)
    title = Column("content.title")
    year = Column(
        "content.release_date", "content.first_air_date", parse=lambda cell: parse_year(cell.strip()[:4])
    )
    expected_scale = _SCALE
    unrated = _SCALE.none
    rating = Column("rating", parse=PerFile(_choose_parser), required=True)
    own_rating = rating.also(PerFile(_choose_parser))
    note = rating.also(_SCALE.note)
    of_season = Column("watchedSeasons.rating", parse=PerFile(_choose_parser))
    season_number = Column("watchedSeasons.seasonNumber", parse=parse_number)
    of_episode = Column("watchedEpisodes.rating", parse=PerFile(_choose_parser))
    episode_season = Column("watchedEpisodes.seasonNumber", parse=parse_number)
    episode_number = Column("watchedEpisodes.episodeNumber", parse=parse_number)
    signature_columns: ClassVar = frozenset({"content.tmdbid"})

    def parser_of(self, field: str) -> Parse:
        """Return the column's parser, which knows the scale."""
        return super().parser_of(field) if field == "note" else self.columns[field].parser_for(self)

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Show the year of the title, and what a part is."""
        shown = {**cells, "year": cells.get("year", "")[:4]}
        if episode := cells.get("episode_number"):
            season, rating = cells.get("episode_season", ""), cells.get("of_episode", "")
            return {**shown, "kind": "episode", "season": season, "episode": episode, "rating": rating}
        if cells.get("season_number"):
            season = cells["season_number"]
            return {**shown, "kind": "season", "season": season, "rating": cells.get("of_season", "")}
        return shown

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Tell the row of a season or an episode, which has its own rating, from that of its show."""
        field, rating = "rating", extra.get("own_rating")
        if (episode := extra.get("episode_number")) is not None:
            field, rating = "of_episode", extra.get("of_episode")
            job = job._replace(kind=MediaKind.EPISODE, season=extra.get("episode_season"), episode=episode)
        elif (season := extra.get("season_number")) is not None:
            field, rating = "of_season", extra.get("of_season")
            job = job._replace(kind=MediaKind.SEASON, season=season)
        if rating is None:
            raise not_rated(field)
        if job.tmdb_id is None and job.title is None:
            raise CellError(Reason.NO_ID, "the entry names no title", "Write one, or take the entry out.")
        return job._replace(rating=rating)
