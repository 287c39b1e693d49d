"""Which of the options that were said belong to which of several destinations."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from importer.destinations.spec import DestinationSpec
from importer.errors import OptionError
from importer.runs.rules import DestinationOptions, PlaceOptions


class Share(NamedTuple):
    """One of the destinations, and what was said of it."""

    to: DestinationSpec
    at: DestinationOptions


def share_out(place: PlaceOptions, at: DestinationOptions) -> Mapping[str, Share]:
    """Give each destination its options, by its label. Raises UsageError for those that only one can have."""
    places = place.places
    if len(places) > 1:
        for name in ("base_url", "account"):
            if said := getattr(at, name):
                problem = "this goes with one destination; NAME:ACCOUNT is one of several with its account"
                raise OptionError(name, problem, said)
    files = [each for each in places if each.spec.is_file]
    if at.write_to is not None and len(files) > 1:
        raise OptionError("write_to", "this goes with one file; of several each has its usual name")
    shares: dict[str, Share] = {}
    for each in places:
        if each.account and at.account:
            raise OptionError("account", f"{each.label} has named one; leave this out", at.account)
        # Without any file the first destination says that it writes none.
        write_to = at.write_to if each in files or not files else None
        own = replace(at, account=each.account or at.account, write_to=write_to)
        shares[each.label] = Share(each.spec, own)
    return shares
