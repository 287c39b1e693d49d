"""Tells the rows of a results file that the user has corrected: their cells are not those that its run wrote.

```text
as the run wrote it                          as it stands now                      corrected
unsupported, needs_id, imdb_id               imdb_id tt0137523                     yes
skipped, no rating                           rating 8                              yes
rated, rating 8                              rating 9                              yes
rated, rating 8, tmdb_id                     rating 8, tmdb_id 550                 no: sent already
any row                                      rating 8.0, another date or message   no
```
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from importer.journal import RESULT_CELLS, JournalRun
from importer.model import LACKS_ID, Status

_IDS = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id")
_NAMES_TITLE = ("kind", "season", "episode", *_IDS)
_SETTLED = frozenset({Status.RATED, Status.UNRATED, Status.UNCHANGED, Status.KEPT, Status.DUPLICATE})
"""Rows whose title has the rating that it should have. Another title or another rating is a correction."""

Cells = Mapping[str, str | None]


def read_before(run: JournalRun | None, rows: Sequence[str]) -> Mapping[str, Cells]:
    """Return the cells of these rows, by their numbers, as the run wrote them; without a run, of none."""
    numbers = [int(row) for row in rows if row.isdecimal() and len(row) < 10]
    lines = run.results_at(numbers) if run is not None and numbers else ()
    return {str(cells[0]): dict(zip(RESULT_CELLS, map(_show, cells), strict=True)) for cells in lines}


def find_line(now: Cells, before: Mapping[str, Cells]) -> Cells | None:
    """Return the line as the run wrote it; None if the line is of another run."""
    found = before.get(now["row"] or "")
    return (
        found if found and all(now[name] == found[name] for name in ("line", "status", "sent_at")) else None
    )


def was_edited(now: Cells, before: Cells) -> bool:
    """Whether somebody has changed what is sent of a row that its run closed."""
    described = ("title", "year") if now["status"] == Status.UNSUPPORTED else ()
    sent = (*_NAMES_TITLE, "rating", *described)
    changed = [name for name in sent if now[name] != before[name] and not _are_alike(now[name], before[name])]
    if now["status"] in _SETTLED:
        return any(name == "rating" or (now[name] and before[name]) for name in changed)
    return bool(changed)


def may_have_its_id(now: Cells) -> bool:
    """Whether a row that lacked an id may have it now. If not, the destination says so once more."""
    lacked_id = now["status"] == Status.UNSUPPORTED and now["reason"] in LACKS_ID
    return lacked_id and any(now[name] for name in _IDS)


def _are_alike(one: str | None, other: str | None) -> bool:
    if (one or "").strip().casefold() == (other or "").strip().casefold():
        return True
    with suppress(ValueError):  # a spreadsheet writes 8 as 8.0, and S01 is another text than S1
        return float(one or "") == float(other or "")
    return False


def _show(cell: object) -> str | None:
    return None if cell is None or cell == "" else str(cell)
