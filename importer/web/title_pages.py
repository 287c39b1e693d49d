"""Titles of rows without ids: the doubtful ones as cards, each with its candidates, to choose from.

A choice goes into the match file at once, as the command line and a spreadsheet would write it:

    chosen decision   title  candidate_title  imdb_id
           ambiguous  Alien  Alien            tt0078748      1  >  yes   u  >  as it was before
           ambiguous  Alien  Alien            tt9999999
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from importer.destinations.titles import Candidate
from importer.destinations.tmdb.search import POSTERS
from importer.errors import UsageError
from importer.matching.match_file import read_match_file, write_match_file
from importer.matching.model import MatchConfidence, MatchLine
from importer.readers.cells.errors import CellError
from importer.readers.cells.ids import parse_imdb_id
from importer.titles.imdb_files import PAGE
from importer.titles.settings import index_file
from importer.web.drafts import Draft, find_draft
from importer.web.group import copy_titles, find_group
from importer.web.pictures import HOST, allow_pictures, keep_choice, shows_pictures
from importer.web.plan_pages import begin_plan
from importer.web.render import redirect, render
from importer.web.steps import list_steps

CARDS_PER_PAGE = 20
SKIP = "skip"
_BEST = 9
"""The candidates that have a key."""


@dataclass(frozen=True, slots=True)
class Card:
    """A title of the file, with what it may mean."""

    number: int
    lines: Sequence[MatchLine]
    places: Sequence[int]
    """The places of its lines in the match file."""
    is_skipped: bool

    @property
    def first(self) -> MatchLine:
        """Its first line, for what all of them share."""
        return self.lines[0]

    @property
    def candidates(self) -> Sequence[tuple[int, Candidate, bool]]:
        """Its candidates: place, title, and whether it is the chosen one."""
        found = zip(self.places, self.lines, strict=True)
        return [
            (place, line.candidate, line.is_chosen) for place, line in found if line.candidate is not None
        ]

    @property
    def is_answered(self) -> bool:
        """Whether one is chosen, or none is wanted."""
        return self.is_skipped or any(line.is_chosen for line in self.lines)

    @property
    def is_doubtful(self) -> bool:
        """Whether a person is to look at it."""
        return self.first.confidence is not MatchConfidence.CERTAIN


def _list_cards(lines: Sequence[MatchLine], skipped: Sequence[int]) -> Iterator[Card]:
    """Put the lines of each title together, in the order of the file."""
    groups: dict[object, list[int]] = {}
    for place, line in enumerate(lines):
        groups.setdefault(line.query, []).append(place)
    for number, places in enumerate(groups.values()):
        yield Card(number, [lines[place] for place in places], places, number in skipped)


def _read(draft: Draft) -> list[MatchLine]:
    return read_match_file(draft.match_file, draft.match_file.name)


async def show_titles(request: web.Request) -> web.StreamResponse:
    """Show the doubtful titles, or offer to look them up."""
    return await _show_titles(request, find_draft(request))


async def _show_titles(request: web.Request, draft: Draft, refused: str = "") -> web.StreamResponse:
    if draft.spec is None or draft.source:  # ratings of an account have ids
        return redirect(request, f"/imports/{draft.id}/where")
    said, index = draft.command("match").read(), draft.command("titles").read()
    values: dict[str, Any] = {
        "draft": draft,
        "steps": list_steps(draft, "titles"),
        "said": said,
        "index": index,
        "progress": said.last("progress"),
        "problem": said.problem,
        "has_index": index_file().exists(),
        "terms": PAGE,
        "has_cards": False,
        "refused": refused,
    }
    if not said.is_running and draft.match_file.exists():
        values |= await _describe_cards(request, draft)
    answer = render(request, "titles.html", 400 if refused else 200, **values)
    if shows_pictures(request):
        allow_pictures(answer)
    return answer


async def switch_pictures(request: web.Request) -> web.StreamResponse:
    """Show posters from now on in this browser, or no longer."""
    form = await request.post()
    answer = redirect(request, _back_to(request, find_draft(request)))
    keep_choice(answer, on=form.get("to") == "on")
    return answer


async def _describe_cards(request: web.Request, draft: Draft) -> Mapping[str, Any]:
    cards = list(_list_cards(await asyncio.to_thread(_read, draft), draft.skipped))
    doubtful = [card for card in cards if card.is_doubtful]
    page = request.query.get("page", "1")
    pages = max(1, -(-len(doubtful) // CARDS_PER_PAGE))
    at = min(max(1, int(page) if page.isdecimal() and len(page) < 9 else 1), pages)
    return {
        "has_cards": True,
        "cards": doubtful[(at - 1) * CARDS_PER_PAGE : at * CARDS_PER_PAGE],
        "page": at,
        "pages": pages,
        "certain": len(cards) - len(doubtful),
        "doubtful": len(doubtful),
        "open": sum(not card.is_answered for card in doubtful),
        "may_undo": bool(draft.choices),
        "best": _BEST,
        "has_posters": any(found.poster for card in doubtful for _, found, _ in card.candidates),
        "shows_posters": shows_pictures(request),
        "posters": POSTERS,
        "posters_host": HOST,
    }


async def look_up(request: web.Request) -> web.StreamResponse:
    """Begin to look the titles up; earlier choices stay in the match file."""
    draft = find_draft(request)
    if draft.spec is None or draft.source or not draft.has_file:
        raise web.HTTPConflict(
            text="Titles are looked up for a file that is still here, once it is known where it goes."
        )
    out = ("--out", draft.match_file.name, "--log-format", "json", "--json")
    command = draft.command("match")
    if not command.is_running:
        command.start("match", draft.file, *draft.words, *draft.place_words, *out)
    return redirect(request, f"/imports/{draft.id}/titles")


async def get_index(request: web.Request) -> web.StreamResponse:
    """Begin to fetch IMDb's lists, and to make the index of them."""
    draft = find_draft(request)
    command = draft.command("titles")
    if not command.is_running:
        command.start("titles", "update", "--download", "--log-format", "json")
    return redirect(request, f"/imports/{draft.id}/titles")


async def choose_title(request: web.Request) -> web.StreamResponse:
    """Write a choice into the match file: a candidate, an id, or none. Raises UsageError."""
    draft = find_draft(request)
    form = await request.post()
    await draft.hold("run", "match", ends=("plan",))
    lines = await asyncio.to_thread(_read, draft)
    number = str(form.get("card", ""))
    card = next((each for each in _list_cards(lines, draft.skipped) if str(each.number) == number), None)
    if card is None:
        raise UsageError("This title is not in the match file any more. Load the page again.")
    before = next((place for place, _, is_chosen in card.candidates if is_chosen), -1)
    given = str(form.get("choice", ""))
    if imdb_id := str(form.get("imdb_id", "")).strip():
        try:
            lines = _with_id(lines, card, imdb_id)
        except UsageError as error:
            if "HX-Request" in request.headers:
                raise  # it is told above the cards, which stay
            return await _show_titles(request, draft, refused=str(error))
    else:
        lines = _with_choice(lines, card, int(given) if given.isdecimal() and len(given) < 9 else -1)
    skipped = set(draft.skipped) - {card.number}
    draft.skipped = sorted(skipped | ({card.number} if given == SKIP else set()))
    draft.choices = [*draft.choices[-199:], [card.number, before]]
    await _keep(draft, lines)
    return await _answer(request, draft)


async def undo_choice(request: web.Request) -> web.StreamResponse:
    """Take the newest choice back."""
    draft = find_draft(request)
    await draft.hold("run", "match", ends=("plan",))
    if draft.choices:
        number, before = draft.choices.pop()
        lines = await asyncio.to_thread(_read, draft)
        card = next((each for each in _list_cards(lines, draft.skipped) if each.number == number), None)
        if card is not None:
            draft.skipped = [each for each in draft.skipped if each != number]
            await _keep(draft, _with_choice(lines, card, before))
    return await _answer(request, draft)


async def _keep(draft: Draft, lines: Sequence[MatchLine]) -> None:
    await asyncio.to_thread(partial(write_match_file, draft.match_file, lines))
    draft.forget("plan")  # it was made with other titles
    draft.save()


async def _answer(request: web.Request, draft: Draft) -> web.StreamResponse:
    if "HX-Request" in request.headers:
        return render(request, "title_cards.html", draft=draft, **await _describe_cards(request, draft))
    return redirect(request, _back_to(request, draft))


def _back_to(request: web.Request, draft: Draft) -> str:
    query = request.query_string
    return f"/imports/{draft.id}/titles{'?' if query else ''}{query}"


def _with_choice(lines: Sequence[MatchLine], card: Card, chosen: int) -> list[MatchLine]:
    """Choose the line at this place, and no other of its title."""
    changed = list(lines)
    for place in card.places:
        line = lines[place]._replace(is_chosen=place == chosen and lines[place].candidate is not None)
        # An id in a line that was not found is a choice by itself, so it is taken out with it.
        is_typed = line.confidence is MatchConfidence.NOT_FOUND and not line.is_chosen
        changed[place] = line._replace(candidate=None) if is_typed else line
    return changed


def _with_id(lines: Sequence[MatchLine], card: Card, imdb_id: str) -> list[MatchLine]:
    """Choose a title by an id that was typed, as people write it into the file. Raises UsageError."""
    try:
        found = Candidate(None, "", None, parse_imdb_id(imdb_id))
    except CellError as error:
        raise UsageError(f'"{imdb_id}" {error.problem}. {error.remedy}') from error
    changed = _with_choice(lines, card, -1)
    empty = next((place for place in card.places if lines[place].candidate is None), None)
    line = card.first._replace(is_chosen=True, candidate=found, score=None)
    if empty is not None:
        changed[empty] = line
    else:
        changed.insert(card.places[-1] + 1, line)
    return changed


async def go_on(request: web.Request) -> web.StreamResponse:
    """Plan with the titles as they are chosen."""
    draft = find_draft(request)
    for other in find_group(draft):
        if not (other.match_file.exists() or other.is_busy or other.command("run").was_started):
            copy_titles(draft, other)
            other.forget("plan")
            other.save()
            if other.spec is not None and not other.spec.has_login:
                begin_plan(other)
    if not draft.plan.exists():
        begin_plan(draft)
    return redirect(request, f"/imports/{draft.id}/plan")
