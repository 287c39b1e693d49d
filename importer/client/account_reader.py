"""Reads the account's ratings: before sending, before sending something twice, and afterwards.

A reading is complete unless it contradicts itself. A rating that is in the list may always be relied on;
the absence of a rating only if the reading is complete:

```text
page 1: 250, counted 629   page 2: 250   page 3: 129        complete
page 1: 250, counted 629   page 2: the same titles          "it shows the same titles on two pages"
page 1:   0, counted 629   page 2:   0   page 3:   0        "it counts 629 ratings and shows 0"
page 1: 250, one of them rated "?"                          "has 1 entries that cannot be understood"
```

Such a list is read again after 2 and 5 seconds, since another program may change ratings meanwhile.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from importer.client.client import Client, Trace
from importer.destinations.base import Destination
from importer.destinations.decisions import Decision, Done
from importer.destinations.titles import AccountRating, AccountRatings, PageQuery, RatingsPage
from importer.errors import ConnectionLostError
from importer.http import Response
from importer.model import MediaKind

REREAD_PAUSES = (2.0, 5.0)
"""Seconds until a list that contradicts itself is read again."""


class AccountReading(NamedTuple):
    """The ratings in the account's list. With a `doubt` the account may have others as well."""

    ratings: AccountRatings
    doubt: str = ""
    listed: Sequence[AccountRating] = ()
    """The ratings in their order."""

    @property
    def is_complete(self) -> bool:
        """Whether a title that is not among them is not rated."""
        return not self.doubt


class AccountReader:
    """Reads the account's ratings, page by page."""

    def __init__(self, destination: Destination, client: Client) -> None:
        self._destination = destination
        self._client = client

    async def read(
        self, kind: MediaKind, shared: dict[str, Response] | None = None
    ) -> Decision[AccountReading]:
        """Read all pages, with retries, and read them again while they contradict each other.

        `shared` keeps, by address, the answers that are read for other kinds as well. Returns Done, or the
        Stop that ended it.
        """
        decision = await self._read_pages(kind, True, {} if shared is None else shared)
        for pause_seconds in REREAD_PAUSES:
            if not isinstance(decision, Done) or decision.value.is_complete:
                break
            await asyncio.sleep(pause_seconds)
            decision = await self._read_pages(kind, True, {})
        return decision

    async def read_all(self, kinds: Iterable[MediaKind], *, retries: bool = True) -> Decision[AccountReading]:
        """Read these kinds as `read` does, up to the first that cannot be read; one doubt counts for all.

        Without `retries` each page has one attempt: a Retry is returned to the caller, who counts it.
        """
        ratings: dict[str, AccountRating] = {}
        doubt = ""
        shared: dict[str, Response] = {}
        for kind in sorted(kinds):
            reading = self.read(kind, shared) if retries else self._read_pages(kind, False, shared)
            decision = await reading
            if not isinstance(decision, Done):
                return decision
            ratings.update(decision.value.ratings)
            doubt = doubt or decision.value.doubt
        return Done(AccountReading(ratings, doubt))

    async def _read_pages(
        self, kind: MediaKind, retries: bool, shared: dict[str, Response]
    ) -> Decision[AccountReading]:
        ratings: dict[str, AccountRating] = {}
        titles: set[str] = set()
        listed: list[AccountRating] = []
        entries = counted = unread = 0
        query: PageQuery | None = PageQuery(kind)
        while query is not None:
            decision = await self._read_page(query, retries, shared)
            if not isinstance(decision, Done):
                return decision
            page = decision.value
            ratings.update(page.ratings)
            if not titles.isdisjoint(page.titles):
                # At once, since a server that repeats its first page has no last page.
                doubt = f"the list of {kind}s shows the same titles on two pages"
                return Done(AccountReading(ratings, doubt))
            titles |= page.titles
            listed += page.listed
            unread += page.unread
            entries += page.entries
            counted = page.counted or counted
            query = page.next_page
        if entries < counted:
            doubt = f"the list of {kind}s counts {counted:,} ratings and shows {entries:,}"
            return Done(AccountReading(ratings, doubt))
        if unread:
            doubt = f"the list of {kind}s has {unread:,} entries that cannot be understood"
            return Done(AccountReading(ratings, doubt))
        return Done(AccountReading(ratings, listed=listed))

    async def _read_page(
        self, query: PageQuery, retries: bool, shared: dict[str, Response]
    ) -> Decision[RatingsPage]:
        request = self._destination.build_read_back(query)
        if request.url in shared:
            return self._destination.read_ratings(query, shared[request.url])

        def read(answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
            decision = self._destination.read_ratings(query, answer)
            if isinstance(decision, Done) and decision.value.is_shared and isinstance(answer, Response):
                shared[request.url] = answer
            return decision

        if retries:
            return await self._client.decide(request, read)
        return await self._client.attempt(request, read, Trace())
