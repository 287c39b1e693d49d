"""The source of a sync job: a file, the newest of several, or a download, asked for only if it changed.

```text
"~/exports/*.csv"                the newest file, but for those   its hash is the version
                                 that the importer wrote there
"https://example.org/r.csv?k=1"  GET, If-None-Match: "abc"
                                 304: the copy is up to date
                                 302: again, if that is as safe   see _follow and AddressGuard
                                 200: replaces the copy           its hash and ETag are the version
```

An address may hold a key, so messages name its host and nothing more.
"""

import asyncio
import errno
import glob
import hashlib
import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from importer import limits
from importer.client.client import Client
from importer.client.transport import HttpSender, Transport
from importer.destinations.decisions import LOSSES, Decision, Done, Effect, Retry, RetryPolicy
from importer.destinations.policies import ask_again
from importer.errors import (
    ConnectionLostError,
    Loss,
    StopRunError,
    UnknownFormatError,
    UnreachableError,
    UnreadableFileError,
)
from importer.files import write_privately
from importer.http import Request, Response, host_of, read_retry_after, url_problems
from importer.interrupts import run_in_loop
from importer.matching.match_file import MATCH_COLUMNS
from importer.model import RESULT_COLUMNS
from importer.plans.model import PLAN_COLUMNS
from importer.runs.account_export import AccountExport
from importer.runs.load import fingerprint_file
from importer.runs.outputs import begins_with
from importer.runs.sources import ExportFile, SourceSpec
from importer.sync.config import SyncJob

MOST_REDIRECTS = 5

DEADLINE_SECONDS = 900
"""For the whole download: all redirects, all attempts, all waits."""

_OURS = (RESULT_COLUMNS, PLAN_COLUMNS, MATCH_COLUMNS)
_NO_SUCH_FILE = "there is no such file"
_REDIRECTS = {301, 302, 303, 307, 308}
_REMEDY = "Correct the source of the job."
_DOWNLOAD = RetryPolicy(
    attempts=4,
    first_wait_seconds=2,
    exponential=True,
    stop_message="{reason}. Sync again later.",
    error=UnreachableError,
)
_CONNECTION = replace(_DOWNLOAD, attempts=5)
"""30 s in all: a machine that wakes up needs that long to find its network."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a source: the hash of its content, and its server's names for it (RFC 9110, 8.8)."""

    digest: str = ""
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A source that is ready to read. `name` is for messages and contains no key."""

    path: Path
    name: str
    version: Version


def fetch(job: SyncJob, copy: Path, known: Version) -> Fetched:
    """Return the job's file, or download it to `copy` unless the `known` version there is the newest.

    Raises UnreadableFileError, or StopRunError if the server cannot be reached now.
    """
    if job.is_download:
        has_copy = bool(known.digest) and copy.is_file() and hash_file(copy) == known.digest
        return run_in_loop(_download(job, copy, known if has_copy else Version()))
    path = job.content or find_newest(job.source)
    return Fetched(path, job.source if job.content else str(path), Version(hash_file(path)))


def spec_of(job: SyncJob, fetched: Fetched, match_file: Path) -> SourceSpec:
    """Return what a run of the job opens: the file that was fetched, or the account."""
    if job.origin.spec is not None:
        return AccountExport(job.origin.spec, job.origin.from_account)
    files = job.files
    return ExportFile(str(fetched.path), job.reading, files.resolved, fetched.name, files.match, match_file)


@contextmanager
def withhold_content(job: SyncJob, fetched: Fetched) -> Iterator[None]:
    """Remove the column names of an unknown download from errors.

    The download may be a page of a router instead of an export, and other people read logs and notifications.
    """
    try:
        yield
    except UnknownFormatError:
        if not job.is_download:
            raise
        remedy = f"Look at its copy, {fetched.path}, and correct the source of the job."
        raise UnreadableFileError(
            fetched.name, "its server sent a file of no known format", remedy=remedy
        ) from None


def find_newest(pattern: str) -> Path:
    """Find a file by name or pattern; of several the one changed last. Raises UnreadableFileError.

    A pattern passes over what the importer wrote itself: `ratings*.csv` fits ratings.results.csv, too.
    """
    path = Path(pattern)
    if path.is_file():
        return path
    # Path.glob takes no pattern that begins at the root.
    names = glob.glob(pattern, recursive=True)  # noqa: PTH207
    found = [each for name in names if (each := Path(name)).is_file()]
    found.sort(key=lambda each: (each.stat().st_mtime_ns, each.name), reverse=True)
    newest = next((each for each in found if not any(map(partial(begins_with, each), _OURS))), None)
    if newest is None:
        problem = "only results, plans and match files of the importer fit" if found else _NO_SUCH_FILE
        remedy = "Correct the source of the job, or put the file there."
        raise UnreadableFileError(pattern, problem, remedy=remedy)
    return newest


class AddressGuard:
    """Refuses addresses inside this network once a redirect comes from outside.

    Otherwise an outside server could make us read files of a router or of this machine as ratings. The check
    is on the connected address, since a name may resolve to another one each time.
    """

    def __init__(self) -> None:
        self.follows_redirect = False
        self.has_refused = False
        self._was_outside = False

    def check(self, address: str) -> None:
        """Check an IP address before it is connected to. Raises OSError."""
        ip = ipaddress.ip_address(address)
        ip = (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip
        if ip.is_global:
            self._was_outside = True
        elif self.follows_redirect and self._was_outside:
            self.has_refused = True
            raise PermissionError(errno.EACCES, "an address inside this network")


async def _download(job: SyncJob, copy: Path, known: Version) -> Fetched:
    guard = AddressGuard()
    async with Transport(1, check_address=guard.check) as transport:
        return await download(transport, job, copy, known, guard)


async def download(
    sender: HttpSender, job: SyncJob, copy: Path, known: Version, guard: AddressGuard | None = None
) -> Fetched:
    """Update `copy`, a private file with the `known` version. Raises the same as `fetch`."""
    name = f"the download from {host_of(job.source)}"
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            answer = await _get(sender, job, name, _conditions(known), guard or AddressGuard())
    except TimeoutError:
        minutes = DEADLINE_SECONDS // 60
        raise UnreachableError(f"{name} is not complete after {minutes} minutes. Sync again later.") from None
    if answer.status == 304 and known.digest:
        return Fetched(copy, name, known)
    if answer.status != 200:
        raise UnreadableFileError(
            name,
            f"its server answers {answer.status}",
            remedy="Open the address in a browser, and correct the source of the job.",
        )
    write_privately(copy, answer.body)
    digest = hashlib.sha256(answer.body).hexdigest()
    return Fetched(copy, name, Version(digest, _header(answer, "ETag"), _read_last_modified(answer)))


async def _get(
    sender: HttpSender, job: SyncJob, name: str, headers: Mapping[str, str], guard: AddressGuard
) -> Response:
    """Get the source, through redirects. Returns the last answer."""
    address = job.source
    client = Client.for_questions(sender)
    for _ in range(MOST_REDIRECTS + 1):
        request = Request(
            "GET",
            address,
            "GET source",
            headers={"Accept": "*/*", **headers},
            answer_limit=limits.DOWNLOAD,
        )
        answer = await client.request(request, partial(_interpret, name, guard))
        if answer.status not in _REDIRECTS:
            return answer
        address = _follow(job, address, answer, name)
        guard.follows_redirect = True
    raise UnreadableFileError(name, "its server redirects again and again", remedy=_REMEDY)


def _interpret(name: str, guard: AddressGuard, answer: Response | ConnectionLostError) -> Decision[Response]:
    if isinstance(answer, ConnectionLostError):
        if guard.has_refused:
            raise _unsafe(name)
        if answer.loss is Loss.PROXY:
            raise StopRunError(f"{name}: {answer}")
        if LOSSES[answer.loss].policy is None:
            raise UnreadableFileError(name, str(answer), remedy=_REMEDY)
        return _ask_again(name, str(answer), _CONNECTION if answer.loss is Loss.REFUSED else _DOWNLOAD)
    if answer.status == 429 or answer.status >= 500:
        return _ask_again(name, f"HTTP {answer.status}", _DOWNLOAD, read_retry_after(answer.headers))
    return Done(answer)


def _ask_again(name: str, reason: str, policy: RetryPolicy, asked_seconds: float | None = None) -> Retry:
    told = f"{name}: its server gives no proper answer ({reason})"
    return ask_again(told, policy, asked_seconds, Effect.NONE)


def _follow(job: SyncJob, address: str, answer: Response, name: str) -> str:
    """Return the address of a redirect. Raises UnreadableFileError if it is less safe than the one before."""
    in_clear = "" if job.insecure_http else "your ratings"
    try:
        target = urlsplit(urljoin(address, answer.headers.get("Location", "")))._replace(fragment="")
        problems = list(url_problems(target._replace(query="").geturl(), in_clear=in_clear, section="jobs"))
    except ValueError as error:
        problems = [str(error)]
    # insecure_http accepts a plain http address, but no redirect from https to http.
    if problems or (urlsplit(address).scheme == "https" and target.scheme != "https"):
        raise _unsafe(name)
    return target.geturl()


def _unsafe(name: str) -> UnreadableFileError:
    # Never with the address: it is the server's text, and may contain a key.
    return UnreadableFileError(name, "its server redirects to an address that is not safe", remedy=_REMEDY)


def _conditions(known: Version) -> dict[str, str]:
    as_stored = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {header: value for header, value in as_stored.items() if value}


def _header(answer: Response, name: str) -> str:
    value = answer.headers.get(name, "")
    return value if value.isprintable() and len(value) <= 300 else ""


def _read_last_modified(answer: Response) -> str:
    """Return the date only if it identifies the version: not within its second (RFC 9110, 8.8.2.2)."""
    changed_at = _header(answer, "Last-Modified")
    try:
        age = parsedate_to_datetime(answer.headers.get("Date", "")) - parsedate_to_datetime(changed_at)
    except (TypeError, ValueError):
        return ""
    return changed_at if age.total_seconds() >= 1 else ""


def hash_file(path: Path) -> str:
    """Hash a file's content. Raises UnreadableFileError."""
    try:
        return fingerprint_file(path)
    except OSError as error:
        problem = error.strerror or str(error)
        raise UnreadableFileError(str(path), problem, remedy=_REMEDY) from error
