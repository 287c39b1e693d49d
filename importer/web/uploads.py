"""How a file comes in: an upload, a path on this machine, an address, or lines that were pasted.

An upload is streamed to a private file, never held in memory. Of its name only the last part counts, and of
that only what is safe: `../../etc/x.csv` is kept as `x.csv`.
"""

import asyncio
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import BodyPartReader, MultipartReader, web

from importer.config.folders import expand_user
from importer.errors import UsageError
from importer.files import is_device_name
from importer.http import host_of, url_problems
from importer.sync.config import SyncJob
from importer.sync.source import Version, fetch
from importer.web.access import ACCESS
from importer.web.drafts import FOLDER, Draft, new_draft, remove_old, used_bytes
from importer.web.forms import next_part, read_parts, read_piece
from importer.web.guard import TOKEN_FIELD, check_token

MOST_BYTES = 64 << 20
"""Of one upload."""

MOST_KEPT_BYTES = 1 << 30
"""Of all imports together."""

_MOST_FIELD_BYTES = 1 << 20
_LONGEST_NAME = 120
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]|^[.\-~ ]+|[. ]+$')
_RESERVED = frozenset({"plan.csv", "results.csv", "titles.match.csv", "draft.json", "said"})


def safe_name(name: str) -> str:
    """Return the last part of a name, without what could lead elsewhere or be taken for an option."""
    last = re.split(r"[/\\]", name)[-1].encode("utf-8", "replace").decode()
    last = "".join(char for char in last if char.isprintable())
    last = _UNSAFE.sub("", last)
    while len(last.encode()) > _LONGEST_NAME:
        stem, dot, ending = last.rpartition(".")
        last = f"{stem[:-1]}{dot}{ending}" if len(stem) > 1 else last[:-1]
    if not last or last in _RESERVED or is_device_name(last):
        return f"file-{last}" if last else "ratings.csv"
    return last


async def receive(request: web.Request) -> Draft:
    """Take what the form brings into a new import. Raises UsageError and HTTPException."""
    folder = request.app[FOLDER]
    await asyncio.to_thread(remove_old, folder)  # a server may run for months
    if await asyncio.to_thread(used_bytes, folder) > MOST_KEPT_BYTES:
        raise web.HTTPInsufficientStorage(
            text="The imports that are kept for this page take more than 1 GiB. Remove one of them first."
        )
    if request.content_type != "multipart/form-data":
        raise web.HTTPUnsupportedMediaType(text="A file comes as multipart/form-data.")
    draft = new_draft(folder)
    try:
        await _read_form(request, await read_parts(request), draft)
        draft.check_file()
        draft.save()
    except BaseException:
        draft.remove()
        raise
    return draft


async def _read_form(request: web.Request, form: MultipartReader, draft: Draft) -> None:
    is_checked = False
    if given := request.headers.get("X-Token"):
        check_token(request, given)
        is_checked = True
    while (part := await next_part(form)) is not None:
        if not isinstance(part, BodyPartReader):
            raise web.HTTPBadRequest(text="This form is not of this page.")
        if part.name == TOKEN_FIELD:
            check_token(request, (await _read_text(part)).strip())
            is_checked = True
        elif not is_checked:  # the token comes first: nothing is kept for another site
            check_token(request, None)
        elif part.name == "file" and part.filename:
            await _keep(part, draft)
        elif part.name == "place" and not draft.file and (place := (await _read_text(part)).strip()):
            await _take_place(request, place, draft)
        else:
            await part.release()


async def _read_text(part: BodyPartReader) -> str:
    read = bytearray()
    while chunk := await read_piece(part, 65_536):
        read += chunk
        if len(read) > _MOST_FIELD_BYTES:
            raise web.HTTPRequestEntityTooLarge(
                _MOST_FIELD_BYTES, len(read), text="This is too long to paste; choose it as a file."
            )
    return read.decode("utf-8", "replace")


async def _keep(part: BodyPartReader, draft: Draft) -> None:
    """Stream the upload to its file."""
    name = safe_name(part.filename or "")
    number = os.open(draft.folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    size = 0
    with os.fdopen(number, "wb") as file:
        while chunk := await read_piece(part, 262_144):
            size += len(chunk)
            if size > MOST_BYTES:
                raise web.HTTPRequestEntityTooLarge(
                    MOST_BYTES,
                    size,
                    text=f"This file has more than {MOST_BYTES >> 20} MiB. Paste its path instead: then "
                    "it is read where it lies.",
                )
            file.write(chunk)
    draft.file = draft.name = name


async def _take_place(request: web.Request, place: str, draft: Draft) -> None:
    """Take a path, an address, or lines of a table."""
    if "\n" in place:
        _write(draft, "pasted.csv", place.replace("\r\n", "\n"))
    elif place.lower().startswith(("http://", "https://")):
        await asyncio.to_thread(_download, place, draft)
    elif request.app[ACCESS].password is not None:
        raise UsageError("A path can only be named on the machine itself. Choose the file instead.")
    else:
        path = _find_file(place.strip("\"'"))
        draft.file, draft.name, draft.is_upload = str(path), path.name, False


def _find_file(place: str) -> Path:
    """Find a file of the user's; pipes and devices are none. Raises UsageError."""
    try:
        path = Path.home() / expand_user(place)
        if path.is_file():
            return path
    except (OSError, ValueError, RuntimeError) as error:  # too long, not readable, no such home
        reason = error.strerror if isinstance(error, OSError) else "this is no path"
        raise UsageError(
            f"This file cannot be opened: {reason}. Paste its whole path, or choose it."
        ) from error
    raise UsageError("There is no such file on this machine. Paste its whole path, or choose it.")


def _write(draft: Draft, name: str, text: str) -> None:
    number = os.open(draft.folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(number, "wb") as file:
        file.write(text.encode())
    draft.file = draft.name = name


def _download(address: str, draft: Draft) -> None:
    """Fetch an address as sync jobs do. Raises ImporterError."""
    try:
        bare = urlsplit(address)._replace(query="", fragment="").geturl()
    except ValueError as error:
        raise UsageError("This is no address.") from error
    if problems := list(url_problems(bare, in_clear="your ratings", section="jobs.NAME")):
        raise UsageError(problems[0].format(place="This address"))
    name = safe_name(urlsplit(address).path)
    copy = draft.folder / (name if "." in name else "download")
    fetch(SyncJob(source=address), copy, Version())
    draft.file, draft.name = copy.name, f"{copy.name} from {host_of(address)}"
