"""What kind of title a word names: IMDb's words of all years, those of localized exports, and our own.

Only words that were seen in exports stand here. A word that does not is never taken for a movie: the
row is invalid and quotes it.

```text
"TV Mini Series"   ->  show
"tvEpisode"        ->  episode
"Video Game"       CellError video_game: the row is unsupported
"Hologram"         CellError unknown_type: is not a known type of title
```
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from unicodedata import normalize

from importer.model import MediaKind, Status
from importer.readers.cells.errors import CellError, Reason


class TitleType(NamedTuple):
    """A kind, and the second one where exports and destinations disagree on what such a title is."""

    kind: MediaKind
    second_kind: MediaKind | None = None


_MOVIE = TitleType(MediaKind.MOVIE)
_SHOW = TitleType(MediaKind.SHOW)
_EPISODE = TitleType(MediaKind.EPISODE)
_SPECIAL = TitleType(MediaKind.MOVIE, MediaKind.SHOW)
_MINI_SERIES = TitleType(MediaKind.SHOW, MediaKind.MOVIE)
_PILOT = TitleType(MediaKind.EPISODE, MediaKind.SHOW)

IMDB_TYPES = {
    "movie": _MOVIE,
    "featurefilm": _MOVIE,
    "documentary": _MOVIE,
    "tvmovie": _MOVIE,
    "video": _MOVIE,
    "short": _MOVIE,
    "shortfilm": _MOVIE,
    "tvshort": _SPECIAL,
    "tvspecial": _SPECIAL,
    "tvseries": _SHOW,
    "tvminiseries": _MINI_SERIES,
    "miniseries": _MINI_SERIES,
    "tvepisode": _EPISODE,
    "tvpilot": _PILOT,
    # German
    "film": _MOVIE,
    "fernsehfilm": _MOVIE,
    "kurzfilm": _MOVIE,
    "fernsehspecial": _SPECIAL,
    "fernsehserie": _SHOW,
    "miniserie": _MINI_SERIES,
    "fernsehepisode": _EPISODE,
    # Italian
    "corto": _MOVIE,
    "specialetv": _SPECIAL,
    "serietv": _SHOW,
    "miniserietv": _MINI_SERIES,
    "episodiotv": _EPISODE,
    # Spanish
    "película": _MOVIE,
    "pelicula": _MOVIE,
    "películadetv": _MOVIE,
    "películaparatv": _MOVIE,
    "telefilme": _MOVIE,
    "vídeo": _MOVIE,
    "cortometraje": _MOVIE,
    "cortodetv": _SPECIAL,
    "cortometrajedetv": _SPECIAL,
    "especialdetv": _SPECIAL,
    "seriedetv": _SHOW,
    "miniseriedetv": _MINI_SERIES,
    "episodiodetv": _EPISODE,
    # French
    "téléfilm": _MOVIE,
    "vidéo": _MOVIE,
    "courtmétrage": _MOVIE,
    "courtmétragetv": _SPECIAL,
    "émissionspéciale": _SPECIAL,
    "émissiontvspéciale": _SPECIAL,
    "émissiondetélévisionspéciale": _SPECIAL,
    "spécialtv": _SPECIAL,
    "sérietélévisée": _SHOW,
    "sérietv": _SHOW,
    "minisérie": _MINI_SERIES,
    "minisérietv": _MINI_SERIES,
    "minisérietélévisée": _MINI_SERIES,
    "épisodetv": _EPISODE,
    "épisodetélévisé": _EPISODE,
    "épisodedesérietélévisée": _EPISODE,
    # Portuguese
    "filme": _MOVIE,
    "filmedetv": _MOVIE,
    "filmeparatv": _MOVIE,
    "filmeparatelevisão": _MOVIE,
    "curtametragem": _MOVIE,
    "curta": _MOVIE,
    "especialdetelevisão": _SPECIAL,
    "curtadetv": _SPECIAL,
    "sériedetv": _SHOW,
    "sériedetelevisão": _SHOW,
    "minissérie": _MINI_SERIES,
    "minissériedetv": _MINI_SERIES,
    "minissériedetelevisão": _MINI_SERIES,
    "episódiodetv": _EPISODE,
    "episódiodetelevisão": _EPISODE,
    # Hindi
    "फ़िल्म": _MOVIE,
    "मूवी": _MOVIE,
    "टीवीफ़िल्म": _MOVIE,
    "टीवीमूवी": _MOVIE,
    "वीडियो": _MOVIE,
    "लघु": _MOVIE,
    "शॉर्ट": _MOVIE,
    "टीवीशॉर्ट": _SPECIAL,
    "टीवीस्पेशल": _SPECIAL,
    "टीवीसीरीज़": _SHOW,
    "टीवीसीरीज": _SHOW,
    "टीवीमिनीसीरीज़": _MINI_SERIES,
    "टीवीमिनीसीरीज": _MINI_SERIES,
    "टीवीएपिसोड": _EPISODE,
}
"""IMDb's title types, normalised, to what they are at a destination."""

TYPES = IMDB_TYPES | {
    "show": _SHOW,
    "tv": _SHOW,
    "tvshow": _SHOW,
    "series": _SHOW,
    "фильм": _MOVIE,
    "мультфильм": _MOVIE,
    "сериал": _SHOW,
    "минисериал": _MINI_SERIES,
    "season": TitleType(MediaKind.SEASON),
    "episode": _EPISODE,
}
"""IMDb's words and our own, for files that people write themselves."""

_UNSUPPORTED = {
    "videogame": (Reason.VIDEO_GAME, "a video game"),
    "musicvideo": (Reason.MUSIC_VIDEO, "a music video"),
    "podcastseries": (Reason.PODCAST, "a podcast"),
    "podcastepisode": (Reason.PODCAST, "an episode of a podcast"),
    "podcastserie": (Reason.PODCAST, "a podcast"),
    "videojuego": (Reason.VIDEO_GAME, "a video game"),
    "jeuvidéo": (Reason.VIDEO_GAME, "a video game"),
    "jogoeletrônico": (Reason.VIDEO_GAME, "a video game"),
    "jogo": (Reason.VIDEO_GAME, "a video game"),
    "videospiel": (Reason.VIDEO_GAME, "a video game"),
    "videogioco": (Reason.VIDEO_GAME, "a video game"),
    "वीडियोगेम": (Reason.VIDEO_GAME, "a video game"),
    "vídeomusical": (Reason.MUSIC_VIDEO, "a music video"),
    "clipmusical": (Reason.MUSIC_VIDEO, "a music video"),
    "seriedepodcast": (Reason.PODCAST, "a podcast"),
    "sériedepodcast": (Reason.PODCAST, "a podcast"),
    "episodiodepodcast": (Reason.PODCAST, "an episode of a podcast"),
    "épisodedepodcast": (Reason.PODCAST, "an episode of a podcast"),
    "episódiodepodcast": (Reason.PODCAST, "an episode of a podcast"),
    "person": (Reason.PERSON, "a person"),
}

_gaps = re.compile(r"[\s_-]+")


def _normalise(cell: str) -> str:
    return _gaps.sub("", normalize("NFC", cell.lower()))


def unsupported(what: str, reason: Reason = Reason.UNKNOWN_TYPE, *, field: str | None = None) -> CellError:
    """Make the error of a title of a kind that no destination rates: `is a book`."""
    remedy = "Only movies, shows, seasons and episodes can be rated there."
    return CellError(reason, what, remedy, status=Status.UNSUPPORTED, field=field)


def parse_kind(cell: str, types: Mapping[str, TitleType]) -> MediaKind:
    """Look a type word up; say what it is if no destination knows such titles."""
    word = _normalise(cell)
    if (found := types.get(word)) is not None:
        return found.kind
    if (found_other := _UNSUPPORTED.get(word)) is not None:
        reason, what = found_other
        raise unsupported(f"is {what}", reason)
    raise CellError(
        Reason.UNKNOWN_TYPE,
        "is not a known type of title" if word else "says nothing about the type of the title",
        "Write movie, tvSeries or tvEpisode, whichever it is.",
    )


def parse_kind_or_unknown(cell: str, types: Mapping[str, TitleType]) -> MediaKind:
    """Look a type word up; a word that nobody here reads, or none, is left to who can ask by id."""
    try:
        return parse_kind(cell, types)
    except CellError as error:
        if error.reason is not Reason.UNKNOWN_TYPE:
            raise
        return MediaKind.UNKNOWN


def parse_second_kind(cell: str, types: Mapping[str, TitleType]) -> MediaKind | None:
    """Say what else the title may be, if its word leaves room."""
    found = types.get(_normalise(cell))
    return found and found.second_kind
