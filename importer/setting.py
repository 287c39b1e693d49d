"""How settings are declared: once, as the fields of a frozen dataclass.

    @dataclass(frozen=True, slots=True)
    class StarsSettings:
        insecure_http: bool = setting(False, is_flag=True)
        base_url: str = setting("https://api.stars.example", is_flag=True, check=check_address("your key"))
        key: Secret = secret(check=check_word)

        @staticmethod
        def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
            if not places.place("key"):
                yield f"The key is missing: set {places.choices('key')}."

`config/sources.py` fills it in from flags, environment and the TOML file. A check gets the text and the valid
fields declared above, and yields problems. In a problem `{place}` is replaced by the source of the text,
`{base_url}` by the source of that field, and `{section}` by the section's name.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from importer.errors import Remedy
from importer.http import url_problems
from importer.secret import Secret

Check = Callable[[str, Mapping[str, Any]], Iterable[str]]


class Places(Protocol):
    """Where the settings of one section can be written, and where each was read."""

    def place(self, field: str) -> str:
        """Name the source of the value of `field`; empty if no source has one."""
        ...

    def choices(self, field: str) -> str:
        """Name the sources that could set `field`, such as a variable or a key of the file."""
        ...


class Declared(Protocol):
    """A dataclass of `setting` fields. One whose fields are all optional inherits from it."""

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield a problem for each missing field in `needs`; None means all fields that a run needs."""
        del places, needs
        return iter(())


@dataclass(frozen=True, slots=True)
class Declaration:
    """The properties of a field besides its type and its default."""

    is_flag: bool
    """Whether a flag may set it; never true for a secret, since all users of a machine can see flags."""
    is_secret: bool
    is_verbatim: bool
    """Whether blanks at both ends are part of the value."""
    check: Check | None
    read: Callable[[Any], Any] | None
    """Converts the value from a source. Raises ValueError."""


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
    """Yield a problem if the text is not safe in a header, where a line break would begin another header."""
    if not text.isascii() or not text.isprintable() or " " in text:
        yield "{place} must be one word without blanks, accents or line breaks; copy it again."


def check_address(what: str) -> Check:
    """Build the check of an address to which `what` is sent: plain http only with `insecure_http`."""

    def check(text: str, above: Mapping[str, Any]) -> Iterator[str]:
        in_clear = "" if above.get("insecure_http", True) else what
        return url_problems(text, in_clear=in_clear, section="{section}")

    return check


def check_pair(places: Places) -> Iterator[str]:
    """Yield a problem if a refresh token stands without its access token."""
    if places.place("refresh_token") and not places.place("access_token"):
        yield (
            f"{places.place('refresh_token')} stands alone: set {places.choices('access_token')} as "
            f"well, or remove it. {Remedy.SIGN_IN}"
        )


def without_slash(address: str) -> str:
    """Return the address without the slash at its end, ready for a path."""
    return address.rstrip("/")
