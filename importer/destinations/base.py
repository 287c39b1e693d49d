"""The interface of destinations: pure rules that turn batches into requests and answers into decisions.

A destination never waits and never sends; `client/` does both and follows the decisions. So everything that
an API's documentation says about answers is in one place, and tested as a table.
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
        """The name that plans and journals use."""
        ...

    @property
    def account(self) -> str:
        """The account and its server, without secrets. Runs with the same text never overlap."""
        ...

    @property
    def batch_size(self) -> int:
        """The most jobs in one request."""
        ...

    @property
    def repeats_safely(self) -> bool:
        """Whether a batch may be sent twice without harm; if not, the client reads the account back first."""
        ...

    @property
    def keeps_dates(self) -> bool:
        """Whether a rating keeps its row's date; if not, it is dated when it arrives."""
        ...

    def check(self, job: RatingJob) -> Outcome | None:
        """Return why this API cannot take the job, or None if it can."""
        ...

    def as_stored(self, job: RatingJob) -> RatingJob:
        """Return the job as the account will store and list it.

        It has a number in place of `love` where the API knows no words, and no ids that the API neither takes
        nor lists: such a row is found by its title and year, as the server finds it.
        """
        ...

    def request_kind(self, job: RatingJob) -> str:
        """Name the kind of request that sends the job; a batch has jobs of one kind."""
        ...

    def build_request(self, batch: Batch) -> Request:
        """Build the request that sends a batch."""
        ...

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        """Decide on the answer to a batch."""
        ...

    def build_credentials_check(self) -> Request:
        """Build the request that checks the credentials before the first rating is sent."""
        ...

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        """Decide on the answer: `Done(None)` lets the run begin."""
        ...

    def build_read_back(self, query: PageQuery) -> Request:
        """Build the request that reads a page of the account's ratings of one kind."""
        ...

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        """Read that page; it names the page to read next."""
        ...


class IdFinder(Protocol):
    """Finds a service's own ids for rows that have others, before they are compared or sent. Pure."""

    @property
    def kept_as(self) -> str:
        """The name under which its answers are cached."""
        ...

    def question_of(self, job: RatingJob, /) -> str | None:
        """Return what has to be asked for a row, equal for rows of one title; None if it needs no ids."""
        ...

    def build_find(self, question: str) -> Request:
        """Ask it."""
        ...

    def read_find(self, answer: Response | ConnectionLostError, /) -> Decision[Found]:
        """Read the titles of an answer."""
        ...

    def take_found(self, job: RatingJob, found: Found, /) -> RatingJob | Outcome:
        """Return the row with the ids, or what becomes of it if it has none."""
        ...


class Search(Protocol):
    """The title search of a service. All methods are pure, and no sign-in is needed."""

    @property
    def base_url(self) -> str:
        """The address of the server."""
        ...

    @property
    def kept_as(self) -> str:
        """The name under which its answers are cached."""
        ...

    def build_exact_search(
        self, title: str, kinds: Collection[MediaKind], year: int | None = None
    ) -> Request | None:
        """Ask for titles with this name, all of them or those of a year; None if there is no such search."""
        ...

    def read_exact_search(self, answer: Response | ConnectionLostError, /) -> Decision[Found | Unsearchable]:
        """Read the titles of an answer."""
        ...

    def build_search(
        self, title: str, years: range | None, kinds: Collection[MediaKind]
    ) -> Request | Unsearchable:
        """Ask for titles with a similar name, if possible of these years; None means any year."""
        ...

    def read_search(self, answer: Response | ConnectionLostError, /) -> Decision[Found | Unsearchable]:
        """Read the titles of an answer."""
        ...

    def build_lookup(self, source: str, value: str) -> Request | Unsearchable:
        """Ask for the titles with an id, such as `tmdb` and `603`."""
        ...

    def read_lookup(
        self, answer: Response | ConnectionLostError, source: str, value: str
    ) -> Decision[Found | Unsearchable]:
        """Read the titles with that id."""
        ...
