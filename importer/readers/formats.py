"""The formats that are read, in the order in which a file is tried against them.

A file that fits a named export is never taken for a table of somebody's own, so `csv` comes last.
"""

from importer.readers.criticker import CritickerReader, CritickerXmlReader
from importer.readers.douban import DoubanReader
from importer.readers.filmaffinity import FilmAffinityReader
from importer.readers.filmtipset import FilmtipsetReader
from importer.readers.filmweb import FilmwebReader
from importer.readers.flixster import FlixsterReader
from importer.readers.generic_csv import CsvReader
from importer.readers.imdb import ImdbListReader, ImdbReader
from importer.readers.kinopoisk import KinopoiskReader
from importer.readers.letterboxd import LetterboxdDiaryReader, LetterboxdReader, LetterboxdReviewsReader
from importer.readers.letterboxd_import import LetterboxdImportReader
from importer.readers.movielens import MovieLensDatasetReader, MovieLensReader
from importer.readers.myanimelist import MyAnimeListReader
from importer.readers.netflix import NetflixReader
from importer.readers.simkl import SimklJsonReader, SimklReader
from importer.readers.table_reader import FormatNote, TableReader
from importer.readers.tmdb import TmdbReader
from importer.readers.trakt_csv import TraktCsvReader
from importer.readers.trakt_json import TraktJsonReader
from importer.readers.tvtime import LiberatorReader, TvTimeShowsReader, TvTimeVotesReader
from importer.readers.yamtrack import YamtrackReader

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
