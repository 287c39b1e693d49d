"""How settings are declared: once, as the fields of a frozen dataclass.

    @dataclass(frozen=True, slots=True)
    class StarsSettings:
        insecure_http: bool = setting(False, is_flag=True)
        base_url: str = setting("https://api.stars.example", is_flag=True, check=check_url)
        key: Secret = secret(check=check_word)

        @staticmethod
        def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
            if not places.place("key"):
                yield f"The key is missing: set {places.choices('key')}."

`config/sources.py` fills it in from flags, environment and the TOML file. A check gets the text and the
fields above its own that are right, and yields what is wrong; there `{place}` stands for where the text was
read, `{base_url}` for where that field was, and `{section}` for the section's name.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from importer.secret import Secret

Check = Callable[[str, Mapping[str, Any]], Iterable[str]]


class Places(Protocol):
    """Where the settings of one section can stand, and where they do."""

    def place(self, field: str) -> str:
        """Name the place that the value of `field` is taken from; empty when no source has one."""
        ...

    def choices(self, field: str) -> str:
        """Name the places where a value for `field` could be put."""
        ...


class Declared(Protocol):
    """A dataclass of `setting` fields."""

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Say what is not given but needed. `needs` None: all that a run needs."""
        ...


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is known of a field besides its type and its default."""

    is_flag: bool
    """Whether a flag may set it; no secret ever comes from one, since all users of a machine see flags."""
    is_secret: bool
    is_verbatim: bool
    """Whether blanks at both ends belong to it."""
    check: Check | None
    read: Callable[[Any], Any] | None
    """From what a source holds to the value. Raises ValueError."""


def setting(
    default: object,
    *,
    is_flag: bool = False,
    is_secret: bool = False,
    check: Check | None = None,
    read: Callable[[Any], Any] | None = None,
    shows: bool = True,
) -> Any:
    """Declare a field; `shows` False keeps it out of every repr."""
    declaration = Declaration(is_flag, is_secret, is_verbatim=False, check=check, read=read)
    return field(default=default, repr=shows, metadata={"declaration": declaration})


def secret(
    *, is_verbatim: bool = False, check: Check | None = None, read: Callable[[str], str] | None = None
) -> Any:
    """Declare a field that holds a secret, an empty one by default."""
    declaration = Declaration(is_flag=False, is_secret=True, is_verbatim=is_verbatim, check=check, read=read)
    return field(default=Secret(""), metadata={"declaration": declaration})


def check_word(text: str, _above: Mapping[str, Any]) -> Iterator[str]:
    """Refuse what may not travel in a header, where a line break would begin another header."""
    if not text.isascii() or not text.isprintable() or " " in text:
        yield "{place} must be one word without blanks, accents or line breaks; copy it again."


def without_slash(address: str) -> str:
    """Give an address as paths are put behind it."""
    return address.rstrip("/")
