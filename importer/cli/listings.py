"""`importer formats` and `importer destinations`: what is read, and where it can go."""

from collections.abc import Iterable, Sequence

from importer.destinations.registry import DESTINATIONS
from importer.readers.registry import FORMATS


def formats() -> None:
    """List the export formats that are read."""
    _print_list(FORMATS)


def destinations() -> None:
    """List the destinations and what each can do."""
    _print_list(DESTINATIONS)


def _print_list(entries: Iterable[Sequence[str]]) -> None:
    for entry in entries:
        name, *facts = entry._asdict().items()  # type: ignore[attr-defined]
        print(name[1])
        for title, text in facts:
            print(f"    {title.replace('_', ' ') + ':':14} {text}")
