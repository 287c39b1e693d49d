"""`importer formats` and `importer destinations`: what is read, and where it can go."""

from collections.abc import Iterable, Mapping

from importer.destinations.registry import list_descriptions
from importer.readers.registry import FORMATS


def formats() -> None:
    """List the export formats that are read."""
    _print_list({key.replace("_", " "): text for key, text in note._asdict().items()} for note in FORMATS)


def destinations() -> None:
    """List the destinations and what each can do."""
    _print_list(list_descriptions())


def _print_list(entries: Iterable[Mapping[str, str]]) -> None:
    for entry in entries:
        (_, name), *facts = entry.items()
        print(name)
        for title, text in facts:
            print(f"    {title + ':':14} {text}")
