"""The work of `importer resolve`: reads a file, has its titles looked up, and writes the resolve file."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from importer.cli.progress_bar import show_progress
from importer.client.transport import Transport
from importer.config.folders import state_dir
from importer.destinations.trakt.search import TraktSearch
from importer.destinations.trakt.settings import load_trakt
from importer.errors import StopRunError, UsageError
from importer.files import check_place, is_same_file
from importer.interrupts import listening_to_signals
from importer.matching.cache import LookupCache
from importer.matching.lookups import LookupOptions, Lookups
from importer.matching.match_file import (
    Occurrence,
    collect_subjects,
    find_choices,
    key_of,
    read_match_file,
    write_match_file,
)
from importer.matching.model import MatchConfidence, MatchLine, TitleQuery
from importer.matching.scoring import MatchResult, build_lines, keep_choices
from importer.monitoring.log import open_log
from importer.progress import Phase, Progress
from importer.runs.local_sandbox import embedded_sandbox
from importer.runs.sources import FileInput, open_file


class At(StrEnum):
    """Where titles can be looked up: the `--to` of this command."""

    TRAKT = "trakt"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What came of it. `chosen` titles are those that a person decided, whatever the look-up said."""

    name: str
    rows: int
    certain: int
    chosen: int
    ambiguous: int
    not_found: int
    asked: int
    out: Path

    @property
    def titles(self) -> int:
        """All titles."""
        return self.certain + self.chosen + self.open_titles

    @property
    def open_titles(self) -> int:
        """Titles of which nothing is chosen."""
        return self.ambiguous + self.not_found

    def as_json(self) -> dict[str, Any]:
        """Give it as values for JSON."""
        return {
            "source": self.name,
            "rows": self.rows,
            "titles": self.titles,
            "certain": self.certain,
            "chosen": self.chosen,
            "ambiguous": self.ambiguous,
            "not_found": self.not_found,
            "questions_asked": self.asked,
            "resolve_file": str(self.out),
        }


@contextmanager
def open_search(to: At, flags: Mapping[str, object], account: str) -> Iterator[TraktSearch]:
    """Find out where to ask; start a sandbox where that is called for. Raises SettingsError."""
    if to is At.TRAKT:
        settings = load_trakt(flags, needs=("client_id",), account=account)
        log = open_log(as_json=False)
        for warning in settings.warnings:
            log.warn_once(warning)
        yield TraktSearch(settings.base_url, settings.client_id, settings.base_url)
        return
    with embedded_sandbox(state_dir() / "sandbox.sqlite3") as url:
        # Its port is another one each time, its titles are the same.
        yield TraktSearch(url, "sandbox-client", "sandbox")


def resolve_file(
    given: FileInput,
    searching: AbstractContextManager[TraktSearch],
    out: Path,
    pace: LookupOptions,
    *,
    quiet: bool,
) -> Resolution:
    """Look up what the rows of a file lack, and write the resolve file. Raises ImporterError."""
    try:
        with listening_to_signals(signal.default_int_handler):
            with given.open() as path:
                _check_out(out, path)
                earlier = _read_earlier(out)
                progress = Progress()
                with show_progress(progress, quiet=quiet):
                    mentions = _read(given, path, progress)
                    judgements, asked = _look_up(mentions, searching, pace, progress)
            groups = _merge(mentions, judgements, earlier)
            write_match_file(out, [line for group in groups.values() for line in group])
    except KeyboardInterrupt:
        raise StopRunError(
            "interrupted; what was found out is kept, and the same command goes on from there"
        ) from None
    return _count(given.name, mentions, groups, asked, out)


def _check_out(out: Path, path: Path) -> None:
    if str(out) == "-":
        raise UsageError("--out -: name a file, for you are to choose in it")
    check_place(out, "--out")
    if is_same_file(out, path):
        raise UsageError(f"--out {out} is the input file itself; name another")


def _read_earlier(out: Path) -> dict[TitleQuery, list[MatchLine]]:
    """Read what was chosen before, by subject. Raises UnreadableFileError where that cannot be understood."""
    lines = read_match_file(out, str(out)) if out.exists() else []
    find_choices(lines, str(out))  # before anything is asked, let alone written
    earlier: dict[TitleQuery, list[MatchLine]] = {}
    for line in lines:
        earlier.setdefault(key_of(line.subject), []).append(line)
    return earlier


def _read(given: FileInput, path: Path, progress: Progress) -> dict[TitleQuery, Occurrence]:
    reader, _ = open_file(path, given.name, replace(given.reading, leaves_types_open=True))

    def note_rows(rows: int) -> None:
        progress.rows_read += rows

    return collect_subjects(reader, note_rows)


def _look_up(
    mentions: Mapping[TitleQuery, Occurrence],
    searching: AbstractContextManager[TraktSearch],
    pace: LookupOptions,
    progress: Progress,
) -> tuple[dict[TitleQuery, MatchResult], int]:
    if not mentions:
        return {}, 0
    progress.to_send = len(mentions)
    progress.phase = Phase.RESOLVING
    with searching as search, LookupCache(state_dir() / "lookups.sqlite3") as cache:
        lookups = Lookups(search, cache, pace, progress)

        async def look_up() -> dict[TitleQuery, MatchResult]:
            async with Transport(pace.workers) as transport:
                return await lookups.look_up_all(mentions, transport)

        return asyncio.run(look_up()), lookups.asked


def _merge(
    mentions: Mapping[TitleQuery, Occurrence],
    judgements: Mapping[TitleQuery, MatchResult],
    earlier: Mapping[TitleQuery, Sequence[MatchLine]],
) -> dict[TitleQuery, list[MatchLine]]:
    """Put the lines together in the order of the file; choices about other files' titles stay at the end."""
    groups: dict[TitleQuery, list[MatchLine]] = {}
    for subject, mention in mentions.items():
        lines = build_lines(subject, mention.rows, mention.first_line, judgements[subject])
        old = earlier.get(key_of(subject), ())
        groups[key_of(subject)] = keep_choices(lines, old) if old else lines
    others = {
        key: [line for line in lines if line.is_chosen] for key, lines in earlier.items() if key not in groups
    }
    return groups | others


def _count(
    name: str,
    mentions: Mapping[TitleQuery, Occurrence],
    groups: Mapping[TitleQuery, Sequence[MatchLine]],
    asked: int,
    out: Path,
) -> Resolution:
    states = Counter(_state(groups[key_of(subject)]) for subject in mentions)
    return Resolution(
        name,
        sum(mention.rows for mention in mentions.values()),
        states[MatchConfidence.CERTAIN],
        states[None],
        states[MatchConfidence.AMBIGUOUS],
        states[MatchConfidence.NOT_FOUND],
        asked,
        out,
    )


def _state(lines: Sequence[MatchLine]) -> MatchConfidence | None:
    """What a title is now; None where a person has decided."""
    chosen = next((line for line in lines if line.is_chosen), None)
    if chosen is None:
        # Certain as it may be, somebody took that back.
        found = lines[0].certainty
        return MatchConfidence.AMBIGUOUS if found is MatchConfidence.CERTAIN else found
    return MatchConfidence.CERTAIN if chosen.certainty is MatchConfidence.CERTAIN else None
