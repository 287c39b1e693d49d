"""Where ratings go: usually one destination, and which options belong to which of several.

```text
--to simkl --to trakt:ada     PlaceOptions(("simkl", "trakt:ada"))
place.places                  [Place(SIMKL), Place(TRAKT, "ada")]
share_out(place, at)          {"simkl": Share(SIMKL, at), "trakt:ada": Share(TRAKT, at with the account ada)}
```
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, NamedTuple

from importer.destinations.registry import DEFAULT, check_word, choose, list_words
from importer.destinations.spec import DestinationSpec
from importer.errors import OptionError
from importer.option import option
from importer.runs.rules import DestinationOptions


class Api(StrEnum):
    """The APIs of the sandbox."""

    V1 = "v1"
    V2 = "v2"
    SIMKL = "simkl"
    MDBLIST = "mdblist"
    TMDB = "tmdb"


class Place(NamedTuple):
    """One destination, and whose account there: `simkl:anna` is that of [accounts.anna]."""

    spec: DestinationSpec
    account: str = ""

    @property
    def label(self) -> str:
        """How it is typed, and what the lines of a results file of several destinations call it."""
        return ":".join(filter(None, (self.spec.word, self.account)))


def _check_to(typed: Sequence[str]) -> tuple[str, ...] | None:
    for number, label in enumerate(typed):
        word, colon, account = label.partition(":")
        check_word(word, list_words())
        if colon and not account:
            raise OptionError("to", "name an account behind the colon, or leave it out", label)
        if label in typed[:number]:
            raise OptionError("to", "the same destination twice; another account is NAME:ACCOUNT", label)
    return tuple(typed) or None


WHERE_TO = f"The destination: {', '.join(list_words())}. Usually it is {DEFAULT}."


@dataclass(frozen=True, slots=True)
class PlaceOptions:
    """Which destinations, usually one. None means: the one that the input names, else the usual one."""

    heading: ClassVar[str] = "Where the ratings go"

    to: tuple[str, ...] | None = option(
        WHERE_TO,
        metavar="DESTINATION",
        typed=list[str] | None,
        parse=_check_to,
        values=list_words,
    )
    api: Api | None = option("Which API the sandbox speaks; usually v2, that of Trakt today.")

    @property
    def places(self) -> Sequence[Place]:
        """The destinations that were said, or the usual one."""
        labels = (label.partition(":") for label in self.to or (DEFAULT,))
        return [Place(choose(word, self.api), account) for word, _, account in labels]

    @property
    def spec(self) -> DestinationSpec:
        """The only destination. Raises UsageError for several, and for an account."""
        place, *others = self.places
        if others:
            problem = "only a run, its retry and a sync job take several destinations; name one"
            raise OptionError("to", problem, " ".join(self.to or ()))
        if place.account:
            raise OptionError("to", "here the account is an option of its own", place.label)
        return place.spec


class Share(NamedTuple):
    """One of the destinations, and what was said of it."""

    to: DestinationSpec
    at: DestinationOptions


def share_out(place: PlaceOptions, at: DestinationOptions) -> Mapping[str, Share]:
    """Give each destination its options, by its label. Raises UsageError for those that only one can have."""
    _check_to(place.to or ())  # also those that a file names
    places = place.places
    if len(places) > 1:
        for name in ("base_url", "account"):
            if said := getattr(at, name):
                problem = "this goes with one destination; NAME:ACCOUNT is one of several with its account"
                raise OptionError(name, problem, said)
    files = [each for each in places if each.spec.is_file]
    if at.write_to is not None and len(files) > 1:
        raise OptionError("write_to", "this goes with one file; of several each has its usual name")
    has_sandbox = any(each.spec.local_server is not None for each in places)
    shares: dict[str, Share] = {}
    for each in places:
        if each.account and at.account:
            raise OptionError("account", f"{each.label} has named one; leave this out", at.account)
        # What fits none of them is left to the first, which says so.
        write_to = at.write_to if each in files or not files else None
        any_title = at.any_title and (each.spec.local_server is not None or not has_sandbox)
        own = replace(at, account=each.account or at.account, write_to=write_to, any_title=any_title)
        shares[each.label] = Share(each.spec, own)
    return shares
