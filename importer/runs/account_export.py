"""An account as the source of a run: its ratings are read as an export of them would be.

```text
importer run --from trakt --to simkl          AccountExport(TRAKT).open(...)
account   Heat 9, Fargo 1x02 8, ? 7      ->   RatingJob Heat, RatingJob Fargo 1x02, InvalidRow "no_id"
a page that cannot be read, a list that
counts 629 ratings and shows 250         ->   StopRunError: nothing is sent or written
```

All ratings are read before the first is sent, and each is a row: a file of them is whole or not there.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from importer.client.account_reader import AccountReader
from importer.client.client import Client, value_of, waiting_for_network
from importer.client.rate_limit import Limiter
from importer.client.sign_in import ask_activities
from importer.client.transport import Transport
from importer.destinations.spec import DestinationSpec
from importer.destinations.titles import AccountRating
from importer.errors import AuthorizationError, StopRunError, UsageError
from importer.http import Response
from importer.interrupts import new_event_loop, run_in_loop
from importer.model import HATE, LOVE, InvalidRow, MediaKind, RatingJob, SourceRow, Status
from importer.progress import Phase, Progress
from importer.readers.cells.errors import Reason
from importer.runs.asking import open_asking
from importer.runs.destination import OpenDestination
from importer.runs.load import Destination, Source
from importer.runs.open_destination import open_login
from importer.runs.prompts import Observer
from importer.runs.rules import DestinationOptions
from importer.runs.sources import Opening, SourceSpec

_CHUNK_ROWS = 2000


@dataclass(frozen=True, slots=True)
class AccountExport:
    """All ratings of an account, read whole."""

    spec: DestinationSpec
    account: str = ""
    """The name in the settings of the account; empty for the only one."""
    kept: "list[_Reading] | None" = None
    """Keeps what was read, if it is opened more than once: all must get the same ratings."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"the ratings at {self.spec.word}"

    def ask_version(self, observer: Observer) -> str:
        """Return a text that is another one once the account's ratings have changed.

        Where the service does not tell, it is another one each time. Raises StopRunError.
        """
        if not self.spec.has_login:
            return secrets.token_hex()
        options = DestinationOptions(account=self.account)
        login = open_login(self.spec, options, observer.warned)
        try:
            activities = login.ask(ask_activities)
        except AuthorizationError as error:
            error.name_sign_in(self.spec.word, self.account)
            raise
        if not activities:
            return secrets.token_hex()
        told = f"{login.settings.base_url} {sorted(activities.items())}"
        return hashlib.sha256(told.encode()).hexdigest()

    @contextmanager
    def open(self, opening: Opening) -> Iterator[Source]:
        """Read the account.

        Raises UsageError if the run goes to it, StopRunError if it cannot be read whole.
        """
        to = opening.destination
        if self.spec.local_server is not None and to.spec.local_server is not None:
            raise UsageError("a sandbox cannot be read into a sandbox: there is only one on this machine")
        reading = self.kept[0] if self.kept else self._read(opening)
        self._check_other(reading.account, to)
        yield _make_source(reading, to.destination)

    def _read(self, opening: Opening) -> "_Reading":
        options = DestinationOptions(account=self.account)
        with open_asking(self.spec, options, opening.observer, opening.sends) as opened:
            self._check_other(opened.account, opening.destination)
            with opening.observer.watch(progress := Progress(Phase.COMPARING)):
                reading = _read_account(opened, progress, opening.sends.wait or 0.0)
        if self.kept is not None:
            self.kept.append(reading)
        return reading

    def _check_other(self, account: str, to: OpenDestination) -> None:
        if account == to.account:
            raise UsageError(f"{self.spec.word} is read and written with the same account, {account}")

    @contextmanager
    def repeatable(self) -> Iterator[SourceSpec]:
        """Give the same account, which is read once however often it is opened."""
        yield replace(self, kept=[])


def build_source(opened: OpenDestination, to: Destination, progress: Progress | None = None) -> Source:
    """Read the account, and make rows of its ratings that `to` takes, if it takes them in any form.

    Raises StopRunError if the account cannot be read whole.
    """
    return _make_source(_read_account(opened, progress or Progress()), to)


class _Reading(NamedTuple):
    """All that an account had when it was read."""

    word: str
    account: str
    ratings: Sequence[AccountRating]


def _read_account(opened: OpenDestination, progress: Progress, network_seconds: float = 0.0) -> _Reading:
    try:
        with waiting_for_network(network_seconds, progress):
            ratings = run_in_loop(_read(opened, progress, network_seconds), new_event_loop)
        return _Reading(opened.spec.word, opened.account, ratings)
    except AuthorizationError as error:
        error.name_sign_in(opened.spec.word, opened.settings_account)
        raise


def _make_source(reading: _Reading, to: Destination) -> Source:
    rows = build_rows(reading.ratings, to)
    name = f"the ratings at {reading.word} ({reading.account})"
    digest = hashlib.sha256(name.encode())
    for row in rows:
        digest.update(repr(row).encode("utf-8", "backslashreplace"))
    return Source(name, digest.hexdigest(), lambda: _Reader(rows, reading.word))


class _Reader:
    """The rows; see `readers.base.Reader`."""

    def __init__(self, rows: Sequence[SourceRow], format_name: str) -> None:
        self.format_name = format_name
        self.notes: Sequence[str] = (f"{len(rows):,} ratings of the account",)
        self._rows = rows

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows."""
        for first in range(0, len(self._rows), _CHUNK_ROWS):
            yield list(self._rows[first : first + _CHUNK_ROWS])


async def _read(
    opened: OpenDestination, progress: Progress, network_seconds: float
) -> Sequence[AccountRating]:
    """Read all kinds of ratings. Raises StopRunError."""
    access, api, account = opened.access, opened.api, opened.account
    assert api is not None
    limiter = Limiter(opened.recommended.rate, progress, get_rate=access.get_rate)
    budget = replace(access.budget, network_seconds=network_seconds)
    ratings: list[AccountRating] = []
    shared: dict[str, Response] = {}
    async with Transport(1) as transport:
        tokens = access.build_tokens(transport) if access.build_tokens else None
        client = Client(transport, limiter, tokens, budget)
        if not access.is_proven:
            await client.request(api.build_credentials_check(), api.interpret_credentials_check)
        for kind in opened.spec.reads:
            reading = value_of(await AccountReader(api, client).read(kind, shared))
            if reading.doubt:
                raise StopRunError(f"the ratings of {account} cannot be read whole: {reading.doubt}")
            ratings += reading.listed
            progress.rows_read = len(ratings)
    return ratings


def build_rows(ratings: Sequence[AccountRating], to: Destination) -> list[SourceRow]:
    """Make a row of each rating."""
    return [_build_row(row, rating, to) for row, rating in enumerate(ratings, 1)]


def _build_row(row: int, rating: AccountRating, to: Destination) -> SourceRow:
    """Build the row of a rating, by show and number or by an episode's own ids, whichever `to` takes."""
    rated_at = _as_utc(rating.rated_at)
    if (problem := _find_problem(rating)) is not None:
        reason, message = problem
        cells: tuple[object, ...] = (None,) * 9 if rating.removal is None else rating.removal[2:11]
        texts = [None if cell is None else str(cell) for cell in (*cells, rating.rating, rated_at)]
        return InvalidRow._make((row, row, *texts, Status.INVALID, reason, f"row {row}: {message}"))
    assert rating.removal is not None
    job = _as_row(rating.removal, row, rating, rated_at)
    if rating.own is not None and to.check(job) is not None:
        own = _as_row(rating.own, row, rating, rated_at).with_note(_describe_place(job))
        job = job if to.check(own) is not None else own
    return job


def _find_problem(rating: AccountRating) -> tuple[Reason, str] | None:
    if rating.removal is None:
        return Reason.NO_ID, "the account names no id of this title, nor its title and year"
    if not isinstance(rating.rating, int) and rating.rating not in {LOVE, HATE}:
        return (
            Reason.BAD_RATING,
            f"{rating.rating} is no whole number, and is not rounded; rate the title anew",
        )
    return None


def _as_row(removal: RatingJob, row: int, rating: AccountRating, rated_at: str | None) -> RatingJob:
    return removal._replace(row=row, line=row, rating=rating.rating, rated_at=rated_at)


def _describe_place(job: RatingJob) -> str:
    episode = f", episode {job.episode}" if job.kind is MediaKind.EPISODE else ""
    return f"season {job.season}{episode} of {job.title or 'a show without a title'}"


def _as_utc(rated_at: str | None) -> str | None:
    """Write an instant as rows do; a service may add a zone or fractions of a second."""
    if rated_at is None or len(rated_at) == len("2024-05-01"):
        return rated_at
    return datetime.fromisoformat(rated_at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
