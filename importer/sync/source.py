"""The source of a sync job: a file, the newest of several, or a download, asked for only if it changed.

An address may hold a key, so messages name its host and nothing more.
"""

import asyncio
import glob
import hashlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from importer.client.client import Client
from importer.client.transport import HttpSender, Transport
from importer.destinations.decisions import LOSSES, Decision, Done, Retry, RetryPolicy
from importer.errors import ConnectionLostError, UnreadableFileError
from importer.files import write_privately
from importer.http import Request, Response, host_of, read_retry_after, url_problems
from importer.sync.config import SyncJob

DOWNLOAD_LIMIT_BYTES = 64 * 1024 * 1024
"""No export of ratings is larger; a server that sends more is refused."""

MOST_REDIRECTS = 5

_REDIRECTS = {301, 302, 303, 307, 308}
_DOWNLOAD = RetryPolicy(
    attempts=4, first_wait_seconds=2, exponential=True, stop_message="{reason}. Sync again later."
)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a source: the hash of its content, and its server's names for it (RFC 9110, 8.8)."""

    digest: str = ""
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A source that can be read. `name` is for messages: it has no key in it."""

    path: Path
    name: str
    version: Version


def fetch(job: SyncJob, copy: Path, known: Version) -> Fetched:
    """Find the job's file, or download it to `copy` unless the `known` version there is the newest.

    Raises UnreadableFileError, StopRunError when the server cannot be reached now.
    """
    if job.is_download:
        has_copy = bool(known.digest) and copy.is_file() and hash_file(copy) == known.digest
        return asyncio.run(_download(job, copy, known if has_copy else Version()))
    path = find_newest(job.source)
    return Fetched(path, str(path), Version(hash_file(path)))


def find_newest(pattern: str) -> Path:
    """Find a file by its name or pattern; of several the one changed last. Raises UnreadableFileError."""
    path = Path(pattern)
    if path.is_file():
        return path
    # Path.glob takes no pattern that begins at the root.
    names = glob.glob(pattern, recursive=True)  # noqa: PTH207
    found = [each for name in names if (each := Path(name)).is_file()]
    if not found:
        raise UnreadableFileError(
            pattern, "there is no such file", remedy="Correct the source of the job, or put the file there."
        )
    return max(found, key=lambda each: (each.stat().st_mtime_ns, each.name))


async def _download(job: SyncJob, copy: Path, known: Version) -> Fetched:
    async with Transport(1, answer_limit=DOWNLOAD_LIMIT_BYTES) as transport:
        return await download(transport, job, copy, known)


async def download(sender: HttpSender, job: SyncJob, copy: Path, known: Version) -> Fetched:
    """Bring `copy`, a private file that holds the `known` version, up to date. Raises as `fetch` does."""
    name = f"the download from {host_of(job.source)}"
    headers = _conditions(known)
    address = job.source
    client = Client.for_questions(sender)
    for _ in range(MOST_REDIRECTS + 1):
        request = Request("GET", address, "GET source", headers={"Accept": "*/*", **headers})
        answer = await client.request(request, partial(_interpret, name))
        if answer.status not in _REDIRECTS:
            break
        address = _follow(job, address, answer, name)
    else:
        raise UnreadableFileError(name, "its server redirects again and again", remedy="Correct the source.")
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


def _interpret(name: str, answer: Response | ConnectionLostError) -> Decision[Response]:
    if isinstance(answer, ConnectionLostError):
        if LOSSES[answer.loss].policy is None:
            raise UnreadableFileError(name, str(answer), remedy="Correct the source of the job.")
        return _ask_again(name, str(answer))
    if answer.status == 429 or answer.status >= 500:
        return _ask_again(name, f"HTTP {answer.status}", read_retry_after(answer.headers))
    return Done(answer)


def _ask_again(name: str, reason: str, asked_seconds: float | None = None) -> Retry:
    seconds = None if asked_seconds is None else max(_DOWNLOAD.first_wait_seconds, asked_seconds)
    return Retry(f"{name}: its server gives no proper answer ({reason})", _DOWNLOAD, wait_seconds=seconds)


def _follow(job: SyncJob, address: str, answer: Response, name: str) -> str:
    """Return the address of a redirect. Raises UnreadableFileError if it is less safe than the one before."""
    in_clear = "" if job.insecure_http else "your ratings"
    try:
        target = urlsplit(urljoin(address, answer.headers.get("Location", "")))._replace(fragment="")
        problems = list(url_problems(target._replace(query="").geturl(), in_clear=in_clear, section="jobs"))
    except ValueError as error:
        problems = [str(error)]
    if problems:
        raise UnreadableFileError(
            name,
            "its server redirects to an address that is not safe",
            remedy="Correct the source of the job.",
        )
    return target.geturl()


def _conditions(known: Version) -> dict[str, str]:
    as_stored = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {header: value for header, value in as_stored.items() if value}


def _header(answer: Response, name: str) -> str:
    value = answer.headers.get(name, "")
    return value if value.isprintable() and len(value) <= 300 else ""


def _read_last_modified(answer: Response) -> str:
    """Take the date only if it tells versions apart: another may follow in its second (RFC 9110, 8.8.2.2)."""
    changed_at = _header(answer, "Last-Modified")
    try:
        age = parsedate_to_datetime(answer.headers.get("Date", "")) - parsedate_to_datetime(changed_at)
    except (TypeError, ValueError):
        return ""
    return changed_at if age.total_seconds() >= 1 else ""


def hash_file(path: Path) -> str:
    """Hash a file's content. Raises UnreadableFileError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        problem = error.strerror or str(error)
        raise UnreadableFileError(str(path), problem, remedy="Correct the source of the job.") from error
