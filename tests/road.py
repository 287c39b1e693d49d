"""The whole road in one process: a file, a journal, a sandbox in a thread, and the results that come out.

Both sides run on hurried time, so that the waits of the protocol do not hold up the tests.
"""

import asyncio
import csv
import hashlib
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from importer.cli.prompts import find_prompts
from importer.client.client import Client
from importer.client.sign_in import AccountInfo, sign_in
from importer.client.transport import Transport
from importer.destinations.base import Destination
from importer.destinations.dates import Dates
from importer.destinations.registry import find
from importer.destinations.sign_in import TokenSet
from importer.destinations.trakt.api import TraktV2
from importer.destinations.trakt.sign_in import TraktApp, read_refresh
from importer.destinations.trakt_v1.api import TraktV1
from importer.journal import Journal
from importer.journal.history import PastRun, find_run, list_runs
from importer.model import RESULT_COLUMNS
from importer.readers import ReadOptions
from importer.runs import send as sending
from importer.runs.access import Access
from importer.runs.again import ChangesOfRun, ResultsFile
from importer.runs.conflicts import Conflict, OnConflict
from importer.runs.destination import OpenDestination
from importer.runs.import_run import ImportRun
from importer.runs.prompts import Prompts, Unattended
from importer.runs.results_csv import write_results
from importer.runs.rules import RunRules, SendOptions
from importer.runs.run_report import RunReport
from importer.runs.sources import ExportFile, Opening, SourceSpec
from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.catalogue import ID_NAMES, Catalogue, Kind, Wanted
from importer.sandbox.services import SERVICES, Service
from importer.sandbox.store import LoggedRequest, Store
from importer.sandbox.titles import Title
from importer.secret import Secret
from tests.hurried_time import HurriedLoop, run_hurried

_Result = TypeVar("_Result")

WAYS = ("single", "bulk", "v2")
"""v1 with a request for each row, v1 in bulk, and today's API."""

OPEN = {"any_title": True, "post_rate": None, "get_rate": None, "auto_approve": True, "device_interval": 0}
"""A sandbox that knows every title, lets everybody in and has no limits."""

_CATALOGUE = Catalogue(any_title=True)


def find_title(imdb_id: str, kind: Kind = Kind.MOVIE, season: int = 0, episode: int = 0) -> Title:
    """Find a title as the sandbox knows it; seasons and episodes by their show's id."""
    whole = Kind.MOVIE if kind is Kind.MOVIE else Kind.SHOW
    title = _CATALOGUE.find(whole, Wanted(imdb_id=imdb_id), ID_NAMES)
    if title is not None and kind is Kind.SEASON:
        title = _CATALOGUE.find_season(title, season)
    elif title is not None and kind is Kind.EPISODE:
        title = _CATALOGUE.find_episode(title, season, episode)
    assert title is not None
    return title


def open_api(destination: Destination, workers: int = 8, access: Access | None = None) -> OpenDestination:
    """A destination as a run has it when it is open."""
    spec = find(destination.name)
    assert spec is not None
    return OpenDestination(spec, destination.account, destination, SendOptions(workers), access or Access())


class Server:
    """A sandbox in a thread of its own; what it holds is asked for through its own event loop."""

    def __init__(self, sandbox: Sandbox, loop: asyncio.AbstractEventLoop) -> None:
        self.url = sandbox.url
        self._sandbox = sandbox
        self._loop = loop

    def stored_movies(self) -> dict[str | None, float | str]:
        """The movies the account has rated, by IMDb id."""
        rated = self._ask(lambda: self._sandbox.store.ratings("demo", Kind.MOVIE))
        return {each.title.imdb_id: each.rating for each in rated}

    def stored(self) -> dict[tuple[Kind, str], tuple[float, int]]:
        """All that the account holds, by kind and key: rating and date."""
        rated = self._ask(lambda: [each for kind in Kind for each in self.store.ratings("demo", kind)])
        return {(each.title.kind, each.title.key): (each.rating, each.rated_at) for each in rated}

    def rate(self, title: Title | str, rating: float, rated_at: int | None = None) -> None:
        """Rate on the account past the importer, as its owner may; a text is a movie's IMDb id."""
        found = find_title(title) if isinstance(title, str) else title
        self._ask(lambda: self.store.put_rating("demo", found, rating, rated_at))

    def unrate(self, title: Title | str) -> None:
        """Remove a rating past the importer."""
        found = find_title(title) if isinstance(title, str) else title
        self._ask(lambda: self.store.remove_rating("demo", found))

    @property
    def store(self) -> Store:
        """What the sandbox remembers; its methods may be replaced, but are called in its thread only."""
        return self._sandbox.store

    def requests(self, path: str = "") -> list[LoggedRequest]:
        """The requests to paths that start so, in their order."""
        return self._ask(lambda: self.store.requests(path))

    def count_sent_rows(self) -> int:
        """Rows that were rated or removed, whichever API took them."""
        requests = [*self.requests("rate/"), *self.requests("sync/ratings")]
        return sum(each.rows for each in requests if each.method == "POST")

    def count_rating_requests(self) -> int:
        return len(self._ask(lambda: self._sandbox.store.requests("rate/")))

    def list_statuses(self, path: str, method: str = "POST") -> list[int]:
        """The HTTP statuses of the requests to a path, in their order."""
        requests = self._ask(lambda: self._sandbox.store.requests(path))
        return [request.status for request in requests if request.method == method]

    def count_posts(self) -> int:
        """How often something appeared on the account's social feed."""
        return sum(self._ask(lambda: self._sandbox.store.posts("demo")).values())

    def _ask(self, question: Callable[[], _Result]) -> _Result:
        async def ask() -> _Result:
            return question()

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result(20)


@contextmanager
def running_sandbox(*faults: str, **options: Any) -> Iterator[Server]:
    """Run a sandbox whose account shares its ratings on one social network; `services` are those it has."""
    services: Sequence[Service] = options.pop("services", SERVICES)
    options = {"social": ("twitter",)} | options
    servers: queue.Queue[Server] = queue.Queue()
    until = asyncio.Event()

    async def serve() -> None:
        async with Sandbox(SandboxOptions(faults=faults, **options), services=services) as sandbox:
            servers.put(Server(sandbox, asyncio.get_running_loop()))
            await until.wait()

    thread = threading.Thread(target=run_hurried, args=(serve(),), daemon=True)
    thread.start()
    server = servers.get(timeout=20)
    try:
        yield server
    finally:
        server._loop.call_soon_threadsafe(until.set)
        thread.join(20)


class SandboxTokens:
    """Signs in to a sandbox that approves by itself; renewing is done with the refresh token, and counted."""

    renewals = 0

    def __init__(self, url: str, transport: Transport, kept: dict[str, TokenSet] | None = None) -> None:
        """Sign in when first asked; `kept` outlives the connection, as a token store does."""
        self._app = TraktApp(url, "sandbox-client", Secret("sandbox-secret"))
        self._transport = transport
        self._url = url
        self._kept = {} if kept is None else kept
        self._lock = asyncio.Lock()

    async def access_token(self) -> str:
        async with self._lock:
            if self._url not in self._kept:
                nothing = lambda *_: None  # noqa: E731
                self._kept[self._url] = await sign_in(self._transport, self._app, nothing, nothing)
        return self._kept[self._url].access_token.reveal()

    async def renew(self, stale: str) -> None:
        async with self._lock:
            tokens = self._kept[self._url]
            if tokens.access_token.reveal() != stale:
                return
            SandboxTokens.renewals += 1
            assert tokens.refresh_token is not None
            request = self._app.build_refresh(tokens.refresh_token)
            client = Client.for_questions(self._transport)
            found = await client.request(request, lambda answer: read_refresh(answer, 0))
            assert isinstance(found, TokenSet)
            self._kept[self._url] = found


class Agreeing(Unattended):
    """Says yes to everything."""

    def __init__(self) -> None:
        super().__init__(assume_yes=True)

    def check_can_choose(self) -> None:
        """There is somebody."""

    def choose_rating(self, conflict: Conflict) -> bool:
        """Overwrite what the account holds."""
        del conflict
        return False


class Road:
    """One user's machine: an input file, a results file and a journal that stays from run to run."""

    def __init__(
        self,
        folder: Path,
        *,
        bulk: bool = False,
        is_v2: bool = False,
        love: int | None = None,
        hate: int | None = None,
    ) -> None:
        self.file = folder / "ratings.csv"
        self.results = folder / "results.csv"
        self._journals = folder / "journals"
        self._bulk = bulk
        self.is_v2 = is_v2
        self._love, self._hate = love, hate
        self._tokens: dict[str, TokenSet] = {}
        self.account_info: AccountInfo | None = None
        """What was asked about the account before; by default nothing."""

    @classmethod
    def by(cls, way: str, folder: Path) -> "Road":
        """Build the road of one of `WAYS`."""
        return cls(folder, bulk=way == "bulk", is_v2=way == "v2")

    def write(self, *lines: str, header: str = "imdb_id,rating") -> None:
        self.file.write_text("\n".join([header, *lines]) + "\n", "utf-8")

    def run(
        self,
        url: str,
        *,
        on_conflict: OnConflict = OnConflict.NEWEST,
        mirror: bool = False,
        dry_run: bool = False,
        **options: Any,
    ) -> RunReport:
        rules = RunRules.for_import(on_conflict, mirror=mirror)
        return self._import(url, self.source, rules, dry_run=dry_run, **options)

    def retry(
        self,
        url: str,
        what: object = None,
        *,
        every: bool = False,
        past: PastRun | None = None,
        on_conflict: OnConflict = OnConflict.NEWEST,
        dry_run: bool = False,
        **options: Any,
    ) -> RunReport:
        """Try again what failed in a results file or a run; `past` is the run of a file."""
        name = str(what or self.results)
        given = ResultsFile(name, every, past if Path(name).exists() else self.find_run(name))
        return self._import(url, given, RunRules.for_retry(on_conflict), dry_run=dry_run, **options)

    def undo(
        self, url: str, run_id: str, *, force: bool = False, dry_run: bool = False, **options: Any
    ) -> RunReport:
        given = ChangesOfRun(self.find_run(run_id), force)
        rules = RunRules.for_undo(given.past, force=force)
        return self._import(url, given, rules, dry_run=dry_run, **options)

    def run_as_typed(
        self,
        url: str,
        *,
        asks: bool = True,
        guard_percent: int = 20,
        on_conflict: OnConflict = OnConflict.NEWEST,
        mirror: bool = False,
    ) -> RunReport:
        """Import the file as the command does, with the questions that it asks."""
        rules = RunRules.for_import(on_conflict, mirror=mirror).guarded_at(guard_percent)
        with self.open_run(url, self.source, rules, prompts=find_prompts(assume_yes=not asks)) as run:
            return run.execute()

    def _import(
        self, url: str, what: SourceSpec, rules: RunRules, *, dry_run: bool, **options: Any
    ) -> RunReport:
        rules = rules.as_dry_run() if dry_run else rules
        with self.open_run(url, what, rules, SendOptions(**options)) as run:
            return run.execute()

    @contextmanager
    def open_run(
        self,
        url: str,
        what: SourceSpec,
        rules: RunRules,
        options: SendOptions | None = None,
        results: Path | None = None,
        prompts: Prompts | None = None,
    ) -> Iterator[ImportRun]:
        """Open a run on this machine, whose clock runs fast."""
        destination, out = self.open_destination(url), results or self.results
        prompts = prompts or Agreeing()
        with (
            self.open_journal() as journal,
            patch.object(sending, "new_event_loop", HurriedLoop),
            what.open(Opening(destination, journal, prompts, out)) as source,
        ):
            yield ImportRun(source, destination, journal, rules, options or SendOptions(), out, prompts)

    def find_run(self, run_id: str) -> PastRun:
        return find_run(self._journals, run_id)

    def list_runs(self) -> list[PastRun]:
        return list_runs(self._journals)

    def open_journal(self) -> AbstractContextManager[Journal]:
        return Journal(self._journals, "account")

    def crash_after_marking_rows(self, rows: int = 1000, on_conflict: OnConflict = OnConflict.NEWEST) -> None:
        """Plan a run and mark its rows as sending, and do no more: what a crash leaves behind."""
        with self.open_journal() as journal:
            destination = open_api(self.build_destination("http://127.0.0.1:1"))
            opening = Opening(destination, journal, Unattended(), self.results)
            with self.source.open(opening) as source:
                planned = ImportRun(source, destination, journal, RunRules.for_import(on_conflict)).load()
            planned.run.claim(0, rows)

    @property
    def source(self) -> ExportFile:
        """The file, as a command names it."""
        return ExportFile(str(self.file), ReadOptions(), shown="ratings.csv")

    def open_destination(self, url: str) -> OpenDestination:
        """Say how the account is reached."""
        tokens = partial(SandboxTokens, url, kept=self._tokens) if self.is_v2 else None
        workers = 4 if self.is_v2 else 8
        access = Access(build_tokens=tokens, account_info=self.account_info)
        opened = open_api(self.build_destination(url), workers, access)
        return replace(opened, account_info=self.account_info)

    def build_destination(self, url: str) -> Destination:
        if self.is_v2:
            dates = Dates(datetime.now(UTC))
            return TraktV2(url, "sandbox-client", "demo", dates, self._love, self._hate)
        digest = hashlib.sha1(b"demo").hexdigest()
        return TraktV1(url, "demo", "sandbox-key", digest, bulk=self._bulk)

    def write_results(self, *lines: Mapping[str, object]) -> None:
        """Write a results file as an earlier run would have left it: movies, numbered from 1."""
        numbered = [
            {"row": row, "line": row + 1, "kind": "movie", **line} for row, line in enumerate(lines, 1)
        ]
        write_results(self.results, [[line.get(name) for name in RESULT_COLUMNS] for line in numbered])

    def read_results(self) -> list[dict[str, str]]:
        with self.results.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    @property
    def statuses(self) -> Sequence[str]:
        return [row["status"] for row in self.read_results()]
