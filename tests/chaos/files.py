"""What a user imports, again and again: files that add ratings, change some, remove some, and repeat some.

Keeps an account book of its own: what one clean run of each file leaves behind.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.server import Title

HEADER = "type,imdb_id,rating"
FIRST_NUMBER = 90_000_000
INVALID = ("movie", "tt12x")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file, and what it comes to unless an earlier run of the same file did it."""

    title: Title
    rating: int
    status: str

    @property
    def text(self) -> str:
        return str(self.rating) if self.rating else "unrate"


@dataclass
class Files:
    """Writes one file after the other; `held` is what the account must hold after the last one."""

    draw: random.Random
    held: dict[Title, int] = field(default_factory=dict)
    _given: int = 0

    def write(self, path: Path, rows: int) -> list[Line]:
        known = list(self.held)
        self.draw.shuffle(known)
        lines = [self._draw_line(known) for _ in range(rows)]
        # Of two rows for one title, neither with a date, the last one counts.
        for place in self.draw.sample([at for at, line in enumerate(lines) if line.status == "rated"], 3):
            winner = lines[place]
            lines[place] = Line(winner.title, winner.rating % 10 + 1, "duplicate")
            lines.append(winner)
        lines.insert(self.draw.randrange(rows), Line(INVALID, 5, "invalid"))
        text = [HEADER, *(f"{line.title[0]},{line.title[1]},{line.text}" for line in lines)]
        path.write_text("\n".join(text) + "\n", "utf-8")
        self._enter(lines)
        return lines

    def _draw_line(self, known: list[Title]) -> Line:
        change = self.draw.random()
        if not known or change < 0.7:
            self._given += 1
            kind = "movie" if self._given % 5 else "show"
            return Line((kind, f"tt{FIRST_NUMBER + self._given}"), self.draw.randrange(1, 11), "rated")
        title = known.pop()
        rating = self.held[title]
        if change < 0.85:
            return Line(title, rating % 10 + 1, "rated")
        return Line(title, 0, "unrated") if change < 0.92 else Line(title, rating, "unchanged")

    def _enter(self, lines: list[Line]) -> None:
        for line in lines:
            if line.status == "rated":
                self.held[line.title] = line.rating
            elif line.status == "unrated":
                del self.held[line.title]
