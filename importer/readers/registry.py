"""The formats that are read, in the order in which a file is tried against them.

A file that fits a named export is never taken for a table of somebody's own, so `csv` comes last.
"""

from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.criticker import CritickerReader, CritickerXmlReader
from importer.readers.formats.csv import CsvReader
from importer.readers.formats.douban import DoubanReader
from importer.readers.formats.filmaffinity import FilmAffinityReader
from importer.readers.formats.filmtipset import FilmtipsetReader
from importer.readers.formats.filmweb import FilmwebReader
from importer.readers.formats.flixster import FlixsterReader
from importer.readers.formats.imdb import ImdbListReader, ImdbReader
from importer.readers.formats.kinopoisk import KinopoiskReader
from importer.readers.formats.letterboxd import (
    LetterboxdDiaryReader,
    LetterboxdReader,
    LetterboxdReviewsReader,
)
from importer.readers.formats.letterboxd_import import LetterboxdImportReader
from importer.readers.formats.movielens import MovieLensDatasetReader, MovieLensReader
from importer.readers.formats.myanimelist import MyAnimeListReader
from importer.readers.formats.netflix import NetflixReader
from importer.readers.formats.simkl import SimklJsonReader, SimklReader
from importer.readers.formats.tmdb import TmdbReader
from importer.readers.formats.trakt_csv import TraktCsvReader
from importer.readers.formats.trakt_json import TraktJsonReader
from importer.readers.formats.tvtime import LiberatorReader, TvTimeShowsReader, TvTimeVotesReader
from importer.readers.formats.yamtrack import YamtrackReader

READERS: tuple[type[TableReader], ...] = (
    ImdbReader,
    ImdbListReader,
    LetterboxdReader,
    LetterboxdDiaryReader,
    LetterboxdReviewsReader,
    LetterboxdImportReader,
    TraktJsonReader,
    TraktCsvReader,
    TmdbReader,
    SimklReader,
    SimklJsonReader,
    MovieLensReader,
    MovieLensDatasetReader,
    CritickerReader,
    CritickerXmlReader,
    TvTimeVotesReader,
    TvTimeShowsReader,
    LiberatorReader,
    NetflixReader,
    KinopoiskReader,
    DoubanReader,
    FilmtipsetReader,
    MyAnimeListReader,
    FilmwebReader,
    FilmAffinityReader,
    FlixsterReader,
    YamtrackReader,
    CsvReader,
)

FORMATS: tuple[FormatNote, ...] = tuple(dict.fromkeys(reader.about for reader in READERS))
"""What `importer formats` and the table in the docs say."""
