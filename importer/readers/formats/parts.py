"""Titles and parts of them: by which ids a row goes, where an export holds a part's own and its show's."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from importer.model import MediaKind, RatingJob
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.texts import parse_text
from importer.readers.columns import Column, ColumnGroup, Parse


class Title(NamedTuple):
    """A title as an export names it; the fields are those of a job."""

    title: str | None = None
    year: int | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    trakt_id: int | None = None

    @property
    def has_id(self) -> bool:
        """Whether it has an id or a number, and not only a name."""
        return any(self[2:])


TITLE_PARSERS: Mapping[str, Parse] = {
    "title": parse_text,
    "year": parse_year,
    "imdb_id": parse_imdb_id,
    "tmdb_id": parse_number_id,
    "tvdb_id": parse_number_id,
    "trakt_id": parse_number_id,
}
"""What parses each field of a `Title`."""


def title_columns(
    prefix: str = "", *, ids: Sequence[str] = ("{}_id",), without: Collection[str] = ()
) -> ColumnGroup:
    """Declare the columns of a title: `show_imdb_id`, or with `ids.{}` that of JSON, `show.ids.imdb`."""
    group = ColumnGroup()
    for field, parse in TITLE_PARSERS.items():
        paths = ids if field.endswith("_id") else [field]
        names = [prefix + path.format(field.removesuffix("_id")) for path in paths]
        if field not in without:
            group[prefix + field] = Column(*names, parse=parse)
    return group


def read_title(values: Mapping[str, Any], prefix: str) -> Title:
    """Read a title from fields that are named with a prefix, such as `show.title`."""
    return Title(*(values.get(prefix + field) for field in Title._fields))


def title_of(job: RatingJob) -> Title:
    """Return what a row's own fields say of its title."""
    return Title(*(getattr(job, field) for field in Title._fields))


def show_first(cells: Mapping[str, str], prefixes: Sequence[str]) -> Mapping[str, str]:
    """Put the cells of the first title that has any under the names that people are shown."""
    for prefix in prefixes:
        found = {field: cells.get(prefix + field, "") for field in Title._fields}
        if any(found.values()):
            return {**cells, **found}
    return cells


def require_title(title: str | None) -> str:
    """Return the title of a row that has nothing else to go by. Raises CellError where it has none."""
    if title is None:
        raise CellError(Reason.NO_ID, "the row has no title", "Write one, or take the row out.")
    return title


def read_source_id(source: str, cell: str, field: str) -> dict[str, Any]:
    """Read an id whose source another cell names; of others (mal, manual ...) no destination knows it.

    Raises CellError, which is about this field.
    """
    source = source.lower()
    if source not in {"imdb", "tmdb", "tvdb"}:
        return {}
    name = f"{source}_id"
    try:
        return {name: TITLE_PARSERS[name](cell)}
    except CellError as error:
        error.field = field
        raise


def name_part(job: RatingJob, show: Title, own: Title) -> RatingJob:
    """Give a season or an episode the ids by which most destinations know it.

    With its numbers it goes by its show, for no v1 method takes an own id; without them, or without an id
    of the show, by its own; and at the very last by the name of the show. Raises CellError.
    """
    is_numbered = job.season is not None and (job.kind is MediaKind.SEASON or job.episode is not None)
    if is_numbered and (show.has_id or (show.title and not own.has_id)):
        return job._replace(**show._asdict())
    if not own.has_id:
        raise CellError(
            Reason.NO_ID,
            f"the row has no id of the {job.kind}, nor its show and number",
            "Without them the title is not known; take the row out.",
        )
    names = [name for name in (show.title, own.title) if name]
    return job._replace(season=None, episode=None, **own._replace(title=": ".join(names) or None)._asdict())


def name_whole(job: RatingJob, title: Title) -> RatingJob:
    """Give a movie or a show its ids, or its name. Raises CellError."""
    if not (title.has_id or title.title):
        raise CellError(
            Reason.NO_ID,
            f"the row has no id of the {job.kind}, nor its title",
            "Without them the title is not known; take the row out.",
        )
    return job._replace(season=None, episode=None, **title._asdict())
