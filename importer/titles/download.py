"""Downloads IMDb's data files, only when somebody asks for it, and only if they have changed.

    GET title.basics.tsv.gz, If-None-Match: "v1"    304: as in the index
    GET title.akas.tsv.gz, If-None-Match: "v1"      200: saved, and so are all the others then

The files are not kept: an index is made of all of them at once.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from importer.client.transport import Transport
from importer.destinations.decisions import LOSSES
from importer.errors import ConnectionLostError, UnreachableError
from importer.http import Request, host_of
from importer.progress import Phase, Progress
from importer.state_files import translate_trouble
from importer.titles.imdb_files import DataFile, Files

LARGEST_FILE_BYTES = 8_000_000_000
"""Ten times the largest of the files: no host can fill the disk."""

_ATTEMPTS = 3


async def _save(transport: Transport, url: str, path: Path, etag: str, progress: Progress) -> str | None:
    """Save a file and return its ETag; None if it is still the one of `etag`. Raises UnreachableError."""
    request = Request("GET", url, "GET data", headers={"If-None-Match": etag} if etag else {})
    for attempt in range(1, _ATTEMPTS + 1):
        before = progress.done
        received = 0
        with path.open("wb") as stream:

            def write(piece: bytes) -> None:
                nonlocal received
                if received > LARGEST_FILE_BYTES:
                    raise UnreachableError(f"{host_of(url)}: {path.name} is far too large")
                with translate_trouble(path, "save this download"):
                    stream.write(piece)
                received += len(piece)
                progress.done = before + received // 1_000_000  # noqa: B023

            try:
                answer = await transport.save(request, write)
            except ConnectionLostError as error:
                if attempt < _ATTEMPTS and LOSSES[error.loss].policy is not None:
                    continue
                raise UnreachableError(f"{host_of(url)}: {path.name} was not downloaded ({error})") from None
        if answer.status == 304 and etag:
            return None
        if answer.status == 200:
            found = answer.headers.get("ETag", "")
            return found if found.isprintable() and len(found) <= 300 else ""
        raise UnreachableError(f"{host_of(url)} answers {answer.status} for {path.name}")
    raise AssertionError("the last attempt returns or raises")


async def _save_all(
    address: str, folder: Path, known: Mapping[str, str], progress: Progress
) -> tuple[Files, dict[str, str]]:
    files: Files = {}
    etags: dict[str, str] = {}
    async with Transport(1) as transport:
        # The second time only those that had not changed, for the others to be of the same day.
        for conditions in (known, {}):
            for kind in DataFile:
                if kind in files:
                    continue
                path = folder / kind
                etag = await _save(transport, f"{address}/{kind}", path, conditions.get(kind, ""), progress)
                if etag is not None:
                    files[kind], etags[kind] = path, etag
            if not files:
                break
    return files, etags


def download_files(
    address: str, folder: Path, known: Mapping[str, str], progress: Progress
) -> tuple[Files, dict[str, str]]:
    """Save the files in `folder` and return them with their ETags; none if all have those of `known`.

    Raises UnreachableError.
    """
    progress.phase = Phase.DOWNLOADING
    return asyncio.run(_save_all(address, folder, known, progress))
