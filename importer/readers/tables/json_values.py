"""What a value of JSON is as a record: its values by their paths, and the records within it.

{"movie": {"ids": {"imdb": "tt0111161"}}, "rating": 9}     movie.ids.imdb, rating
{"lot": "show", "reviews": [{"rating": 9}, {...}]}         a record for each review: lot, reviews.rating
{"title": "Alien", "Guid": [{"id": "imdb://tt0078748"}]}   title, Guid.imdb
{"tt0078748": 9}                                           imdb_id, rating
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from importer import limits
from importer.model import IMDB_ID
from importer.readers.cells.errors import CellError, Reason
from importer.readers.tables.records import LIST, Record, build_record

DEEPEST = 6

_RATED = frozenset({"rating", "score", "userrating", "myrating"})
"""Names of a value that says that an object is rated, normalised."""

_KIND = "type"
_KINDS = ("media_type", "mediatype", _KIND, "kind")
"""Names of the kind of a title, in lower case; the first that an object has counts."""

_PARTS = frozenset({"watchedseasons", "watchedepisodes"})
"""Lists of what is rated by itself within a record that is rated, too: the seasons of a show."""

_match_guid = re.compile(r"(imdb|tmdb|tvdb)://(.+)").fullmatch
is_imdb_id = re.compile(IMDB_ID).fullmatch


class JsonObject(tuple[tuple[str, Any], ...]):
    """An object as its pairs: a name that stands in it twice is not lost."""

    __slots__ = ()


DECODER = json.JSONDecoder(
    # A number is text until its column says otherwise.
    parse_float=str,
    parse_int=str,
    parse_constant=str,
    object_pairs_hook=JsonObject,
)


def parse_line(line: str) -> JsonObject | None:
    """Read a line that is an object; None if it is none."""
    try:
        value = DECODER.decode(line.strip().removesuffix(","))
    except (json.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, JsonObject) else None


def build_records(line: int, value: JsonObject, name: str | None = None) -> Iterator[Record]:
    """Make the record of an object, or one for each object of a list within it that holds the ratings.

    `name` is that of the list the object stands in.
    """
    pairs = [] if name is None else [(LIST, name)]
    pairs += flatten(value)
    within = list(_find_rated(value))
    if not within or any(_normalise(key) in _PARTS for key, _ in within):
        yield build_record(line, pairs)
    told = [pair for pair in pairs if _normalise(pair[0]) not in _RATED]  # that rating is not a part's
    told = told[: limits.MOST_TOLD]
    for key, entries in within:
        for entry in entries:
            if isinstance(entry, JsonObject):
                own = [(f"{key}.{path}", text) for path, text in flatten(entry)]
                yield build_record(line, told + own)
            else:
                yield no_object(line)


def build_keyed_record(line: int, key: str, value: object) -> Record:
    """Make a record of what stands under an IMDb id: a rating, or an object. Nothing tells its kind."""
    own = flatten(value) if isinstance(value, JsonObject) else _write("rating", value)
    names = {name.lower() for name, _ in own}
    if not own:
        return no_object(line)
    # One column for all entries of the file: beside that of another name, an empty cell would mean a movie.
    kind = next((name for name in _KINDS if name in names), None)
    own = [(_KIND if name.lower() == kind else name, text) for name, text in own]
    told = [pair for pair in own if pair[0] == _KIND or pair[0].lower() not in _KINDS]
    unknown = [] if kind else [(_KIND, "unknown")]
    return build_record(line, [*([] if "imdb_id" in names else [("imdb_id", key)]), *told, *unknown])


def flatten(value: JsonObject) -> list[tuple[str, str]]:
    """Give the values within an object by their paths, as texts; lists are left out, and so is null."""
    pairs: list[tuple[str, str]] = []
    _flatten(value, "", 1, pairs)
    return pairs


def no_object(line: int) -> Record:
    """Make the record of an entry that has no named values."""
    problem = "the entry is no JSON object"
    remedy = "Each entry must hold named values, as in {...}; if the file was cut off there, export it again."
    return Record(line, {}, broken=CellError(Reason.NO_OBJECT, problem, remedy))


def _find_rated(value: JsonObject) -> Iterator[tuple[str, Sequence[object]]]:
    """Find the lists within a record whose objects are rated, if the record itself is not."""
    lists = [(key, inner) for key, inner in value if isinstance(inner, list) and inner]
    if not lists:
        return
    is_rated = any(_normalise(key) in _RATED for key, _ in value)
    for key, entries in lists:
        wanted = _normalise(key) in _PARTS or not is_rated
        if wanted and any(_is_rated(entry) for entry in entries):
            yield key, entries


def _is_rated(entry: object) -> bool:
    return isinstance(entry, JsonObject) and any(_normalise(key) in _RATED for key, _ in entry)


def _normalise(key: str) -> str:
    return key.replace("_", "").replace(" ", "").lower()


def _flatten(value: JsonObject, path: str, depth: int, pairs: list[tuple[str, str]]) -> None:
    for key, inner in value:
        name = f"{path}.{key}" if path else key
        if len(name) > limits.LONGEST_PATH:
            continue
        if inner and isinstance(inner, JsonObject | list) and _normalise(name) in _RATED:
            # Not nothing, but no rating either: such a row is told, and not passed over as unrated.
            pairs.append((name, "{...}" if isinstance(inner, JsonObject) else "[...]"))
        if isinstance(inner, JsonObject):
            if depth < DEEPEST:
                _flatten(inner, name, depth + 1, pairs)
        elif isinstance(inner, list):
            pairs += _read_guids(name, inner)
        else:
            pairs += _write(name, inner)


def _write(name: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(name, value if value.isascii() and "\0" not in value else _mend(value))]
    return [(name, str(value).lower())] if isinstance(value, bool) else []


def _read_guids(name: str, entries: Sequence[object]) -> Iterator[tuple[str, str]]:
    """Read the ids that media servers write as addresses in a list."""
    for entry in entries:
        text = entry[0][1] if isinstance(entry, JsonObject) and len(entry) == 1 else entry
        if isinstance(text, str) and (match := _match_guid(text)):
            yield f"{name}.{match[1]}", match[2]


def _mend(text: str) -> str:
    """Replace NUL and halves of characters: JSON can write them, and not every file can hold them."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
