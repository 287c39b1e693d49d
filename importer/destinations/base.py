"""What a destination is: pure rules that turn batches into requests and answers into decisions.

A destination never waits and never sends; `client/` does, and obeys the decisions. Everything an API's
documentation says about an answer therefore stands in one table-tested place.
"""

from collections.abc import Collection
from typing import Protocol

from importer.destinations.decisions import BatchDecision, Decision
from importer.destinations.titles import Found, PageQuery, RatingsPage, Unsearchable
from importer.errors import ConnectionLostError
from importer.http import Request, Response
from importer.model import Batch, MediaKind, Outcome, RatingJob


class Destination(Protocol):
    """One API, for one account. All methods are pure."""

    @property
    def name(self) -> str:
        """The `--to` word."""
        ...

    @property
    def account(self) -> str:
        """Whose ratings these are and where, without secrets: runs with the same text never overlap."""
        ...

    @property
    def batch_size(self) -> int:
        """How many jobs go into one request at most."""
        ...

    @property
    def repeats_safely(self) -> bool:
        """Whether sending a batch again does no harm when the first did arrive; else read back first."""
        ...

    @property
    def keeps_dates(self) -> bool:
        """Whether a rating is dated as its row is, rather than when it arrives."""
        ...

    def check(self, job: RatingJob) -> Outcome | None:
        """Say why this API cannot take the job at all, or None if it can."""
        ...

    def as_stored(self, job: RatingJob) -> RatingJob:
        """The job as the account will hold it: with a love, say, as the number it is sent as."""
        ...

    def request_kind(self, job: RatingJob) -> str:
        """Name the kind of request the job travels in; jobs of one kind share batches."""
        ...

    def build_request(self, batch: Batch) -> Request:
        """Build the request that sends the batch."""
        ...

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        """Decide on what came back for the batch."""
        ...

    def build_credentials_check(self) -> Request:
        """Build the request that proves the credentials before the first rating."""
        ...

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        """Decide on the answer: `Done(None)` lets the run begin."""
        ...

    def build_read_back(self, query: PageQuery) -> Request:
        """Build the request that reads a page of the account's ratings of one kind."""
        ...

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        """Read that page, and what is to be read after it."""
        ...


class Search(Protocol):
    """The search of a service that has one. All methods are pure, and no sign-in is needed."""

    @property
    def base_url(self) -> str:
        """Where it is served."""
        ...

    @property
    def kept_as(self) -> str:
        """The name its answers are kept under."""
        ...

    def build_exact_search(self, title: str, kinds: Collection[MediaKind]) -> Request | None:
        """Ask for titles of this very name; None if these kinds cannot be asked for so."""
        ...

    def read_exact_search(self, answer: Response | ConnectionLostError, /) -> Decision[Found | Unsearchable]:
        """Read the titles of an answer."""
        ...

    def build_search(self, title: str, years: range | None, kinds: Collection[MediaKind]) -> Request:
        """Ask for titles with a name like this, if possible of these years; None: of any year."""
        ...

    def read_search(self, answer: Response | ConnectionLostError, /) -> Decision[Found | Unsearchable]:
        """Read the titles of an answer."""
        ...

    def build_lookup(self, source: str, value: str) -> Request:
        """Ask for the titles that carry an id, such as `tmdb` and `603`."""
        ...

    def read_lookup(
        self, answer: Response | ConnectionLostError, source: str, value: str
    ) -> Decision[Found | Unsearchable]:
        """Read the titles that carry it."""
        ...
