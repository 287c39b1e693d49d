"""The first step: a file comes in; the page says what it holds, what would not go, and what is unclear."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from importer.config.folders import state_dir
from importer.errors import UsageError
from importer.journal.history import list_runs
from importer.option import declarations_of, flag_of
from importer.readers.base import ReadOptions
from importer.readers.registry import FORMATS
from importer.web.drafts import FOLDER, Draft, find_draft, list_drafts
from importer.web.place_pages import list_origins
from importer.web.render import redirect, render
from importer.web.run_pages import note_ends
from importer.web.steps import list_steps
from importer.web.uploads import MOST_BYTES, receive

FIELDS = {
    "rating": "Rating",
    "title": "Title",
    "year": "Year of the title",
    "type": "Movie, show or episode",
    "rated_at": "Day of the rating",
    "season": "Season",
    "episode": "Episode",
    "imdb_id": "IMDb id",
    "tmdb_id": "TMDB id",
    "tvdb_id": "TVDB id",
    "trakt_id": "Trakt id",
}
"""What a column may be, and how people call it."""

_MAP = "map "
"""The beginning of a field's name in the mapping form; the column's name follows."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of reading, as a field of the form."""

    name: str
    label: str
    flag: str
    help: str
    value: str
    is_switch: bool


async def show_home(request: web.Request) -> web.StreamResponse:
    """Show where a file is dropped, and what was done before."""
    problems: list[str] = []
    note_ends(request.app[FOLDER])
    runs = await asyncio.to_thread(list_runs, state_dir() / "journals", problems)
    drafts = [each for each in list_drafts(request.app[FOLDER]) if not each.is_past]
    return render(
        request,
        "home.html",
        drafts=drafts[:8],
        runs=runs[:-6:-1],
        origins=list_origins(),
        problems=problems,
        most_mib=MOST_BYTES >> 20,
        formats=[note.name for note in FORMATS],
    )


async def take_file(request: web.Request) -> web.StreamResponse:
    """Take a file, and begin to look at it."""
    draft = await receive(request)
    _inspect(draft)
    return redirect(request, f"/imports/{draft.id}")


def _inspect(draft: Draft) -> None:
    draft.command("inspect").start(
        *("inspect", draft.file, "--json", *draft.words),
        *(("--to", draft.to) if draft.to else ()),
    )


async def show_file(request: web.Request) -> web.StreamResponse:
    """Show what the file holds."""
    draft = find_draft(request)
    if draft.source:
        return redirect(request, f"/imports/{draft.id}/source")
    command = draft.command("inspect")
    if not command.was_started and draft.has_file:
        _inspect(draft)
    said = command.read()
    output = said.output or {}
    found = output if "rows" in output else None
    if output.get("columns"):
        draft.columns = [[column["name"], column["cells"]] for column in output["columns"]]
        draft.save()
    return render(
        request,
        "file.html",
        draft=draft,
        steps=list_steps(draft, "file"),
        said=said,
        found=found,
        problem="" if found else output.get("problem") or said.problem,
        columns=[] if found else list(_columns(draft)),
        fields=FIELDS,
        bars=_bars(found.get("ratings", {})) if found else [],
        odd=_by_number(found.get("odd", ())) if found else [],
        choices=_choices(draft),
        scale=_scale_of(draft),
        mapped=list(_mapping_of(draft)),
        years=_bars(found.get("years", {})) if found else [],
    )


def _columns(draft: Draft) -> Iterator[tuple[str, Sequence[str], str]]:
    """Yield the columns of a table that no format knows: name, first cells, and what it is said to be."""
    mapping = dict(_mapping_of(draft))
    guesses = {} if mapping else _guess([(str(name), cells) for name, cells in draft.columns])
    for name, cells in draft.columns:
        yield name, cells, mapping.get(name, guesses.get(name, ""))


_HINTS = {
    "imdb_id": ("imdb", "const"),
    "tmdb_id": ("tmdb",),
    "tvdb_id": ("tvdb",),
    "trakt_id": ("trakt",),
    "rated_at": ("date", "when", "rated at", "rated_at", "watched", "datum", "wann", "fecha", "дата"),
    "rating": (
        "rating",
        "score",
        "stars",
        "vote",
        "grade",
        "stern",
        "note",
        "wertung",
        "nota",
        "оценка",
        "评分",
    ),
    "year": ("year", "jahr", "année", "año", "год"),
    "type": ("type", "kind"),
    "title": ("title", "titel", "titre", "título", "film", "movie", "name", "название", "片名"),
    "season": ("season",),
    "episode": ("episode",),
}


def _guess(columns: Sequence[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """Suggest what columns are, by their names, each field once; the user sees it and decides."""
    found: dict[str, str] = {}
    for field, hints in _HINTS.items():
        names = (name for name, _ in columns if name not in found)
        if name := next((name for name in names if any(hint in name.casefold() for hint in hints)), None):
            found[name] = field
    return found


def _bars(ratings: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Give rating, number and share of the most frequent one in percent."""
    most = max(ratings.values(), default=0)
    return [(rating, number, round(100 * number / most)) for rating, number in ratings.items()]


def _by_number(odd: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(odd, key=lambda group: -group["count"])


# How the file is read


async def change_reading(request: web.Request) -> web.StreamResponse:
    """Take what the user says about the file, and look at it again."""
    draft = find_draft(request)
    if not draft.has_file or draft.source:
        raise web.HTTPGone(text="The file was removed after its run. Drop it again to read it another way.")
    form = await request.post()
    await draft.hold("run", "match", ends=("inspect", "plan"))
    words: list[str] = []
    for field, value in form.items():
        if field.startswith(_MAP) and value in FIELDS:
            words.append(f"--map={field.removeprefix(_MAP)}={value}")
    for choice in _choices(draft):
        value = str(form.get(choice.name, "")).strip()
        if value and choice.is_switch:
            words.append(choice.flag)
        elif value:
            words.append(f"{choice.flag}={value}")
    is_mapped = any(field.startswith(_MAP) for field in form)
    if is_mapped and not any(word.endswith("=rating") for word in words):
        raise UsageError("Say which column is your rating; without one there is nothing to import.")
    draft.words = words
    draft.forget("inspect", "match", "plan")
    draft.save()
    _inspect(draft)
    return redirect(request, f"/imports/{draft.id}")


async def remove_draft(request: web.Request) -> web.StreamResponse:
    """Remove an import from this machine; what was sent stays in the journal."""
    draft = find_draft(request)
    if draft.is_busy:
        raise web.HTTPConflict(text="A command of this import still runs. Stop it first.")
    draft.remove()
    return redirect(request, "/")


def _choices(draft: Draft) -> list[Choice]:
    """List the options of reading, as they are declared for all commands."""
    found = []
    for name, default, declaration in declarations_of(ReadOptions):
        flag = flag_of(name, declaration)
        if flag == "--map":
            continue
        is_switch = isinstance(default, bool)
        given = next((word for word in draft.words if word.partition("=")[0] == flag), "")
        value = given.partition("=")[2] or given if is_switch else given.partition("=")[2]
        label = name.removesuffix("_name").replace("_", " ").capitalize()
        found.append(Choice(name, label, flag, declaration.help, value, is_switch))
    return found


def _scale_of(draft: Draft) -> str:
    return next((each.value for each in _choices(draft) if each.flag == "--scale"), "")


def _mapping_of(draft: Draft) -> Iterator[tuple[str, str]]:
    for word in draft.words:
        if word.startswith("--map="):
            column, _, field = word.removeprefix("--map=").rpartition("=")
            yield column, field
