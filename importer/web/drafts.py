"""An import on the page: a private folder with the file, what was said about it, and what each command found.

```text
web/3f9a.../draft.json     {"file": "ratings.csv", "is_upload": true, "to": "sandbox", "words": ["--scale=5"]}
web/3f9a.../ratings.csv    the upload; removed once its ratings were sent
web/3f9a.../said/          what a command said: see commands.py
web/3f9a.../plan.csv       as `importer plan` wrote it
web/3f9a.../results.csv    as the run wrote it
```
"""

import asyncio
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from importer.destinations.registry import choose, find_source
from importer.destinations.spec import DestinationSpec
from importer.errors import UsageError
from importer.files import make_private_folder, write_privately
from importer.web.commands import Command

FOLDER = web.AppKey("folder", Path)
"""Where the imports of this page are kept."""

_ID = re.compile(r"[0-9a-f]{16}|run-[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
_KEPT_SECONDS = 7 * 86_400
STEPS = ("inspect", "match", "titles", "source-login", "login", "plan", "run", "preview")


@dataclass(slots=True)
class Draft:
    """One import. `save` writes it down after a change."""

    folder: Path
    file: str = ""
    """The name of the upload in the folder, or the path of a file of the user's; empty if it was removed."""
    name: str = ""
    """What people call the file."""
    is_upload: bool = True
    source: str = ""
    """The destination whose ratings take the place of a file."""
    source_account: str = ""
    made_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    words: list[str] = field(default_factory=list)
    """How the file is read, as words of a command."""
    columns: list[list[Any]] = field(default_factory=list)
    """Names and first cells of the columns of a table that no format knows."""
    to: str = ""
    account: str = ""
    group: str = ""
    """What the imports of one file to several destinations share: see group.py."""
    on_conflict: str = ""
    left_out: list[int] = field(default_factory=list)
    """The rows of the plan that the user has taken out."""
    skipped: list[int] = field(default_factory=list)
    """The titles, by their number in the match file, for which nothing is to be chosen."""
    choices: list[list[int]] = field(default_factory=list)
    """The newest choices of titles, to take them back: the title, and the place that was chosen before."""
    run_id: str = ""

    @property
    def id(self) -> str:
        """Its part of the address."""
        return self.folder.name

    @property
    def is_past(self) -> bool:
        """Whether it holds the corrections of a past run."""
        return self.id.startswith("run-")

    def save(self) -> None:
        """Write it down. Raises StateFileError."""
        known = {name: value for name, value in asdict(self).items() if name != "folder"}
        write_privately(self.folder / "draft.json", json.dumps(known).encode())

    def check_file(self) -> None:
        """Raise UsageError if nothing came in."""
        if not self.file:
            raise UsageError("Choose a file, or paste its path, its address or its lines.")

    def command(self, name: str) -> Command:
        """Return one of its commands."""
        return Command(self.folder, name)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.folder / self.file

    @property
    def has_file(self) -> bool:
        """Whether the file can still be read, or there is an account in its place."""
        return bool(self.source) or (bool(self.file) and self.path.is_file())

    @property
    def plan(self) -> Path:
        """The plan, if one was made."""
        return self.folder / f"{self._stem}.plan.csv"

    @property
    def chosen_plan(self) -> Path:
        """The plan without the rows that the user has taken out."""
        return self.folder / f"{self._stem}.chosen.plan.csv"

    @property
    def _stem(self) -> str:
        return Path(self.name).stem.replace(" ", "-")[:60].strip("-.") or "ratings"

    @property
    def read_words(self) -> Sequence[str]:
        """The file and how it is read, or the account in its place, as words of a command."""
        if self.source:
            account = [f"--from-account={self.source_account}"] if self.source_account else []
            return ["--from", self.source, *account]
        matched = ["--resolved", self.match_file.name] if self.match_file.exists() else []
        return [self.file, *self.words, *matched]

    @property
    def match_file(self) -> Path:
        """The titles to choose from, if they were looked up."""
        return self.folder / "titles.match.csv"

    @property
    def results(self) -> Path:
        """The results of the newest run, if there was one; of a past run, its rows with the corrections."""
        return self.folder / (f"{self._stem}.results.csv" if self.is_past else "results.csv")

    @property
    def spec(self) -> DestinationSpec | None:
        """Where it goes; None if nobody has said."""
        return choose(self.to) if self.to else None

    @property
    def source_spec(self) -> DestinationSpec | None:
        """Whose ratings they are; None if they come from a file."""
        return find_source(self.source) if self.source else None

    @property
    def copies_account(self) -> bool:
        """Whether an account is written into a file: it is read once, and nothing is planned before."""
        return bool(self.source) and self.spec is not None and self.spec.is_file

    @property
    def place_words(self) -> Sequence[str]:
        """Where it goes, as words of a command."""
        return ["--to", self.to, *self.account_words]

    @property
    def account_words(self) -> Sequence[str]:
        """Whose account there, as words of a command."""
        return [f"--account={self.account}"] if self.account else []

    def forget(self, *names: str) -> None:
        """Remove what these steps found, since something before them has changed."""
        outputs = {
            "match": [self.match_file],
            "plan": [self.plan, self.chosen_plan],
            "run": [self.results],
        }
        for name in names:
            self.command(name).forget()
            for path in outputs.get(name, ()):
                path.unlink(missing_ok=True)
        if "match" in names:
            self.skipped, self.choices = [], []
        if "plan" in names:
            self.left_out = []
        if "run" in names:
            self.run_id = ""

    def remove_upload(self) -> None:
        """Remove the file that was uploaded; a file of the user's stays."""
        if self.is_upload and self.file:
            self.path.unlink(missing_ok=True)
            self.file = ""
            self.save()

    def forget_corrections(self) -> None:
        """Remove the corrected rows of a past run: they were sent, and are rows of a later run now."""
        self.results.unlink(missing_ok=True)
        if self.left_out:
            self.left_out = []
            self.save()

    async def hold(self, *kept: str, ends: Sequence[str] = ()) -> None:
        """Make sure that nothing goes on which was begun with what is about to change. Raises HTTPConflict.

        `kept` commands may not run now; those that `ends` names change nothing, and are ended.
        """
        if any(self.command(name).is_running for name in kept):
            raise web.HTTPConflict(
                text="A step of this import still runs, as it was begun. Stop it, or wait for its end; then "
                "change this. Nothing was changed."
            )
        for name in ends:
            if not await asyncio.to_thread(self.command(name).end):
                raise web.HTTPConflict(text="A step of this import does not end yet. Try it once more.")

    @property
    def is_busy(self) -> bool:
        """Whether one of its commands runs."""
        return any(self.command(name).is_running for name in STEPS)

    def remove(self) -> None:
        """Remove all of it from this machine; journals stay."""
        shutil.rmtree(self.folder, ignore_errors=True)


def new_draft(folder: Path) -> Draft:
    """Make the folder of a new import. Raises StateFileError."""
    place = folder / secrets.token_hex(8)
    make_private_folder(place)
    return Draft(place)


def find_draft(request: web.Request) -> Draft:
    """Return the import of an address. Raises HTTPNotFound."""
    return load_draft(request.app[FOLDER], request.match_info["draft"])


def load_draft(folder: Path, name: str) -> Draft:
    """Return an import by its name. Raises HTTPNotFound."""
    if not _ID.fullmatch(name):
        raise web.HTTPNotFound
    try:
        known = json.loads((folder / name / "draft.json").read_bytes())
        known.pop("api", None)  # of imports that named the sandbox's API, which is now the usual one
        return Draft(folder / name, **known)
    except (OSError, ValueError, TypeError, AttributeError):
        raise web.HTTPNotFound(
            text="This import is not kept here any more. Its runs are in the history."
        ) from None


def list_drafts(folder: Path) -> Iterator[Draft]:
    """Yield all imports, the newest first."""
    with suppress(FileNotFoundError):
        for place in sorted(folder.iterdir(), key=lambda each: -each.stat().st_mtime):
            with suppress(web.HTTPNotFound):
                yield load_draft(folder, place.name)


def remove_old(folder: Path, now: float | None = None) -> None:
    """Remove imports that nobody has touched for a week, and what a crash has left of uploads."""
    now = time.time() if now is None else now
    with suppress(FileNotFoundError):
        for place in list(folder.iterdir()):
            if _ID.fullmatch(place.name) and now - place.stat().st_mtime > _KEPT_SECONDS:
                draft = Draft(place)
                if not draft.is_busy:
                    draft.remove()


def used_bytes(folder: Path) -> int:
    """Count what all imports take."""
    return sum(
        entry.stat().st_size
        for root, _, names in os.walk(folder)
        for entry in (Path(root, name) for name in names)
        if entry.is_file()
    )
