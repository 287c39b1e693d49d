"""The formats that are read, in the order in which a file is tried against them.

A file that fits a named export is never taken for a table of somebody's own, so `csv` comes last.
"""

from importer.readers.generic_csv import CsvReader
from importer.readers.imdb import ImdbListReader, ImdbReader
from importer.readers.letterboxd import LetterboxdDiaryReader, LetterboxdReader, LetterboxdReviewsReader
from importer.readers.letterboxd_import import LetterboxdImportReader
from importer.readers.table_reader import FormatNote, TableReader

READERS: tuple[type[TableReader], ...] = (
    ImdbReader,
    ImdbListReader,
    LetterboxdReader,
    LetterboxdDiaryReader,
    LetterboxdReviewsReader,
    LetterboxdImportReader,
    CsvReader,
)

FORMATS: tuple[FormatNote, ...] = tuple(dict.fromkeys(reader.about for reader in READERS))
"""What `importer formats` and the table in the docs say."""
